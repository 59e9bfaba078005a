"""Organisations and people."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from robot.api import logger
from robot.api.deco import keyword

from ..dialect.speaking import NotOffered
from ..identity import Organisation, Person, canary, new_password
from ..kit import Kit
from ..newcomers import organisation as local_organisation
from .types import Tier, spoken, word

SIGN_UP_TIER: Final = "free"
"""Whoever registers starts here (contract: HTTP)."""
CHANGES: Final = ("tier", "permissions", "limits", "disabled", "organisation_id")
"""What support staff can change about a person (contract: HTTP)."""


class People:
    """Keywords about who uses the product."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("People",))
    def create_organisation(self, name: str, records: Mapping[str, Any] | None = None) -> Organisation:
        """Creates a customer organisation.

        A name is given once: to go on with an organisation, just name it.

        Args:
            name: How the suite calls it.
            records: Its usage and spend records; the backend's own demo records when omitted.

        Returns:
            The organisation, with ``id``, ``name`` and ``records``.

        Raises:
            NameTaken: There is an organisation of that name already.
            ValueError: The name stands between quotes.
            Declined: The backend declined it.

        Example:
        | ${contoso} | Create Organisation | Contoso | ${{ {'spend': []} }} |
        """
        self.kit.world.must_be_a_new_organisation(spoken(name))
        if not self._administered:
            local = local_organisation(name)
            self.kit.world.scope.organisations[name] = local
            return local
        body: dict[str, Any] = {"name": name}
        if records is not None:
            body["records"] = dict(records)
        answer = self.kit.service.admin("POST", "/organisations", body, status=201)
        made = Organisation(name, answer["id"], records or {})
        self.kit.world.scope.organisations[name] = made
        return made

    @keyword(tags=("People",))
    def replace_records(self, organisation: str, records: Mapping[str, Any]) -> None:
        """Replaces an organisation's usage and spend records with these.

        Args:
            organisation: The organisation.
            records: The new records.

        Raises:
            UnknownName: There is no such organisation.
            Declined: The backend declined them.

        Example:
        | ${northwind}    | Get Organisation | Northwind |
        | ${mark}         | Make Canary      | organisation | ${northwind.id} |
        | ${records}      | Make Records     | ${mark} |
        | Replace Records | Northwind        | ${records} |
        """
        found = self.kit.world.organisation(organisation)
        if not self._administered:
            logger.info(f"{organisation}'s records stay here: the backend cannot be given any.")
            return
        self.kit.service.admin("PUT", f"/organisations/{found.id}/records", dict(records), status=204)
        found.records = records

    @keyword(tags=("People",))
    def get_organisation(self, name: str) -> Organisation:
        """Returns an organisation.

        Args:
            name: The organisation's name.

        Raises:
            UnknownName: There is none of that name; the message lists those that exist.

        Example:
        | ${northwind} | Get Organisation | Northwind |
        | Log          | Its id is ${northwind.id}. |
        """
        return self.kit.world.organisation(name)

    @keyword(tags=("People",))
    def organisation_exists(self, name: str) -> bool:
        """Whether this test or its suites have made an organisation of that name.

        Args:
            name: The organisation's name.

        Example:
        | ${made}            | Organisation Exists | Contoso |
        | Should Not Be True | ${made} |
        """
        return self.kit.world.has_organisation(name)

    @keyword(tags=("People",))
    def create_person(
        self,
        name: str,
        organisation: str,
        tier: Tier = "enterprise",
        permissions: Sequence[str] | None = None,
        limits: Mapping[str, int] | None = None,
    ) -> Person:
        """Creates a person who belongs to an organisation.

        A person is made once, and stays until the end of the test, or of the suite in whose setup that was.
        So the rows of a template, which share one test, name somebody new each.

        Args:
            name: How the suite calls the person; also the alias of the person's first session.
            organisation: An organisation that exists.
            tier: What the person pays for.
            permissions: What the person may do; the tier's permissions when omitted.
            limits: Limits that differ from the tier's.

        Returns:
            The person, with ``user_id``, ``email``, ``tier``, ``permissions`` and ``organisation``.

        Raises:
            UnknownName: There is no such organisation.
            NameTaken: There is a person of that name already.
            ValueError: The name stands between quotes.
            Declined: The backend declined it.

        Example:
        | Create Person | Clara | Northwind | tier=free | limits=${{ {'questions_per_day': 1} }} |
        | Open Session  | Clara |
        """
        self.kit.world.must_be_a_new_person(spoken(name))
        home, service = self.kit.world.organisation(organisation), self.kit.service
        if not self._administered:
            if permissions is not None or limits is not None:
                raise NotOffered(
                    "This needs the capability 'admin', which is not offered: rights and limits."
                )
            return self._keep(self.kit.newcomers.arrive(name, _new_email(name), home, tier, service))
        email, password = _new_email(name), new_password()
        body: dict[str, Any] = {
            "email": email,
            "password": password,
            "name": name,
            "organisation_id": home.id,
            "tier": tier,
        }
        if permissions is not None:
            body["permissions"] = list(permissions)
        if limits is not None:
            body["limits"] = dict(limits)
        user = service.admin("POST", "/people", body, status=201)["user"]
        granted = tuple(permissions) if permissions is not None else None
        return self._add(name, email, password, home, user, tier, granted)

    @keyword(tags=("People",))
    def sign_up(self, name: str, organisation: str | None = None) -> Person:
        """Registers a new customer over HTTP, as anybody can, with a new organisation and demo records.

        Args:
            name: How the suite calls the person.
            organisation: Name of the new organisation; ``NAME's organisation`` when omitted.

        Returns:
            The person, with ``user_id``, ``email``, ``tier``, ``permissions`` and ``organisation``.

        Raises:
            NameTaken: There is a person or an organisation of that name already.
            ValueError: A name stands between quotes.
            Declined: The backend declined it.

        Example:
        | Sign Up      | Clara |
        | Sign In      | Clara |
        | Open Session | Clara |
        """
        service, title = self.kit.service, spoken(organisation or f"{spoken(name)}'s organisation")
        self.kit.world.must_be_a_new_person(name)
        self.kit.world.must_be_a_new_organisation(title)
        if not self._administered and self.kit.environment.dialect is not None:
            home = self.create_organisation(title)
            return self._keep(self.kit.newcomers.arrive(name, _new_email(name), home, SIGN_UP_TIER, service))
        return self._register(name, title, title)

    @keyword(tags=("People", "Security"))
    def sign_up_as_a_namesake(self, name: str, organisation: str) -> Person:
        """Registers a new customer over HTTP whose new organisation is called like one that exists.

        The suite calls it ``NAME's ORGANISATION``, to tell the two apart.

        Args:
            name: How the suite calls the person.
            organisation: The organisation whose name is used again.

        Returns:
            The person, with ``user_id``, ``email``, ``tier``, ``permissions`` and ``organisation``.

        Raises:
            UnknownName: There is no such organisation.
            NameTaken: There is a person or an organisation of that name already.
            ValueError: A name stands between quotes.
            Declined: The backend declined it.

        Example:
        | Sign Up As A Namesake | Clara | Northwind |
        | ${new}                | Get Organisation | Clara's Northwind |
        """
        title = f"{spoken(name)}'s {self.kit.world.organisation(organisation).name}"
        self.kit.world.must_be_a_new_person(name)
        self.kit.world.must_be_a_new_organisation(title)
        return self._register(name, organisation, title)

    def _register(self, name: str, organisation: str, title: str) -> Person:
        """Signs a person up with an organisation, which the suite calls ``title``."""
        email, password = _new_email(name), new_password()
        body = {"email": email, "password": password, "name": name, "organisation": organisation}
        user = self.kit.service.expect("POST", "/auth/register", body, status=201)["user"]
        home = Organisation(title, user["organisation_id"])
        self.kit.world.scope.organisations[title] = home
        return self._add(name, email, password, home, user, SIGN_UP_TIER, None)

    def _add(
        self,
        name: str,
        email: str,
        password: str,
        home: Organisation,
        user: Mapping[str, Any],
        tier: str,
        granted: tuple[str, ...] | None,
    ) -> Person:
        person = Person(name, email, password, user["id"], home, tier, (), self.kit.service, granted)
        self._settle(person, user)
        return self._keep(person)

    def _settle(self, person: Person, user: Mapping[str, Any]) -> None:
        """Notes what a person may do: what was asked for, by the contract.

        Tests compare it with what the backend says, which is believed only where the tiers are not the
        contract's.
        """
        if not self.kit.environment.offers("tiers"):
            person.tier, person.permissions = user["tier"], tuple(user["permissions"])
        elif person.granted is not None:
            person.permissions = person.granted
        else:
            person.permissions = self.kit.contract.tiers[person.tier].permissions

    def _keep(self, person: Person) -> Person:
        self.kit.world.scope.people[person.name] = person
        return person

    @property
    def _administered(self) -> bool:
        """Whether organisations and people are made through the backend's administration."""
        return "admin" in self.kit.environment.capabilities

    @keyword(tags=("People",))
    def get_person(self, name: str) -> Person:
        """Returns a person.

        Args:
            name: The person's name.

        Raises:
            UnknownName: There is none of that name; the message lists those that exist.

        Example:
        | ${ana} | Get Person | Ana |
        | Log    | Her id is ${ana.user_id}. |
        """
        return self.kit.world.person(name)

    @keyword(tags=("People",))
    def make_canary(self, audience: Literal["person", "organisation", "sharers"], owner_id: str) -> str:
        """Returns a mark that says whom it belongs to; every session is watched for marks of others.

        Args:
            audience: Who may see it: the person, the organisation, or those who share a conversation.
            owner_id: The backend's id of the person or organisation.

        Example:
        | ${northwind}    | Get Organisation | Northwind |
        | ${mark}         | Make Canary      | organisation | ${northwind.id} |
        | ${records}      | Make Records     | ${mark} |
        | Replace Records | Northwind        | ${records} |
        """
        return canary(audience, owner_id)

    @keyword(tags=("People",))
    def change_person(self, person: str, **changes: Any) -> None:  # noqa: ANN401 -- any administrative change
        """Changes a person through administration, as support staff would.

        Args:
            person: The person.
            changes: ``tier``, ``permissions``, ``limits``, ``disabled`` or ``organisation_id``.

        Raises:
            Declined: The backend declined it.

        Example:
        | Change Person | Ana | tier=pro |
        """
        found = self.kit.world.person(person)
        for name in changes:
            word("change of a person", name, CHANGES)
        user = found.service.admin("PATCH", f"/people/{found.user_id}", changes)["user"]
        found.tier = changes.get("tier", found.tier)
        if "permissions" in changes:
            found.granted = None if changes["permissions"] is None else tuple(changes["permissions"])
        self._settle(found, user)


def _new_email(name: str) -> str:
    letters = "".join(c for c in name.lower() if c.isascii() and c.isalnum()) or "person"
    return f"{letters}.{secrets.token_hex(6)}@customers.example"
