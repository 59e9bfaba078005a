"""What each tier may do: the contract's ``tiers.json``, loaded and typed.

No figure of a tier stands in code: the suites and the backend read the same file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIERS_FILE = Path(__file__).resolve().parents[1] / "resources" / "contract" / "tiers.json"


@dataclass(frozen=True, slots=True)
class TierPolicy:
    """One tier: the tools its agent may use, its limits, and its people's permissions by default.

    Attributes:
        name: ``free``, ``pro`` or ``enterprise``.
        tools: Tool names that the agent may call.
        questions_per_day: Accepted questions in 24 h from the first counted one.
        concurrent_runs: Runs of one person open at the same time.
        connections: WebSocket connections of one person at the same time.
        messages_per_minute: Rate at which the token bucket fills.
        burst: Size of the token bucket.
        permissions: What a person of the tier may do unless told otherwise.
    """

    name: str
    tools: tuple[str, ...]
    questions_per_day: int
    concurrent_runs: int
    connections: int
    messages_per_minute: int
    burst: int
    permissions: tuple[str, ...]

    def allows(self, tool: str) -> bool:
        """Says whether the agent of this tier may call ``tool``."""
        return tool in self.tools


@dataclass(frozen=True, slots=True)
class CommonLimits:
    """Limits that are the same for every tier.

    Attributes:
        max_message_bytes: UTF-8 bytes that a client message may have.
        hard_message_bytes: UTF-8 bytes beyond which the connection is closed with 1009.
        heartbeat_seconds: Time between two WebSocket PINGs of the server.
    """

    max_message_bytes: int
    hard_message_bytes: int
    heartbeat_seconds: float


@dataclass(frozen=True, slots=True)
class Tiers:
    """All tiers, the permission that each operation needs, and the limits common to all.

    Attributes:
        policies: Tier name to policy, lowest tier first.
        operations: Operation (``chat``, ``GET /threads``, ...) to the permission it needs.
        next_tier: Tier name to the one an upgrade leads to; the highest has none.
        limits: What holds for every tier.
    """

    policies: Mapping[str, TierPolicy]
    operations: Mapping[str, str]
    next_tier: Mapping[str, str]
    limits: CommonLimits

    @classmethod
    def load(cls, path: Path = TIERS_FILE) -> "Tiers":
        """Reads the tiers.

        Args:
            path: A file of the form of ``resources/contract/tiers.json``.

        Returns:
            The tiers in the file's order.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is not JSON, or a field is missing or unknown.
        """
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        try:
            return cls(
                policies={name: _policy(name, entry) for name, entry in document["tiers"].items()},
                operations=dict(document["operations"]),
                next_tier=dict(document["next_tier"]),
                limits=CommonLimits(**document["limits"]),
            )
        except (KeyError, TypeError) as problem:
            raise ValueError(f"{path} does not have the form of tiers.json: {problem}") from problem

    @property
    def names(self) -> tuple[str, ...]:
        """The tiers' names, lowest first."""
        return tuple(self.policies)

    def policy(self, name: str) -> TierPolicy:
        """Returns the policy of the tier ``name``.

        Raises:
            KeyError: There is no such tier.
        """
        return self.policies[name]

    def permission_for(self, operation: str) -> str | None:
        """Returns the permission that ``operation`` needs, or None where it needs none (``ping``)."""
        return self.operations.get(operation)


def _policy(name: str, entry: Mapping[str, Any]) -> TierPolicy:
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    return TierPolicy(name=name, **fields)
