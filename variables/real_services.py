"""Real services: PostgreSQL, two backend processes, and one address in front of them.

All of it is started for the run and removed after it; PostgreSQL too, unless ``DATABASE_URL`` names a server.
"""

import os
import runpy
import sys
from pathlib import Path

_embedded = runpy.run_path(str(Path(__file__).with_name("embedded.py")))
"""It is the same backend, so what is not about how it is started stands there."""

URL = os.environ.get("AGENT_CHAT_URL") or None
"""The address in front; None lets the library start everything, once per run."""

BACKENDS = [address for address in os.environ.get("AGENT_CHAT_BACKENDS", "").split(",") if address]
"""The own addresses of the processes behind it, so that a test can choose where to connect."""

_fault = os.environ.get("AGENT_CHAT_FAULT")
_backend = ["backend.faults", _fault] if _fault else ["backend"]
SERVICES = [sys.executable, "-m", "runner.services", "all", *_backend]
"""How everything is started. The proof names a fault, which all backends then carry."""

COMMAND = [sys.executable, "-m", "runner.services", "one", *_backend]
"""How a single backend is started, on data of its own in the same database server."""

SETTINGS = _embedded["SETTINGS"]

CAPABILITIES = list(_embedded["CAPABILITIES"])
if URL is None or BACKENDS:
    CAPABILITIES += ["several_processes"]
if "private_backend" in CAPABILITIES and not os.environ.get("DATABASE_URL"):
    CAPABILITIES += ["restart_database", "read_database"]
"""What this environment offers; a test that needs something else is skipped with that reason.

The database server of a user is neither restarted nor shown to tests: its address may hold a password.
"""

DATABASE = "data/database.schema"
"""Where a single backend that was started here notes the name of its schema, below its private folder."""

TOKENS = _embedded["TOKENS"]

_slower = 1.5
"""Two backends, a database and the address in front share the cores that one backend has there."""
BUDGETS = {
    name: value if name == "memory_bytes_per_cycle" else value * _slower
    for name, value in _embedded["BUDGETS"].items()
}
"""Longest acceptable times in seconds, for a laptop or a CI machine with two busy cores. Memory in bytes."""

TIMEOUTS = _embedded["TIMEOUTS"]
