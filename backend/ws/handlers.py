"""What each type of client frame does, beside ``ping``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.agent.intake import Accepted, Intake, Question
from backend.agent.offers import Offers
from backend.agent.supervisor import Supervisor
from backend.agent.turns import FairThreads
from backend.compose import FrameError
from backend.ground import Ground, Stores
from backend.identity import Authenticator, Identity
from backend.ids import new_id
from backend.store.notify import CANCEL, Notice
from backend.store.people import Person
from backend.store.runs import Run
from backend.tokens import ExpiredTokenError, InvalidTokenError
from backend.ws.frames import ClientFrame

if TYPE_CHECKING:
    from sqlalchemy import Connection as Transaction

    from backend.drain import DrainState
    from backend.ws.connection import Connection


class Chat:
    """``chat`` and ``user_message``: a question to the agent."""

    def __init__(
        self,
        ground: Ground,
        intake: Intake,
        supervisor: Supervisor,
        offers: Offers,
        tool_threads: FairThreads,
        draining: DrainState,
    ) -> None:
        self._database = ground.database
        self._intake = intake
        self._supervisor = supervisor
        self._offers = offers
        self._tool_threads = tool_threads
        self._draining = draining

    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        """Accepts the question, acknowledges it, and only then lets its run begin."""
        # Who drains waits for it: it may have been let in just before.
        with self._supervisor.expecting():
            try:
                accepted = await self.accept(frame, person)
            except FrameError as error:
                if error.code == "quota_exceeded":
                    await self.add_offer(error, person)
                raise
            self.acknowledge(connection, accepted)
            self.begin(accepted)

    async def accept(self, frame: ClientFrame, person: Person) -> Accepted:
        """Stores the question."""
        question = Question(
            user_id=person.id,
            content=frame.fields["content"],
            message_id=frame.message_id,
            thread_id=frame.fields.get("thread_id"),
            share=frame.fields.get("share", False),
        )
        return await self._database.write(self._intake.accept, question, self._draining.refusal())

    def acknowledge(self, connection: Connection, accepted: Accepted) -> None:
        """Says that the question is stored."""
        fields = {"thread_id": accepted.thread_id, "run_id": accepted.run_id}
        connection.reply("ack", fields, accepted.message_id)

    def begin(self, accepted: Accepted) -> None:
        """Begins the run of a question that was not accepted before."""
        if accepted.context is not None:
            self._supervisor.start(accepted.context)

    async def add_offer(self, error: FrameError, person: Person) -> None:
        """Adds to a spent quota what an upgrade would bring."""
        offer = await self._tool_threads.run(
            person.id,
            lambda: self._database.read_here(self._offers.for_quota, person.organisation_id, person.tier),
        )
        error.offer = None if offer is None else offer.as_dict()


class Resume:
    """``resume``: the events up to the watershed once more."""

    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        """Has the writer replay them."""
        del person
        after = int(frame.fields["after_seq"])
        if after > connection.cursor.watershed:
            raise FrameError(
                "invalid_message",
                f"The field after_seq must not be above {connection.cursor.watershed}.",
                field="after_seq",
            )
        connection.resume(after, frame.message_id)


class Cancel:
    """``cancel``: ends an open run of the sender's own."""

    def __init__(self, ground: Ground, stores: Stores) -> None:
        self._ground = ground
        self._runs = stores.runs

    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        """Asks the run to end, wherever it runs."""
        run = await self._ground.database.write(self.request, frame.fields["run_id"], person)
        if run is None:
            raise FrameError("not_found", "There is no such open run.")
        fields = {"thread_id": run.thread_id, "run_id": run.id}
        connection.reply("ack", fields, frame.message_id or new_id("m"))
        self._ground.bus.publish(Notice(CANCEL, person.id, subject=run.id))

    def request(self, connection: Transaction, run_id: str, person: Person) -> Run | None:
        """Notes in the run that it shall end; None when it is not an open run of this person."""
        if not self._runs.request_cancel(connection, run_id, person.id):
            return None
        return self._runs.find(connection, run_id)


class RefreshToken:
    """``refresh_token``: the connection goes on under a new token."""

    def __init__(self, ground: Ground, stores: Stores, authenticator: Authenticator) -> None:
        self._ground = ground
        self._stores = stores
        self._authenticator = authenticator

    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        """Takes the new token if it is good and of the same person and organisation."""
        del person
        try:
            renewed = await self._authenticator.authenticate(frame.fields["token"])
        except ExpiredTokenError:
            raise FrameError("token_expired", "The new token has expired.") from None
        except InvalidTokenError:
            raise FrameError("forbidden", "The new token is not accepted.") from None
        self.same_person(connection.identity, renewed)
        is_new = renewed.claims.jti != connection.identity.claims.jti
        if is_new:
            await self._ground.database.write(self.replace, connection.id, connection.identity, renewed)
        connection.identity = renewed
        connection.reply("token_refreshed", {"expires_at": renewed.claims.exp}, frame.message_id)
        if is_new:
            connection.expiry.begin(renewed.claims.exp)

    def same_person(self, old: Identity, new: Identity) -> None:
        """Checks that the new token is of the same person and organisation."""
        if (new.claims.sub, new.claims.org) != (old.claims.sub, old.claims.org):
            raise FrameError("forbidden", "The new token belongs to somebody else.")

    def replace(self, connection: Transaction, connection_id: str, old: Identity, new: Identity) -> None:
        """Makes the old token worthless and notes the new login."""
        self._stores.logins.revoke(connection, "jti", old.claims.jti, self._ground.clock.now())
        self._stores.presence.change_login(connection, connection_id, new.claims.sid)
