"""What an upgrade would bring this organisation now, in true figures."""

from dataclasses import dataclass

from sqlalchemy import Connection

from backend.agent.money import money
from backend.agent.planner import SAVINGS_TOOLS, call_of
from backend.agent.tools import Toolbox
from backend.tiers import TierPolicy, Tiers


@dataclass(frozen=True, slots=True)
class UpgradeOffer:
    """An offer, in the contract's form.

    Attributes:
        tier: The tier that the upgrade leads to.
        withheld: Tools that would look for savings there and do not here.
        monthly_saving_cents: What those tools find in the organisation's records at this moment.
        message: The offer for people.
    """

    tier: str
    withheld: tuple[str, ...]
    monthly_saving_cents: int
    message: str

    def as_dict(self) -> dict[str, object]:
        """Returns the offer in the form of ``upgrade_offer``."""
        return {
            "tier": self.tier,
            "withheld": list(self.withheld),
            "monthly_saving_cents": self.monthly_saving_cents,
            "message": self.message,
        }


class Offers:
    """Computes offers by running the withheld tools on the whole organisation's records."""

    def __init__(self, toolbox: Toolbox, tiers: Tiers) -> None:
        self._toolbox = toolbox
        self._tiers = tiers

    def for_answer(self, connection: Connection, organisation_id: str, tier: str) -> UpgradeOffer | None:
        """Returns the offer that goes with an answer; None where the tier looks for all savings.

        Args:
            connection: An open connection, used by this thread alone for the time of the call.
            organisation_id: The asker's organisation.
            tier: The asker's tier, as it is now.
        """
        policy = self._tiers.policy(tier)
        return self._offer(connection, organisation_id, policy, "") if self.withheld(policy) else None

    def for_quota(self, connection: Connection, organisation_id: str, tier: str) -> UpgradeOffer | None:
        """Returns the offer that goes with a spent quota; None for the highest tier.

        Args:
            connection: An open connection, used by this thread alone for the time of the call.
            organisation_id: The asker's organisation.
            tier: The asker's tier, as it is now.
        """
        following = self._tiers.next_tier.get(tier)
        if following is None:
            return None
        questions = self._tiers.policy(following).questions_per_day
        more = f"{following.capitalize()} answers {questions:,} questions a day. "
        return self._offer(connection, organisation_id, self._tiers.policy(tier), more)

    def withheld(self, policy: TierPolicy) -> tuple[str, ...]:
        """Returns the savings tools that a tier does not have."""
        return tuple(tool for tool in SAVINGS_TOOLS if not policy.allows(tool))

    def _offer(
        self, connection: Connection, organisation_id: str, policy: TierPolicy, more: str
    ) -> UpgradeOffer | None:
        following = self._tiers.next_tier.get(policy.name)
        if following is None:
            return None
        withheld = self.withheld(policy)
        results = [self._toolbox.call(connection, organisation_id, call_of(tool, {})) for tool in withheld]
        saving = sum(result.result["monthly_saving_cents"] for result in results)
        if withheld:
            more += (
                f"{following.capitalize()} also runs {' and '.join(withheld)}: "
                f"they would save you another {money(saving)} a month now."
            )
        return UpgradeOffer(following, withheld, saving, more.strip())
