"""What the administration of a backend that speaks the contract offers, tried on one person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from AgentChatLibrary.deployment import Deployment
from AgentChatLibrary.environment import Environment
from AgentChatLibrary.service import Declined, NoAnswer
from AgentChatLibrary.visitor import Visitor


def tried(env: Environment, deployment: Deployment) -> dict[str, str]:
    """Tries what needs an administrator.

    Args:
        env: The drafted environment.
        deployment: The backend.

    Returns:
        For each capability that was seen, what was seen.
    """
    visitor = Visitor(replace(env, capabilities=env.capabilities | {"admin"}), deployment)
    found = {"admin": "a person was made through /admin and logged in"}
    for name, tryout in TRYOUTS.items():
        try:
            found[name] = tryout(visitor)
        except (Declined, NoAnswer):
            continue
    return found


def _change(visitor: Visitor, **changes: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- any administrative change
    return visitor.service.admin("PATCH", f"/people/{visitor.person.user_id}", changes)


def _hold(visitor: Visitor) -> str:
    place = f"/people/{visitor.person.user_id}"
    visitor.service.admin("POST", f"{place}/hold", {"before": "agent_completed", "nth": 1})
    visitor.service.admin("POST", f"{place}/release", {})
    return "a person's runs could be held and released"


def _records(visitor: Visitor) -> str:
    place = f"/organisations/{visitor.person.organisation.id}/records"
    visitor.service.admin("PUT", place, {})
    return "an organisation's records could be replaced"


def _tiers(visitor: Visitor) -> str:
    _change(visitor, tier="free")
    _change(visitor, tier="enterprise")
    return "a person's tier could be changed"


def _limits(visitor: Visitor) -> str:
    _change(visitor, limits={"burst": 50})
    return "a person's limits could be changed"


def _refresh(visitor: Visitor) -> str:
    visitor.person.refresh()
    return "a refresh token could be traded in"


def _sentinel(_: Visitor) -> str:
    return "the contract has one log for all devices of a person"


TRYOUTS: Final[Mapping[str, Callable[[Visitor], str]]] = {
    "hold": _hold,
    "records": _records,
    "tiers": _tiers,
    "limits": _limits,
    "refresh": _refresh,
    "sentinel": _sentinel,
}
