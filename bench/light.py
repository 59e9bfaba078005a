"""The environment of the light server that clients are measured with (see parts/light_server.py)."""

import os

URL = os.environ.get("AGENT_CHAT_URL") or None
CAPABILITIES = ["mint", "ping", "one_queue"]
TOKENS = {"issuer": "agent-chat", "audience": "agent-chat", "algorithm": "HS256", "lifetime": 900}
