"""A run whose every field holds markup that would tell on itself if a browser obeyed it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

EXECUTED: Final = "data-executed"
"""The attribute of the page that markup sets when it is obeyed. Its name stands nowhere else."""
NAMED: Final = "hostile"
"""How each field's own word begins, by which it is found in the page."""
EVENTS: Final = (
    "connection_established",
    "ack",
    "agent_started",
    "agent_thinking",
    "tool_executing",
    "tool_completed",
    "agent_completed",
    "agent_failed",
    "error",
    "pong",
)
FIELDS: Final = (
    *("run_id", "thread_id", "message_id", "user_id", "tool_call_id", "tool_name", "agent_name"),
    *("message", "reasoning", "response", "code", "connection_id", "instance", "tier", "seq", "timestamp"),
)


def markup(field: str) -> str:
    """Text that sets an attribute of the page in many ways, whatever it is put into.

    Args:
        field: The field that it is put into.
    """
    act = f"document.documentElement.setAttribute('data-'+'executed','{field}')"
    return (
        f"{NAMED}-{field}<script>{act}</script>"
        f'<img src=x onerror="{act}"><svg onload="{act}"></svg>'
        f"\"'></pre></text></details></style></svg><script>{act}</script>"
        f']]><iframe srcdoc="<script>parent.{act}</script>"></iframe>'
    )


def short(field: str) -> str:
    """Markup that is short enough for a name (contract: at most 200 characters).

    Args:
        field: The field that it is put into.
    """
    act = f"document.documentElement.setAttribute('data-'+'executed','{field}')"
    return f'{NAMED}-{field}<img src=x onerror="{act}">'


def transcript(file: Path) -> None:
    """Writes a recording with markup in every field of every kind of frame.

    Args:
        file: Where to.
    """
    owner = {name: markup(f"owner-{name}") for name in ("name", "user_id", "organisation_id", "tier")}
    session = markup("session")
    lines: list[dict[str, object]] = [
        {"transcript": 1, "session": session, "connection": 2, "owner": owner}
        | {"opened_wall": 1_790_000_000.0, "truncated": 0}
    ]
    moment = 0.0

    def add(way: str, kind: str, **more: object) -> None:
        nonlocal moment
        moment += 0.01
        lines.append({"t": moment, "dir": way, "kind": kind, **more})

    for event in EVENTS:
        fields = {field: markup(f"{event}-{field}") for field in FIELDS}
        add("received", "text", data=json.dumps({"type": event, **fields, markup(f"{event}-key"): 1}))
        add("received", "text", data=json.dumps({"type": event, "run_id": "r", "seq": 1, "message_id": "m"}))
    add("received", "text", data=json.dumps({"type": markup("type")}))
    for way in ("sent", "received"):
        add(
            way,
            "text",
            data=json.dumps({"type": "chat", "message_id": "m", "content": markup(f"{way}-chat")}),
        )
        add(way, "text", data=markup(f"{way}-text"))
        add(way, "binary", base64="PHNjcmlwdD4=")
        add(way, "close", data=markup(f"{way}-close"), code=1008)
        add(way, "drop", data=markup(f"{way}-drop"))
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


SUITE: Final = """\
*** Settings ***
Documentation    Every field holds markup.
Resource         chat.resource
Test Tags        area:routing    severity:critical


*** Test Cases ***
Recorded Markup Is Judged
    [Documentation]    Stories of broken rules quote what came.
    [Template]    Judging Fails
    Recording Should Keep What Always Holds
    Frames Should Keep The Contract
    Should Have Received Only
    Errors Should Tell Nothing About The Inside

Recorded Markup Is Failed With
    [Documentation]    What a test compares is quoted, even where Robot Framework would take it for HTML.
    @{names}    Load Transcript    ${RECORDING}
    Log    ${MARKUP}
    Log    *HTML*${MARKUP}
    Log    *HTML**HTML*${MARKUP}    WARN
    Set Test Message    *HTML*${MARKUP}
    Should Be Equal    *HTML*${MARKUP}    ${names}[0]

Live Markup Is Answered
    [Documentation]    A backend quotes what customers write and are called.
    Create Organisation    ${NAME}
    Create Person    ${NAME}    ${NAME}    enterprise
    Open Session    ${NAME}
    Ask    ${NAME}    ${QUESTION}
    Wait For Answer    ${NAME}
    Send Message    ${NAME}    ${TYPE}
    Fence    ${NAME}
    Set Test Metadata    Quoted    ${QUESTION}
    Should Have Received Only    ${NAME}


*** Keywords ***
Judging Fails
    [Documentation]    Judges the recording by one keyword.
    [Arguments]    ${keyword: str}
    @{names}    Load Transcript    ${RECORDING}    prefix=${keyword}
    Run Keyword    ${keyword}    ${names}[0]
"""
