"""Logins and their tokens: what they say, how they are renewed, how they end."""

from __future__ import annotations

import itertools
import secrets
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from robot.api.deco import keyword
from robot.api.types import Secret

from ..chat import Unexpected
from ..identity import Person, contents, expiry, new_password
from ..kit import Kit
from ..service import Answer, Service
from ..volley import volley
from .doors import answered, when_to_come_back
from .promises import BrokenPromise

ID_LEAST: Final = 22
"""Characters that 128 random bits need at least, in base64url (contract: Order and delivery)."""
SHARED_MOST: Final = 8
"""Characters at one place that two random ids of a test never share: one pair in 160 million would."""
WRONG: Final = "401 invalid_credentials"
"""How a wrong password is refused that was looked at (contract: HTTP)."""
TOO_MANY: Final = "429 rate_limited"
"""How it is refused without a look."""
WAIT_MOST: Final = 60.0
"""Longest time in seconds for which an account is closed to whoever guesses (contract: HTTP)."""
NOBODYS: Final = "an address that nobody has"


class Logins:
    """Keywords about logins and the tokens that belong to them."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Sessions", "Credentials"))
    def hand_over_token(self, session: str, token: Secret) -> int:
        """Hands a new token over on an open connection; its expiry is the connection's from then on.

        Args:
            session: Alias of the session.
            token: The new access token.

        Returns:
            When it expires, in Unix seconds, as the backend says.

        Raises:
            Unexpected: The token was refused.
            EventMissing: No answer came.

        Example:
        | ${token}        | Mint Token | Ana | expires_in=300 |
        | Hand Over Token | Ana        | ${token} |
        """
        chat = self.kit.world.chat(session)
        reply = chat.reply(chat.send("refresh_token", {"token": token.value}), "token_refreshed", "error")
        if reply.type == "error":
            raise Unexpected(
                f"{session}'s new token should be taken; it was refused with {reply.get('code')}"
                f" ({reply.get('message')})."
            )
        chat.expires = expiry(token.value)
        return int(reply.get("expires_at") or 0)

    @keyword(tags=("Credentials",))
    def get_login_of_token(self, token: Secret) -> str:
        """Returns the id of the login that a token belongs to, its ``sid``.

        Args:
            token: The token.

        Example:
        | ${token} | Sign In            | Ana |
        | ${login} | Get Login Of Token | ${token} |
        | ${other} | Mint Token         | Ana | sid=${login} |
        """
        return str(contents(token.value)["sid"])

    @keyword(tags=("Credentials",))
    def get_claims_of_token(self, token: Secret) -> Mapping[str, Any]:
        """Returns what a token says, for one that says nearly the same.

        Args:
            token: The token.

        Example:
        | Sign In      | Ana |
        | ${refresh}   | Get Refresh Token   | Ana |
        | ${says}      | Get Claims Of Token | ${refresh} |
        | ${expired}   | Mint Token          | Ana | expires_in=-10 | &{says} |
        """
        return contents(token.value)

    @keyword(tags=("Credentials", "Operations"))
    def revoke_logins(self, person: str, token: Secret | None = None) -> None:
        """Ends logins of a person through administration, as support staff would.

        Args:
            person: Whose.
            token: A token of the one login that is to end; all of them end when omitted.

        Raises:
            Declined: The backend declined it.

        Example:
        | ${token}                     | Sign In | Ana |
        | Revoke Logins                | Ana     | ${token} |
        | Connection Should Be Refused | Ana     | 401 | invalid_token | token=${token} |
        """
        found = self.kit.world.person(person)
        body = {"sid": self.get_login_of_token(token)} if token is not None else {}
        found.service.admin("POST", f"/people/{found.user_id}/revoke", body, status=204)

    @keyword(tags=("Credentials", "Judging"))
    def login_should_tell_the_truth(self, person: str) -> None:
        """Logs a person in and compares what the answer and its tokens say of the person with what is so.

        Args:
            person: Who logs in.

        Raises:
            BrokenPromise: The answer or a token names somebody else, other rights or another kind, or
                ``expires_in`` is not the time from its issue to its expiry.

        Example:
        | Login Should Tell The Truth | Ana |
        """
        found = self.kit.world.person(person)
        answer = found.sign_in()
        access = contents(answer["access_token"])
        wrong = [
            *_untrue("the token's", _claims(found), access),
            *_untrue("the user's", _user(found), answer.get("user") or {}),
            *_misdescribed(answer),
        ]
        kind = contents(answer["refresh_token"]).get("token_type")
        if kind != "refresh":
            wrong.append(f"the refresh token's token_type is {kind!r} instead of 'refresh'")
        if wrong:
            raise BrokenPromise(f"{person}'s login is told wrongly: {'; '.join(wrong)}.")

    @keyword(tags=("Credentials", "Judging"))
    def renewal_should_tell_the_truth(self, person: str) -> None:
        """Trades in a person's refresh token and compares what is said of the new token with what is so.

        Args:
            person: The person's name.

        Raises:
            BrokenPromise: The token names somebody else, is of another kind, or is good for another time.

        Example:
        | Sign In                       | Ana |
        | Renewal Should Tell The Truth | Ana |
        """
        found = self.kit.world.person(person)
        answer = found.refresh()
        access = contents(answer["access_token"])
        wrong = [*_untrue("the token's", _claims(found), access), *_misdescribed(answer)]
        if wrong:
            raise BrokenPromise(f"{person}'s new token is told wrongly: {'; '.join(wrong)}.")

    @keyword(tags=("Credentials", "Limits"))
    def sign_in_at_once(self, person: str, count: int) -> None:
        """Logs a person in several times at the same moment, with the right password.

        Args:
            person: Who logs in.
            count: How many logins.

        Raises:
            BrokenPromise: One was refused.

        Example:
        | Sign In At Once | Ana | 8 |
        """
        found = self.kit.world.person(person)
        statuses = self._logins(found, [found.password] * count)
        if set(statuses) != {200}:
            raise BrokenPromise(
                f"{person} logged in {count} times at the same moment, always with the right password, and"
                f" should be let in each time; the answers were {_counted(statuses)}."
            )

    @keyword(tags=("Credentials", "Limits"))
    def guess_at_once(self, person: str, count: int, looked_at: int) -> None:
        """Tries several wrong passwords of an account at the same moment.

        Args:
            person: Whose account.
            count: How many passwords.
            looked_at: How many of them may be looked at, and refused as wrong with 401; the others must be
                refused with 429 without a look.

        Raises:
            BrokenPromise: Another number was looked at.

        Example:
        | Create Person | Clara | Northwind |
        | Guess At Once | Clara | 12 | looked_at=5 |
        """
        found = self.kit.world.person(person)
        statuses = self._logins(found, [new_password() for _ in range(count)])
        if Counter(statuses) != {401: looked_at, 429: count - looked_at}:
            raise BrokenPromise(
                f"Of {count} wrong passwords for {person} at the same moment, {looked_at} should be looked at"
                f" (401) and the others refused (429); the answers were {_counted(statuses)}."
            )

    @keyword(tags=("Credentials", "Security", "Judging"))
    def guesses_should_not_tell_an_account(self, person: str, count: int, looked_at: int) -> None:
        """Tries wrong passwords of an account and of an address that nobody has: they must be answered alike.

        Args:
            person: Whose account.
            count: How many passwords for each; more than are looked at, to see how the others are refused.
            looked_at: How many of each may be looked at, and refused as wrong with 401; the others must be
                refused with 429 and the time to wait, a minute at the most.

        Raises:
            BrokenPromise: A guess at the account was answered otherwise than one at the address, or both
                otherwise than they should be.

        Example:
        | Create Person                      | Clara | Northwind |
        | Guesses Should Not Tell An Account | Clara | 6 | looked_at=5 |
        """
        found = self.kit.world.person(person)
        nobody = f"nobody.{secrets.token_hex(6)}@customers.example"
        for number in range(1, count + 1):
            due = WRONG if number <= looked_at else TOO_MANY
            guesses = {
                whose: self._guess(found.service, email)
                for whose, email in ((f"{person}'s account", found.email), (NOBODYS, nobody))
            }
            known, unknown = map(_told, guesses.values())
            if known != unknown:
                raise BrokenPromise(
                    f"Wrong password number {number} was answered with {known} for {person}'s account, with"
                    f" {unknown} for {NOBODYS}; whoever guesses learns who is a customer."
                )
            for whose, answer in guesses.items():
                if answered(answer) != due:
                    raise BrokenPromise(
                        f"Wrong password number {number} for {whose} should be answered with {due}, since"
                        f" {looked_at} are looked at; it was answered with {known}."
                    )
                if due == TOO_MANY:
                    what = f"The refusal of wrong password number {number} for {whose}"
                    when_to_come_back(answer, what, most=WAIT_MOST)

    def _guess(self, service: Service, email: str) -> Answer:
        """How a login with a wrong password is answered."""
        return service.request("POST", "/auth/login", {"email": email, "password": new_password()})

    @keyword(tags=("Credentials", "Security"))
    def refresh_at_once(self, person: str, count: int) -> None:
        """Uses a person's refresh token several times at the same moment, and expects it to work once.

        Args:
            person: Whose refresh token; its login has ended afterwards.
            count: How many times it is used.

        Raises:
            BrokenPromise: It worked more than once, or never, or was refused in another way than with 401.

        Example:
        | Sign In         | Ana |
        | Refresh At Once | Ana | 4 |
        """
        found = self.kit.world.person(person)
        statuses = self._at_once(found, "/auth/refresh", [{"refresh_token": found.refresh_token}] * count)
        if Counter(statuses) != {200: 1, 401: count - 1}:
            raise BrokenPromise(
                f"{person}'s refresh token was used {count} times at the same moment; once it should give new"
                f" tokens (200), and otherwise be refused (401). The answers were {_counted(statuses)}."
            )

    def _logins(self, person: Person, passwords: list[str]) -> list[int]:
        """The statuses of logins at the same moment."""
        tries = [{"email": person.email, "password": password} for password in passwords]
        return self._at_once(person, "/auth/login", tries)

    def _at_once(self, person: Person, path: str, bodies: list[dict[str, str]]) -> list[int]:
        """The statuses of requests at the same moment, each over a connection of its own."""
        return volley(person.service.deployment.url, path, bodies)

    @keyword(tags=("Judging", "Security"))
    def ids_should_be_beyond_guessing(self, session: str) -> int:
        """Compares the ids of all runs and conversations that a session has begun: they must share nothing.

        Args:
            session: Alias of the session; it must have asked at least twice.

        Returns:
            How many ids were compared.

        Raises:
            BrokenPromise: One is too short for 128 random bits, or two are alike in a whole stretch, as those
                of a counter or a clock are.

        Example:
        | Ask                           | Ana | What did we spend in total? |
        | Ask                           | Ana | Which resources are idle? |
        | Ids Should Be Beyond Guessing | Ana |
        """
        questions = self.kit.world.chat(session).questions
        ids = sorted({*(one.run_id for one in questions), *(one.thread_id for one in questions)})
        for one in ids:
            if len(_random_part(one)) < ID_LEAST:
                raise BrokenPromise(f"The id {one} is too short for 128 random bits.")
        for one, other in itertools.combinations(ids, 2):
            shared = _shared(_random_part(one), _random_part(other))
            if shared:
                raise BrokenPromise(
                    f"The ids {one} and {other} should have nothing in common, so that nobody who knows the"
                    f" one can guess the other; both hold {shared!r} at the same place."
                )
        return len(ids)


def _claims(person: Person) -> dict[str, Any]:
    """What an access token must say of a person (contract: Handshake)."""
    return {
        "sub": person.user_id,
        "org": person.organisation.id,
        "email": person.email,
        "tier": person.tier,
        "permissions": sorted(person.permissions),
        "token_type": "access",
    }


def _user(person: Person) -> dict[str, Any]:
    """What the answer to a login must say of a person (contract: HTTP, ``USER``)."""
    return {
        "id": person.user_id,
        "email": person.email,
        "name": person.name,
        "organisation_id": person.organisation.id,
        "organisation": person.organisation.name,
        "tier": person.tier,
        "permissions": sorted(person.permissions),
    }


def _untrue(whose: str, due: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    """What is said of a person and is not so; the order of permissions means nothing."""
    came = {**told, "permissions": sorted(told.get("permissions") or ())}
    return [
        f"{whose} {name} is {came.get(name)!r} instead of {value!r}"
        for name, value in due.items()
        if came.get(name) != value
    ]


def _misdescribed(answer: Mapping[str, Any]) -> list[str]:
    """What an answer with tokens says wrongly of its access token (contract: HTTP)."""
    access, wrong = contents(answer["access_token"]), list[str]()
    lives = access["exp"] - access["iat"]
    if answer.get("expires_in") != lives:
        wrong.append(f"expires_in is {answer.get('expires_in')!r} although the token is good for {lives} s")
    if answer.get("token_type") != "Bearer":
        wrong.append(f"token_type is {answer.get('token_type')!r} instead of 'Bearer'")
    return wrong


def _told(answer: Answer) -> str:
    """What a refusal says, but for how long to wait, which differs from one to the next."""
    error = answer.body.get("error", {})
    beside = sorted(error.keys() - {"code", "message"})
    return f"{answered(answer)} ({error.get('message')})" + (f" with {', '.join(beside)}" if beside else "")


def _counted(statuses: list[int]) -> str:
    return ", ".join(f"{status} ({number} times)" for status, number in sorted(Counter(statuses).items()))


def _random_part(one: str) -> str:
    """An id without its prefix."""
    return one.split("_", 1)[-1].replace("-", "")


def _shared(one: str, other: str) -> str | None:
    """What two ids have in common at one place, when it is so long that it is no chance."""
    pairs = range(min(len(one), len(other)) - SHARED_MOST + 1)
    same = (one[at : at + SHARED_MOST] for at in pairs if one[at:].startswith(other[at : at + SHARED_MOST]))
    return next(same, None)
