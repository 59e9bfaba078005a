"""What exists while a test runs: organisations, people and sessions, by the names that suites give them.

Names live as long as the test or suite that made them; a test sees its own and those of its suites. A name is
given once: a second Ana would silently take the first one's place in every later step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar

from .chat import Chat
from .deployment import Deployment
from .identity import Organisation, Person
from .nearest import choices, did_you_mean
from .outage import Outage
from .service import Service

T = TypeVar("T")

MAKE_PERSON: Final = "`NAME is an enterprise user of ORGANISATION`, or `Make Person    NAME    ORGANISATION`"
"""How a suite makes a person."""


class UnknownName(Exception):
    """A suite names something that does not exist; the message lists what does."""

    ROBOT_SUPPRESS_NAME = True


class NameTaken(Exception):
    """A suite makes something under a name that is in use; the message says what has it, and what to do."""

    ROBOT_SUPPRESS_NAME = True


@dataclass(slots=True)
class Scope:
    """What one suite or test has made."""

    name: str
    organisations: dict[str, Organisation] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    chats: dict[str, Chat] = field(default_factory=dict)
    retired: list[Chat] = field(default_factory=list)
    service: Service | None = None
    deployments: list[Deployment] = field(default_factory=list)
    held: list[Person] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    next_outage: Outage | None = None
    going_on: list[Callable[[], None]] = field(default_factory=list)
    """What ends what goes on beside the test, before its sessions are judged."""
    noted: dict[tuple[object, str], Any] = field(default_factory=dict)
    """What keywords have noted for later ones; see :class:`Notes`."""

    def end_outages(self) -> None:
        """Gives back whatever a test has taken away."""
        self.next_outage = None
        while self.outages:
            self.outages.pop().end()

    def end_what_goes_on(self) -> None:
        """Ends what a test has left going on beside it."""
        while self.going_on:
            self.going_on.pop()()


class World:
    """The scopes that are open, the innermost last."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = [Scope("everything")]

    @property
    def scope(self) -> Scope:
        """The innermost scope."""
        return self.scopes[-1]

    @property
    def latest_deployment(self) -> Deployment:
        """What was started last, for the test or else for its suite."""
        return next(scope.deployments[-1] for scope in reversed(self.scopes) if scope.deployments)

    def enter(self, name: str) -> None:
        """Opens the scope of a suite or test."""
        self.scopes.append(Scope(name))

    def leave(self) -> Scope:
        """Closes the innermost scope and returns what it held."""
        return self.scopes.pop() if len(self.scopes) > 1 else Scope("nothing")

    def organisation(self, name: str) -> Organisation:
        """The organisation of this name.

        Raises:
            UnknownName: There is none.
        """
        return _find(
            "organisation",
            name,
            [s.organisations for s in self.scopes],
            "`Make Organisation    NAME`, or let somebody work there: `... is an enterprise user of NAME`",
        )

    def has_organisation(self, name: str) -> bool:
        """Whether an organisation of this name exists."""
        return any(name in s.organisations for s in self.scopes)

    def must_be_a_new_organisation(self, name: str) -> None:
        """Refuses a name that an organisation has.

        Raises:
            NameTaken: It has been made already; the people of either would be in two companies of one name.
        """
        if self.has_organisation(name):
            raise NameTaken(
                f"There is an organisation {name!r} already{self._made(name, 'organisations')}. "
                "Another company needs another name; to go on with this one leave the step out, or give it "
                f"other records: `Replace Records    {name}    ...`."
            )

    def must_be_a_new_person(self, name: str) -> None:
        """Refuses a name that a person has.

        Raises:
            NameTaken: The person has been made already.
        """
        if any(name in s.people for s in self.scopes):
            there = self.person(name)
            about = f"{there.tier}, at {there.organisation.name}{self._made(name, 'people')}"
            raise NameTaken(
                f"There is a person {name!r} already ({about}). Somebody else needs another name; to go on "
                f"with {name} leave the step out, or change what there is: `{name} upgrades to pro`, "
                f"`Change Person    {name}    ...`."
            )

    def _made(self, name: str, what: Literal["organisations", "people"]) -> str:
        """Where a name was made, when it was not made by this test."""
        maker = next(s for s in reversed(self.scopes) if name in getattr(s, what))
        return "" if maker is self.scope else f", made by {maker.name}"

    def person(self, name: str) -> Person:
        """The person of this name.

        Raises:
            UnknownName: There is none.
        """
        return _find("person", name, [s.people for s in self.scopes], MAKE_PERSON)

    def chat(self, alias: str) -> Chat:
        """The session of this alias.

        Raises:
            UnknownName: There is none, or the person of this name has several under other names.
        """
        people = {name for s in self.scopes for name in s.people}
        if alias in people and not self.has_chat(alias):
            raise UnknownName(self._without_session(alias))
        if alias not in people and not any(s.chats for s in self.scopes):
            self.person(alias)  # whoever is not known at all is the first thing to say
        return _find(
            "session", alias, [s.chats for s in self.scopes], "`... is connected`, or `Open Session    NAME`"
        )

    def _without_session(self, name: str) -> str:
        """What is said of a person without a session of that name."""
        others = sorted(chat.alias for chat in self.chats() if chat.person.name == name)
        if others:
            return (
                f"{name} has no session of that very name, but {len(others)}: {', '.join(others)}. "
                "Say which one is meant."
            )
        return (
            f"{name} has no session yet. Open one first: `{name} is connected`, or `Open Session    {name}`."
        )

    def has_chat(self, alias: str) -> bool:
        """Whether a session of this alias exists."""
        return any(alias in s.chats for s in self.scopes)

    def chats(self) -> Iterator[Chat]:
        """Every session of every open scope, replaced ones included."""
        for scope in self.scopes:
            yield from scope.retired
            yield from scope.chats.values()

    def watching(self, person: Person) -> list[Chat]:
        """The sessions of a person that only look on."""
        return [chat for chat in self.chats() if chat.watches and chat.person is person]

    def add_chat(self, chat: Chat) -> None:
        """Adds a session to the innermost scope; an ended one of that alias is kept for judging.

        Raises:
            NameTaken: The session of that alias is still connected.
        """
        if self.has_chat(chat.alias) and (there := self.chat(chat.alias)).session.is_open:
            raise NameTaken(_connected(there))
        old = self.scope.chats.get(chat.alias)
        if old is not None:
            self.scope.retired.append(old)
        self.scope.chats[chat.alias] = chat


def must_have_ended(chat: Chat) -> None:
    """Refuses to connect a session anew that is connected: nobody would see how its connection ended.

    Raises:
        NameTaken: It is connected still.
    """
    if chat.session.is_open:
        raise NameTaken(_connected(chat))


class Notes(Generic[T]):
    """What keywords note by name for later ones: it lives as long as the test or suite that noted it.

    So a test judges its own figures or those of its suite's setup, and never those of an earlier test.

    Args:
        world: The scopes.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def __setitem__(self, name: str, value: T) -> None:
        self._world.scope.noted[self, name] = value

    def get(self, name: str) -> T | None:
        """What was noted last under a name; None when nothing was."""
        return next(
            (s.noted[self, name] for s in reversed(self._world.scopes) if (self, name) in s.noted), None
        )

    def names(self) -> list[str]:
        """The names under which something was noted, the oldest first."""
        found = [name for s in self._world.scopes for owner, name in s.noted if owner is self]
        return list(dict.fromkeys(found))


def _connected(there: Chat) -> str:
    """What is said of a session that is connected already."""
    name, alias = there.person.name, there.alias
    session = "" if alias == name else f" in the session {alias!r}"
    return (
        f"{name} is connected already{session}. A second device needs a name of its own: "
        f"`{name} is also connected with a phone`, or `Open Session    {name}    {name}'s phone`. To connect "
        f"anew, end this one first: `Close Session    {alias}`, then `Reopen Session    {alias}`."
    )


def _find(kind: str, name: str, places: list[dict[str, T]], maker: str) -> T:
    for place in reversed(places):
        if name in place:
            return place[name]
    known = [key for place in places for key in place]
    if not known:
        raise UnknownName(f"There is no {kind} {name!r}, and no other yet. Make one: {maker}.")
    raise UnknownName(
        f"There is no {kind} {name!r}.{did_you_mean(name, known)} There are: {choices(name, known)}. "
        f"Make another: {maker}."
    )
