"""Logins: the refresh token that is still good, what was revoked, and failed attempts."""

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from backend.store.engine import one_statement
from backend.store.people import email_key
from backend.store.schema import login_failures, logins, revocations
from backend.store.sql import insert_if_absent, one_at_a_time

FAILURES_ALLOWED = 5
"""Failed logins of one account after which it waits (OWASP ASVS 5.0, 6.3.1: brute force is throttled)."""

FAILURE_WINDOW_SECONDS = 60.0
"""Time in which they are counted."""


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
    """Slows down whoever guesses the password of one account."""

    def attempt(self, connection: Connection, email: str, now: float) -> float | None:
        """Counts an attempt as failed until ``succeeded`` says otherwise.

        Counting first keeps attempts that run side by side from slipping through together.

        Returns:
            None when the attempt may be made, else the seconds until the next one may.
        """
        key = email_key(email)
        one_at_a_time(connection, "login", key)
        since = now - FAILURE_WINDOW_SECONDS
        connection.execute(
            delete(login_failures).where(
                login_failures.c.email_key == key, login_failures.c.failed_at <= since
            )
        )
        times = sorted(
            connection.execute(
                select(login_failures.c.failed_at).where(login_failures.c.email_key == key)
            ).scalars()
        )
        if len(times) >= FAILURES_ALLOWED:
            return float(times[-FAILURES_ALLOWED]) + FAILURE_WINDOW_SECONDS - now
        connection.execute(insert(login_failures).values(email_key=key, failed_at=now))
        return None

    def succeeded(self, connection: Connection, email: str) -> None:
        """Forgets the failures of an account whose password was given."""
        connection.execute(delete(login_failures).where(login_failures.c.email_key == email_key(email)))

    def failures(self, connection: Connection, email: str) -> int:
        """Returns how many failures of an account are kept."""
        return int(
            connection.execute(
                select(func.count())
                .select_from(login_failures)
                .where(login_failures.c.email_key == email_key(email))
            ).scalar_one()
        )
