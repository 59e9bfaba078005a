"""Faults in the report of what was spent, and in what HTTP requests are told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.datastructures import QueryParams

from backend.faults import fault
from backend.store.records import DIMENSIONS, Records
from backend.web.admin_people import AdminPeople
from backend.web.answers import Refusal, answer
from backend.web.auth import Auth
from backend.web.journal import AccessLog
from backend.web.reading import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Message, Receive, Scope, Send

    from backend.components import Components
    from backend.ground import Ground, Stores
    from backend.store.record_set import RecordSet
    from backend.store.records import SpendSummary
    from backend.web.guard import Guard

TOO_LARGE = 413
"""The status of a body that is too large (RFC 9110, section 15.5.14)."""


class _TellsNoMethods(AccessLog):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def without_methods(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [one for one in message["headers"] if one[0] != b"allow"]
            await send(message)

        await super().__call__(scope, receive, without_methods)


@fault("allowed-methods-untold", group="errors")
def allowed_methods_untold(components: Components) -> Components:
    """Whoever uses a wrong method is only told that it is wrong, and must guess."""
    return replace(components, access_log=_TellsNoMethods)


class _FiltersNothing(Usage):
    def wanted(self, parameters: QueryParams) -> tuple[str, dict[str, str]]:
        return super().wanted(parameters)[0], {}


@fault("usage-filters-ignored", group="events")
def usage_filters_ignored(components: Components) -> Components:
    """Whoever asks what one team has spent is shown what all have, and takes it for that team's."""
    return replace(components, usage=_FiltersNothing)


class _SkipsEmptyFilters(Usage):
    def wanted(self, parameters: QueryParams) -> tuple[str, dict[str, str]]:
        group_by, filters = super().wanted(parameters)
        return group_by, {name: value for name, value in filters.items() if value}


@fault("usage-empty-filter-skipped", group="events")
def usage_empty_filter_skipped(components: Components) -> Components:
    """A program that asks for a team without a name gets everybody's spend, and books it there."""
    return replace(components, usage=_SkipsEmptyFilters)


class _TotalsOfEverything(Records):
    def spend_summary(
        self, connection: Connection, organisation_id: str, group_by: str, filters: Mapping[str, str]
    ) -> SpendSummary:
        everything = super().spend_summary(connection, organisation_id, group_by, {})
        wanted = super().spend_summary(connection, organisation_id, group_by, filters)
        return replace(wanted, total_cents=everything.total_cents)


class _TotalsEverything(Usage):
    def __init__(self, ground: Ground, stores: Stores, guard: Guard) -> None:
        super().__init__(ground, stores, guard)
        self._records = _TotalsOfEverything()


@fault("usage-total-of-everything", group="events")
def usage_total_of_everything(components: Components) -> Components:
    """The rows of a report are one team's, and the total below them is the whole company's."""
    return replace(components, usage=_TotalsEverything)


class _GroupsByTeam(Usage):
    def wanted(self, parameters: QueryParams) -> tuple[str, dict[str, str]]:
        group_by, filters = super().wanted(parameters)
        return (group_by if "group_by" in parameters else "team"), filters


@fault("usage-grouped-otherwise", group="events")
def usage_grouped_otherwise(components: Components) -> Components:
    """Reports that name no grouping show teams where services are expected."""
    return replace(components, usage=_GroupsByTeam)


class _TakesAnything(Usage):
    def wanted(self, parameters: QueryParams) -> tuple[str, dict[str, str]]:
        known = {name: value for name, value in parameters.items() if name in (*DIMENSIONS, "group_by")}
        if known.get("group_by") not in DIMENSIONS:
            known.pop("group_by", None)
        return super().wanted(QueryParams(known))


@fault("usage-takes-anything", group="events")
def usage_takes_anything(components: Components) -> Components:
    """A misspelt filter is passed over, and its user takes the sum of everything for the sum of a part."""
    return replace(components, usage=_TakesAnything)


class _LeavesTheCurrencyOut(Usage):
    async def summary(self, request: Request) -> Response:
        told = json.loads(bytes((await super().summary(request)).body))
        del told["currency"]
        return answer(told)


@fault("usage-without-currency", group="events")
def usage_without_currency(components: Components) -> Components:
    """Whoever loads the report into a spreadsheet must guess which money the amounts are in."""
    return replace(components, usage=_LeavesTheCurrencyOut)


class _BringsNoRecords(AdminPeople):
    def first_records(self, fields: dict[str, object], name: str) -> RecordSet:
        return super().first_records({key: fields[key] for key in fields if key != "records"}, name)


@fault("records-given-at-first-lost", group="events")
def records_given_at_first_lost(components: Components) -> Components:
    """A company that brings its books is told of made-up spending, and believes it."""
    return replace(components, admin_people=_BringsNoRecords)


class _TakesLongForMalformed(Auth):
    async def login(self, request: Request) -> Response:
        try:
            return await super().login(request)
        except Refusal as refusal:
            if refusal.status != TOO_LARGE:
                raise
            raise Refusal(400, refusal.code, refusal.message) from None


@fault("too-large-told-as-malformed", group="errors")
def too_large_told_as_malformed(components: Components) -> Components:
    """Whoever sends too much is told to mend what is in order, and sends as much again."""
    return replace(components, auth=_TakesLongForMalformed)
