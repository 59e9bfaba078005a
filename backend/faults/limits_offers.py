"""Faults in the offers that come with answers: when there is one, and what it is worth."""

from dataclasses import replace

from sqlalchemy import Connection

from backend.agent.narrator import Outcome
from backend.agent.offers import Offers, UpgradeOffer
from backend.agent.plan import Plan
from backend.agent.run import RunLoop
from backend.agent.tools import Toolbox
from backend.components import Components
from backend.faults import fault
from backend.tiers import TierPolicy, Tiers


class _OffersWhatWasMissed(RunLoop):
    missed = False

    async def complete(self, plan: Plan, outcomes: list[Outcome]) -> None:
        self.missed = bool(plan.withheld)
        await super().complete(plan, outcomes)

    async def offer(self) -> UpgradeOffer | None:
        return await super().offer() if self.missed else None


@fault("offer-only-where-a-tool-is-missed", group="limits")
def offer_only_where_a_tool_is_missed(components: Components) -> Components:
    """Free users who ask what they spend never learn that an upgrade would save some of it."""
    return replace(components, run_loop=_OffersWhatWasMissed)


class _WorksItOutOnce(Offers):
    def __init__(self, toolbox: Toolbox, tiers: Tiers) -> None:
        super().__init__(toolbox, tiers)
        self._made: dict[tuple[str, str, str], UpgradeOffer | None] = {}

    def _offer(
        self, connection: Connection, organisation_id: str, policy: TierPolicy, more: str
    ) -> UpgradeOffer | None:
        which = (organisation_id, policy.name, more)
        if which not in self._made:
            self._made[which] = super()._offer(connection, organisation_id, policy, more)
        return self._made[which]


@fault("offer-worked-out-once", group="limits")
def offer_worked_out_once(components: Components) -> Components:
    """Free users are promised a saving that was there at their company's first question, and is long gone."""
    return replace(components, offers=_WorksItOutOnce)
