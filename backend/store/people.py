"""People and their organisations."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from backend.ids import new_id
from backend.store.engine import one_statement
from backend.store.schema import organisations, people
from backend.store.sql import CHUNK
from backend.tiers import TierPolicy, Tiers

LIMIT_NAMES = ("questions_per_day", "concurrent_runs", "connections", "messages_per_minute", "burst")
"""The figures of a tier that an administrator may set for one person."""


class EmailTakenError(Exception):
    """Somebody else has this address."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the database knows them at one moment.

    Attributes:
        id: Their id.
        email: As they wrote it.
        name: For people.
        organisation_id: The organisation whose records they ask about.
        organisation: Its name.
        tier: Name of the tier.
        permissions: What they may do: their own list, else the tier's.
        policy: The tier's figures with the person's own limits in their place.
        overrides: The limits that are the person's own.
        disabled: Whether they may not do anything at all.
        revoked_before: Tokens issued before this Unix time are refused.
        last_seq: The highest ``seq`` of their events.
    """

    id: str
    email: str
    name: str
    organisation_id: str
    organisation: str
    tier: str
    permissions: tuple[str, ...]
    policy: TierPolicy
    overrides: Mapping[str, int]
    disabled: bool
    revoked_before: float
    last_seq: int

    def may(self, permission: str | None) -> bool:
        """Says whether the person has a permission; None stands for what everybody may."""
        return permission is None or permission in self.permissions

    def as_user(self) -> dict[str, object]:
        """Returns the person in the form that the HTTP interface gives."""
        return {
            "id": self.id,
            "email": self.email,
            "name": self.name,
            "organisation_id": self.organisation_id,
            "organisation": self.organisation,
            "tier": self.tier,
            "permissions": list(self.permissions),
        }


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What a person is made of.

    Attributes:
        permissions: None follows the tier, also through later upgrades.
        limits: Figures that differ from the tier's.
    """

    email: str
    password_hash: str
    name: str
    organisation_id: str
    tier: str
    permissions: tuple[str, ...] | None = None
    limits: Mapping[str, int] | None = None


class Organisations:
    """The organisations."""

    def create(self, connection: Connection, name: str, now: float) -> str:
        """Adds an organisation and returns its id. Names need not be unique."""
        organisation_id = new_id("o")
        connection.execute(insert(organisations).values(id=organisation_id, name=name, created_at=now))
        return organisation_id

    def name(self, connection: Connection, organisation_id: str) -> str | None:
        """Returns an organisation's name, or None where there is no such organisation."""
        return connection.execute(
            select(organisations.c.name).where(organisations.c.id == organisation_id)
        ).scalar()


class People:
    """The people of all organisations."""

    def __init__(self, tiers: Tiers) -> None:
        self._tiers = tiers

    def create(self, connection: Connection, new: NewPerson, now: float) -> Person:
        """Adds a person.

        Raises:
            EmailTakenError: Somebody has the address, in whatever case.
        """
        user_id = new_id("u")
        try:
            connection.execute(
                insert(people).values(
                    id=user_id,
                    email=new.email,
                    email_key=email_key(new.email),
                    name=new.name,
                    password_hash=new.password_hash,
                    organisation_id=new.organisation_id,
                    tier=new.tier,
                    permissions=None if new.permissions is None else json.dumps(list(new.permissions)),
                    overrides=json.dumps(dict(new.limits or {})),
                    disabled=False,
                    revoked_before=0.0,
                    last_seq=0,
                    last_event_at=0.0,
                    created_at=now,
                )
            )
        except IntegrityError:
            raise EmailTakenError from None
        person = self.by_id(connection, user_id)
        if person is None:  # pragma: no cover - it was added in this transaction
            raise LookupError(user_id)
        return person

    def by_id(self, connection: Connection, user_id: str) -> Person | None:
        """Returns a person as they are now, or None."""
        row = connection.execute(_BY_ID, {"the_id": user_id}).one_or_none()
        return None if row is None else self._person(row)

    @one_statement
    def by_email(self, connection: Connection, email: str) -> tuple[Person, str] | None:
        """Returns the person with an address and their password hash, or None."""
        row = connection.execute(_BY_EMAIL, {"the_key": email_key(email)}).one_or_none()
        return None if row is None else (self._person(row), row.password_hash)

    def change(self, connection: Connection, user_id: str, changes: Mapping[str, Any]) -> None:
        """Changes a person.

        Args:
            connection: An open connection.
            user_id: Whom.
            changes: New values of ``tier``, ``permissions`` (None follows the tier), ``limits``,
                ``disabled``, ``organisation_id`` or ``revoked_before``.
        """
        values = dict(changes)
        if "permissions" in values and values["permissions"] is not None:
            values["permissions"] = json.dumps(list(values["permissions"]))
        if "limits" in values:
            values["overrides"] = json.dumps(dict(values.pop("limits")))
        if values:
            connection.execute(update(people).where(people.c.id == user_id).values(**values))

    def lock(self, connection: Connection, user_id: str) -> None:
        """Makes other writers of this person's rows wait for the transaction's end."""
        # SQLite has one writer anyway and ignores FOR UPDATE.
        connection.execute(_LOCK, {"the_id": user_id})

    @one_statement
    def last_seqs(self, connection: Connection, user_ids: list[str]) -> dict[str, tuple[int, bool]]:
        """Returns the highest ``seq`` of each of these people, and whether they are disabled."""
        found: dict[str, tuple[int, bool]] = {}
        for start in range(0, len(user_ids), CHUNK):
            some = user_ids[start : start + CHUNK]
            rows = connection.execute(
                select(people.c.id, people.c.last_seq, people.c.disabled).where(people.c.id.in_(some))
            )
            found.update({row.id: (int(row.last_seq), bool(row.disabled)) for row in rows})
        return found

    def _person(self, row: Row[Any]) -> Person:
        overrides = json.loads(row.overrides)
        policy = self._tiers.policy(row.tier)
        own = policy.permissions if row.permissions is None else tuple(json.loads(row.permissions))
        return Person(
            id=row.id,
            email=row.email,
            name=row.name,
            organisation_id=row.organisation_id,
            organisation=row.organisation,
            tier=row.tier,
            permissions=own,
            policy=replace(policy, **overrides) if overrides else policy,
            overrides=overrides,
            disabled=bool(row.disabled),
            revoked_before=row.revoked_before,
            last_seq=int(row.last_seq),
        )


def email_key(email: str) -> str:
    """Returns what two spellings of one address have in common."""
    return email.strip().casefold()


_PERSON = select(people, func.coalesce(organisations.c.name, "").label("organisation")).join_from(
    people, organisations, organisations.c.id == people.c.organisation_id, isouter=True
)

_BY_ID = _PERSON.where(people.c.id == bindparam("the_id"))

_LOCK = select(people.c.id).where(people.c.id == bindparam("the_id")).with_for_update()

_BY_EMAIL = _PERSON.where(people.c.email_key == bindparam("the_key"))
