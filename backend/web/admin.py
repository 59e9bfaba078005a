"""Administration: organisations and people as a test needs them, holds, revocation, draining."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from backend.clock import Clock
from backend.metrics import Metrics
from backend.passwords import Passwords
from backend.store.engine import Database
from backend.store.holds import Hold, Holds
from backend.store.logins import Logins
from backend.store.notify import DISABLED, RELEASED, REVOKED, Bus, Notice
from backend.store.people import EmailTakenError, NewPerson, Organisations, People, Person
from backend.store.presence import Presence
from backend.store.record_set import RecordSet, RecordsInvalidError, parse_records
from backend.store.records import Records
from backend.store.runs import Runs
from backend.tiers import Tiers
from backend.web import bodies
from backend.web.answers import Refusal, answer
from backend.web.guard import Guard

DURABLE = (
    "agent_started",
    "agent_thinking",
    "tool_executing",
    "tool_completed",
    "agent_completed",
    "agent_failed",
)
"""The events that a hold can stop a run before."""

MAX_NTH = 10_000
"""Far beyond the events of any run."""

Seed = Callable[[str], RecordSet]


class Admin:
    """``/admin``, for whoever has the administrator's credential."""

    def __init__(
        self,
        database: Database,
        people: People,
        organisations: Organisations,
        records: Records,
        logins: Logins,
        presence: Presence,
        runs: Runs,
        holds: Holds,
        passwords: Passwords,
        metrics: Metrics,
        tiers: Tiers,
        guard: Guard,
        bus: Bus,
        clock: Clock,
        seed: Seed,
        drain: Callable[[], None],
    ) -> None:
        self._database = database
        self._people = people
        self._organisations = organisations
        self._records = records
        self._logins = logins
        self._presence = presence
        self._runs = runs
        self._holds = holds
        self._passwords = passwords
        self._metrics = metrics
        self._tiers = tiers
        self._guard = guard
        self._bus = bus
        self._clock = clock
        self._seed = seed
        self._drain = drain
        permissions = (name for policy in tiers.policies.values() for name in policy.permissions)
        self._permissions = frozenset((*permissions, *tiers.operations.values()))

    def routes(self) -> list[BaseRoute]:
        """Returns the routes."""
        return [
            Mount(
                "/admin",
                routes=[
                    self._route("/organisations", self.add_organisation, "POST"),
                    self._route("/organisations/{id}/records", self.replace_records, "PUT"),
                    self._route("/people", self.add_person, "POST"),
                    self._route("/people/{id}", self.show_person, "GET"),
                    self._route("/people/{id}", self.change_person, "PATCH"),
                    self._route("/people/{id}/hold", self.hold, "POST"),
                    self._route("/people/{id}/release", self.release, "POST"),
                    self._route("/people/{id}/revoke", self.revoke, "POST"),
                    self._route("/drain", self.drain, "POST"),
                ],
            )
        ]

    def _route(self, path: str, action: Callable[[Request], Any], method: str) -> Route:
        async def guarded(request: Request) -> Response:
            self._guard.administrator(request)
            response: Response = await action(request)
            return response

        return Route(path, guarded, methods=[method])

    async def add_organisation(self, request: Request) -> Response:
        """Makes an organisation, with the records given or with demo records."""
        fields = await bodies.body(request, bodies.MAX_RECORDS_BODY)
        name = bodies.text(fields, "name")
        records = _records(fields["records"], "records.") if "records" in fields else self._seed(name)

        def store(connection: Connection) -> str:
            organisation_id = self._organisations.create(connection, name, self._clock.now())
            self._records.replace(connection, organisation_id, records)
            return organisation_id

        return answer({"id": await self._database.write(store), "name": name}, 201)

    async def replace_records(self, request: Request) -> Response:
        """Puts other records in the place of all that an organisation has."""
        organisation_id = request.path_params["id"]
        records = _records(await bodies.body(request, bodies.MAX_RECORDS_BODY))

        def store(connection: Connection) -> None:
            self.organisation(connection, organisation_id)
            self._records.replace(connection, organisation_id, records)

        await self._database.write(store)
        return answer(None, 204)

    def organisation(self, connection: Connection, organisation_id: str) -> str:
        """Returns the name of an organisation; 404 for an unknown one."""
        name = self._organisations.name(connection, organisation_id)
        if name is None:
            raise Refusal(404, "not_found", "There is no such organisation.")
        return name

    async def add_person(self, request: Request) -> Response:
        """Makes a person of an organisation."""
        fields = await bodies.body(request)
        email, password = bodies.email(fields), bodies.new_password(fields)
        name = bodies.text(fields, "name")
        organisation_id = bodies.text(fields, "organisation_id")
        tier = bodies.choice(fields, "tier", self._tiers.names) if "tier" in fields else "enterprise"
        permissions = (
            bodies.texts(fields, "permissions", self._permissions) if "permissions" in fields else None
        )
        limits = bodies.limits(fields) if "limits" in fields else None
        password_hash = await self._passwords.hashed(password)
        new = NewPerson(email, password_hash, name, organisation_id, tier, permissions, limits)

        def store(connection: Connection) -> Person:
            if self._organisations.name(connection, organisation_id) is None:
                raise bodies.invalid("organisation_id", "There is no such organisation.")
            return self._people.create(connection, new, self._clock.now())

        try:
            person = await self._database.write(store)
        except EmailTakenError:
            raise Refusal(409, "email_taken", "Somebody has this address.", field="email") from None
        return answer({"user": person.as_user()}, 201)

    async def show_person(self, request: Request) -> Response:
        """Says how a person is set up and what they are doing."""
        user_id = request.path_params["id"]

        def look(connection: Connection) -> dict[str, object]:
            person = self.person(connection, user_id)
            policy = person.policy
            return {
                "user": person.as_user(),
                "disabled": person.disabled,
                "limits": {name: getattr(policy, name) for name in bodies.LIMIT_NAMES},
                "last_seq": person.last_seq,
                "connections": self._presence.count(connection, user_id, self._clock.now()),
                "runs_open": self._runs.open_of(connection, user_id),
                "held": [
                    {"run_id": run.run_id, "before": run.before, "nth": run.nth}
                    for run in self._holds.standing(connection, user_id)
                ],
            }

        shown = await self._database.read(look)
        return answer({**shown, "counters": self._metrics.of_person(user_id).as_dict()})

    def person(self, connection: Connection, user_id: str) -> Person:
        """Returns a person; 404 for an unknown one."""
        person = self._people.by_id(connection, user_id)
        if person is None:
            raise Refusal(404, "not_found", "There is no such person.")
        return person

    async def change_person(self, request: Request) -> Response:
        """Changes a person; what is not named stays as it is."""
        user_id = request.path_params["id"]
        changes = self.changes(await bodies.body(request))

        def store(connection: Connection) -> Person:
            self.person(connection, user_id)
            moved_to = changes.get("organisation_id")
            if moved_to is not None and self._organisations.name(connection, str(moved_to)) is None:
                raise bodies.invalid("organisation_id", "There is no such organisation.")
            self._people.change(connection, user_id, changes)
            return self.person(connection, user_id)

        person = await self._database.write(store)
        if person.disabled:
            self._bus.publish(Notice(DISABLED, user_id))
        return answer({"user": person.as_user()})

    def changes(self, fields: dict[str, Any]) -> dict[str, object]:
        """Returns the changes that a body asks for."""
        changes: dict[str, object] = {}
        for name in fields:
            match name:
                case "tier":
                    changes[name] = bodies.choice(fields, name, self._tiers.names)
                case "permissions":
                    given = fields[name]
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

    async def hold(self, request: Request) -> Response:
        """Stops every run of a person just before a step."""
        user_id = request.path_params["id"]
        hold = _hold(await bodies.body(request), "")

        def store(connection: Connection) -> None:
            self.person(connection, user_id)
            self._holds.set(connection, user_id, hold)

        await self._database.write(store)
        return answer({"before": hold.before, "nth": hold.nth})

    async def release(self, request: Request) -> Response:
        """Lets a person's held runs go on, to the next hold if one is given."""
        user_id = request.path_params["id"]
        fields = await bodies.body(request)
        given = fields.get("hold")
        if given is not None and not isinstance(given, dict):
            raise bodies.invalid("hold", "The field hold must be an object.")
        then = None if given is None else _hold(given, "hold.")

        def store(connection: Connection) -> int:
            self.person(connection, user_id)
            return self._holds.release(connection, user_id, then)

        released = await self._database.write(store)
        self._bus.publish(Notice(RELEASED, user_id))
        return answer({"released": released})

    async def revoke(self, request: Request) -> Response:
        """Ends one login of a person, or all of them."""
        user_id = request.path_params["id"]
        fields = await bodies.body(request)
        sid = bodies.text(fields, "sid") if fields.get("sid") is not None else None

        def store(connection: Connection) -> None:
            self.person(connection, user_id)
            now = self._clock.now()
            if sid is not None:
                self._logins.revoke(connection, "sid", sid, now)
                return
            known = {
                *self._logins.of_person(connection, user_id),
                *self._presence.logins(connection, user_id),
            }
            for one in known:
                self._logins.revoke(connection, "sid", one, now)
            # Tokens of logins that nobody noted: those issued in an earlier second than this one.
            self._people.change(connection, user_id, {"revoked_before": float(int(now))})

        await self._database.write(store)
        self._bus.publish(Notice(REVOKED, user_id, subject=sid or ""))
        return answer(None, 204)

    async def drain(self, request: Request) -> Response:
        """Begins to take the service down."""
        del request
        self._drain()
        return answer({"status": "draining"}, 202)


def _records(document: object, prefix: str = "") -> RecordSet:
    try:
        return parse_records(document)
    except RecordsInvalidError as problem:
        field = prefix + problem.field if problem.field != "records" else "records"
        raise bodies.invalid(field, f"The field {field} {problem.message}.") from None


def _hold(fields: dict[str, Any], prefix: str) -> Hold:
    before, nth = fields.get("before"), fields.get("nth", 1)
    if before not in DURABLE:
        raise bodies.invalid(
            f"{prefix}before", f"The field {prefix}before must be one of {', '.join(DURABLE)}."
        )
    if not isinstance(nth, int) or isinstance(nth, bool) or not 1 <= nth <= MAX_NTH:
        raise bodies.invalid(f"{prefix}nth", f"The field {prefix}nth must be an integer from 1 up.")
    return Hold(str(before), nth)
