"""agno AgentOS with one workflow of one agent and one tool, on a free loopback port.

Runs in the target's own environment. The environment variables are those of ``targets.processes``.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import uvicorn
from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.models.openai import OpenAIChat
from agno.os import AgentOS
from agno.os.authz import Authorization
from agno.workflow import Step, Workflow

COSTS = {"compute": 8120, "database": 4300, "storage": 575}
"""Dollars a month."""


def query_spend(question: str) -> str:
    """Tells what was spent in the last month, for the services that a question names.

    Args:
        question: The question.
    """
    named = {name: cost for name, cost in COSTS.items() if name in question.lower()} or COSTS
    return "Spent: " + ", ".join(f"{name} ${cost:,}" for name, cost in named.items())


def service() -> AgentOS:
    """The service: tokens are verified, and people are kept apart."""
    data = Path(os.environ["TARGET_DATA"])
    db = SqliteDb(db_file=str(data / "agno.db"))
    model = OpenAIChat(id="scripted", base_url=os.environ["TARGET_MODEL"], api_key="none")
    helper = Agent(id="helper", name="helper", model=model, tools=[query_spend], db=db, telemetry=False)
    step = Step(name="answer", agent=helper)
    workflow = Workflow(id="costs", name="costs", steps=[step], db=db, telemetry=False)
    keys = Authorization(verification_keys=[os.environ["AGENT_CHAT_JWT_KEY"]], algorithm="HS256")
    return AgentOS(
        id="costs-os",
        agents=[helper],
        workflows=[workflow],
        db=db,
        authorization=keys,
        user_isolation=True,
        telemetry=False,
    )


def main() -> None:
    """Serves until it is told to end."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", int(os.environ["TARGET_PORT"])))
    listener.listen(1024)  # from now on who connects is served, if not at once
    app = service().get_app()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    Path(os.environ["TARGET_READY"]).write_text(json.dumps({"url": url}), "utf-8")
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
