"""Administration of organisations and people, as a test or an operator needs them."""

from collections.abc import Callable

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from backend.counting import Counting
from backend.ground import Ground, Stores
from backend.passwords import Passwords
from backend.store.notify import DISABLED, Notice
from backend.store.people import LIMIT_NAMES, NewPerson, Person
from backend.store.record_set import RecordSet, RecordsInvalidError, parse_records
from backend.web import bodies
from backend.web.answers import Refusal, answer
from backend.web.guard import Guard

Seed = Callable[[str], RecordSet]


class AdminPeople:
    """``/admin/organisations`` and ``/admin/people``, for whoever has the administrator's credential."""

    def __init__(
        self,
        ground: Ground,
        stores: Stores,
        guard: Guard,
        passwords: Passwords,
        counting: Counting,
        seed: Seed,
    ) -> None:
        self._ground = ground
        self._stores = stores
        self._guard = guard
        self._passwords = passwords
        self._counting = counting
        self._seed = seed
        tiers = ground.tiers
        permissions = (name for policy in tiers.policies.values() for name in policy.permissions)
        self._permissions = frozenset((*permissions, *tiers.operations.values()))

    def routes(self) -> list[BaseRoute]:
        """Returns the routes."""
        return [
            self._guard.admin_route("/admin/organisations", self.add_organisation, "POST"),
            self._guard.admin_route("/admin/organisations/{id:id}/records", self.replace_records, "PUT"),
            self._guard.admin_route("/admin/people", self.add_person, "POST"),
            self._guard.admin_route("/admin/people/{id:id}", self.show_person, "GET"),
            self._guard.admin_route("/admin/people/{id:id}", self.change_person, "PATCH"),
        ]

    async def add_organisation(self, request: Request) -> Response:
        """Makes an organisation, with the records given or with demo records."""
        fields = await bodies.body(request, bodies.MAX_RECORDS_BODY)
        name = bodies.text(fields, "name")
        records = self.first_records(fields, name)

        def store(connection: Connection) -> str:
            organisation_id = self._stores.organisations.create(connection, name, self._ground.clock.now())
            self._stores.records.replace(connection, organisation_id, records)
            return organisation_id

        return answer({"id": await self._ground.database.write(store), "name": name}, 201)

    def first_records(self, fields: dict[str, object], name: str) -> RecordSet:
        """Returns what a new organisation begins with: what was given, else demo records."""
        return _records(fields["records"], "records.") if "records" in fields else self._seed(name)

    async def replace_records(self, request: Request) -> Response:
        """Puts other records in the place of all that an organisation has."""
        organisation_id = request.path_params["id"]
        records = _records(await bodies.body(request, bodies.MAX_RECORDS_BODY))

        def store(connection: Connection) -> None:
            self.organisation(connection, organisation_id)
            self._stores.records.replace(connection, organisation_id, records)

        await self._ground.database.write(store)
        return answer(None, 204)

    def organisation(self, connection: Connection, organisation_id: str) -> str:
        """Returns the name of an organisation; 404 for an unknown one."""
        name = self._stores.organisations.name(connection, organisation_id)
        if name is None:
            raise Refusal(404, "not_found", "There is no such organisation.")
        return name

    async def add_person(self, request: Request) -> Response:
        """Makes a person of an organisation."""
        fields = await bodies.body(request)
        email = bodies.email(fields)
        password = bodies.new_password(fields, self._passwords.least_characters)
        name = bodies.text(fields, "name")
        organisation_id = bodies.text(fields, "organisation_id")
        tier = bodies.choice(fields, "tier", self._ground.tiers.names) if "tier" in fields else "enterprise"
        permissions = (
            bodies.texts(fields, "permissions", self._permissions) if "permissions" in fields else None
        )
        limits = bodies.limits(fields) if "limits" in fields else None
        password_hash = await self._passwords.hashed(password)
        new = NewPerson(email, password_hash, name, organisation_id, tier, permissions, limits)

        def store(connection: Connection) -> Person:
            if self._stores.organisations.name(connection, organisation_id) is None:
                raise bodies.invalid("organisation_id", "There is no such organisation.")
            return self._stores.people.create(connection, new, self._ground.clock.now())

        person = await self._ground.database.write(store)
        return answer({"user": person.as_user()}, 201)

    async def show_person(self, request: Request) -> Response:
        """Says how a person is set up and what they are doing."""
        user_id = request.path_params["id"]

        def look(connection: Connection) -> dict[str, object]:
            person = known_person(self._stores, connection, user_id)
            policy = person.policy
            return {
                "user": person.as_user(),
                "disabled": person.disabled,
                "limits": {name: getattr(policy, name) for name in LIMIT_NAMES},
                "last_seq": person.last_seq,
                "connections": self._stores.presence.count(connection, user_id, self._ground.clock.now()),
                "runs_open": self._stores.runs.open_of(connection, user_id),
                "held": [
                    {"run_id": run.run_id, "before": run.before, "nth": run.nth}
                    for run in self._stores.holds.standing(connection, user_id)
                ],
            }

        shown = await self._ground.database.read(look)
        return answer({**shown, "counters": await self._counting.of_person(user_id)})

    async def change_person(self, request: Request) -> Response:
        """Changes a person; what is not named stays as it is."""
        user_id = request.path_params["id"]
        changes = self.changes(await bodies.body(request))

        def store(connection: Connection) -> Person:
            known_person(self._stores, connection, user_id)
            moved_to = changes.get("organisation_id")
            if moved_to is not None and self._stores.organisations.name(connection, str(moved_to)) is None:
                raise bodies.invalid("organisation_id", "There is no such organisation.")
            self._stores.people.change(connection, user_id, changes)
            return known_person(self._stores, connection, user_id)

        person = await self._ground.database.write(store)
        if person.disabled:
            self._ground.bus.publish(Notice(DISABLED, user_id))
        return answer({"user": person.as_user()})

    def changes(self, fields: dict[str, object]) -> dict[str, object]:
        """Returns the changes that a body asks for."""
        changes: dict[str, object] = {}
        for name, given in fields.items():
            match name:
                case "tier":
                    changes[name] = bodies.choice(fields, name, self._ground.tiers.names)
                case "permissions":
                    changes[name] = None if given is None else bodies.texts(fields, name, self._permissions)
                case "limits":
                    changes[name] = bodies.limits(fields)
                case "disabled":
                    changes[name] = bodies.flag(fields, name)
                case "organisation_id":
                    changes[name] = bodies.text(fields, name)
                case _:
                    raise bodies.invalid(name[:64], "There is no such field.")
        return changes


def known_person(stores: Stores, connection: Connection, user_id: str) -> Person:
    """Returns a person; 404 for an unknown one."""
    person = stores.people.by_id(connection, user_id)
    if person is None:
        raise Refusal(404, "not_found", "There is no such person.")
    return person


def _records(document: object, prefix: str = "") -> RecordSet:
    try:
        return parse_records(document)
    except RecordsInvalidError as problem:
        field = prefix + problem.field if problem.field != "records" else "records"
        raise bodies.invalid(field, f"The field {field} {problem.message}.") from None
