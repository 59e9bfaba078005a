"""Logins: the refresh token that is still good, what was revoked, and failed attempts."""

import asyncio
from contextlib import AbstractAsyncContextManager
from weakref import WeakValueDictionary

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from backend.store.engine import one_statement
from backend.store.people import email_key
from backend.store.schema import login_attempts, login_failures, logins, revocations
from backend.store.sql import insert_if_absent, one_at_a_time

FAILURES_ALLOWED = 5
"""Failed logins of one account after which it waits (OWASP ASVS 5.0, 6.3.1: brute force is throttled)."""

FAILURE_WINDOW_SECONDS = 60.0
"""Time in which they are counted."""

ATTEMPT_SECONDS = 10.0
"""Time after which an attempt that nobody has ended counts as failed: its process is gone."""


class Logins:
    """Who is signed in, by the ``sid`` that all tokens of one login share."""

    def begin(self, connection: Connection, sid: str, user_id: str, refresh_jti: str, now: float) -> None:
        """Notes a new login and its refresh token."""
        connection.execute(
            insert(logins).values(sid=sid, user_id=user_id, refresh_jti=refresh_jti, created_at=now)
        )

    def rotate(self, connection: Connection, sid: str, used_jti: str, new_jti: str) -> bool:
        """Puts a new refresh token in the place of the one that was used.

        Returns:
            Whether the used one was the login's current token. If not, somebody used it before.
        """
        changed = connection.execute(
            update(logins)
            .where(logins.c.sid == sid, logins.c.refresh_jti == used_jti)
            .values(refresh_jti=new_jti)
        )
        return changed.rowcount == 1

    def of_person(self, connection: Connection, user_id: str) -> list[str]:
        """Returns the ``sid`` of each login of a person."""
        return list(connection.execute(select(logins.c.sid).where(logins.c.user_id == user_id)).scalars())

    def revoke(self, connection: Connection, kind: str, value: str, now: float) -> None:
        """Makes a login or a single token worthless.

        Args:
            connection: An open connection.
            kind: ``sid`` or ``jti``.
            value: Which.
            now: Unix time.
        """
        insert_if_absent(connection, revocations, {"kind": kind, "value": value, "revoked_at": now})

    def has_ended(self, connection: Connection, sid: str) -> bool:
        """Says whether a login was ended."""
        return self._revoked(connection, "sid", sid)

    def is_revoked(self, connection: Connection, sid: str, jti: str) -> bool:
        """Says whether a token or its login was revoked."""
        return self.has_ended(connection, sid) or self._revoked(connection, "jti", jti)

    @one_statement
    def revoked_sids(self, connection: Connection, sids: list[str], after: float) -> set[str]:
        """Returns those of the logins that were revoked after a moment."""
        recent = connection.execute(
            select(revocations.c.value).where(revocations.c.kind == "sid", revocations.c.revoked_at >= after)
        ).scalars()
        return set(sids) & set(recent)

    def _revoked(self, connection: Connection, kind: str, value: str) -> bool:
        return connection.execute(_REVOKED, {"the_kind": kind, "the_value": value}).scalar() is not None


_REVOKED = select(revocations.c.value).where(
    revocations.c.kind == bindparam("the_kind"), revocations.c.value == bindparam("the_value")
)


class LoginThrottle:
    """Slows down whoever guesses the password of one account.

    Attempts of one account take turns in a process. Over processes, those under way count until it is known
    how they end, so that guesses that are made side by side do not slip through together; whoever may go on
    or not by how they end waits for it.
    """

    window_seconds = FAILURE_WINDOW_SECONDS
    """Time in which failures are counted."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def account(self, email: str) -> str:
        """Returns whose account an address means, however it is spelt."""
        return email_key(email)

    def turn(self, email: str) -> AbstractAsyncContextManager[None]:
        """Lets the attempts of one account that come to this process go one after the other."""
        return self._turns.setdefault(self.account(email), asyncio.Lock())

    def attempt(self, connection: Connection, email: str, attempt: str, now: float) -> float | None:
        """Begins an attempt, which ``succeeded`` or ``failed`` ends.

        Returns:
            None when it may be made, else the seconds until one may: 0 when that depends on others under way.
        """
        key = self.account(email)
        one_at_a_time(connection, "login", key)
        self.forget(connection, key, now)
        failed = select(login_failures.c.failed_at).where(login_failures.c.email_key == key)
        times = sorted(connection.execute(failed).scalars())
        if len(times) >= FAILURES_ALLOWED:
            return float(times[-FAILURES_ALLOWED]) + self.window_seconds - now
        if len(times) + self.under_way(connection, key) >= FAILURES_ALLOWED:
            return 0.0
        connection.execute(insert(login_attempts).values(id=attempt, email_key=key, begun_at=now))
        return None

    def forget(self, connection: Connection, key: str, now: float) -> None:
        """Forgets old failures; attempts that nobody has ended are failures."""
        lost = login_attempts.c.email_key == key, login_attempts.c.begun_at <= now - ATTEMPT_SECONDS
        for begun_at in connection.execute(select(login_attempts.c.begun_at).where(*lost)).scalars().all():
            connection.execute(insert(login_failures).values(email_key=key, failed_at=begun_at))
        connection.execute(delete(login_attempts).where(*lost))
        old = login_failures.c.failed_at <= now - self.window_seconds
        connection.execute(delete(login_failures).where(login_failures.c.email_key == key, old))

    def under_way(self, connection: Connection, key: str) -> int:
        """Returns how many attempts of an account have not ended."""
        count = select(func.count()).select_from(login_attempts).where(login_attempts.c.email_key == key)
        return int(connection.execute(count).scalar_one())

    def failed(self, connection: Connection, email: str, attempt: str, now: float) -> None:
        """Counts an attempt as a failure."""
        one_at_a_time(connection, "login", self.account(email))
        connection.execute(insert(login_failures).values(email_key=self.account(email), failed_at=now))
        connection.execute(delete(login_attempts).where(login_attempts.c.id == attempt))

    def succeeded(self, connection: Connection, email: str, attempt: str) -> None:
        """Forgets the failures of an account whose password was given."""
        connection.execute(delete(login_failures).where(login_failures.c.email_key == self.account(email)))
        connection.execute(delete(login_attempts).where(login_attempts.c.id == attempt))
