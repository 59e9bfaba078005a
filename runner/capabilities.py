"""What a backend offers without being declared: found out before a whole run, told then and in its report."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from AgentChatLibrary.deployment import Deployment
from AgentChatLibrary.dialect.speaking import NotOffered
from AgentChatLibrary.engine.offer import Refused
from AgentChatLibrary.environment import Environment, EnvironmentProblem
from AgentChatLibrary.offers import TRIES, Offered, offered
from AgentChatLibrary.service import Declined, NoAnswer
from AgentChatLibrary.visitor import Visitor

from .console import say
from .planning import Plan, Selection
from .project import shown

TITLE: Final = "Offered without being declared"


def undeclared(env: Environment, backend: Deployment) -> list[Offered]:
    """What a backend was seen to offer beside what its environment declares, with a line for people.

    Args:
        env: The environment.
        backend: Its backend.

    Returns:
        The capabilities, with what was seen.
    """
    wanted = [name for name in TRIES if not env.offers(name)]
    if not wanted:
        return []
    try:
        found = offered(Visitor(env, backend), wanted)
    except (Refused, NotOffered, Declined, NoAnswer, EnvironmentProblem) as problem:
        say(f"What else the backend offers could not be found out: {problem}")
        return []
    if found:
        say(f"{TITLE} in {shown(env.file)} (tests that need it are skipped):")
        for one in found:
            say(f"  {one.capability}: {one.evidence}")
    return found


def noted(plan: Plan, found: list[Offered]) -> Plan:
    """The plan, with what was found in the report's metadata.

    Args:
        plan: What runs.
        found: What was found.
    """
    if not found:
        return plan
    told = "; ".join(f"{one.capability}: {one.evidence}" for one in found)
    options = (*plan.selection.options, "--metadata", f"{TITLE}:{told}")
    return replace(plan, selection=Selection(options, plan.selection.sources))
