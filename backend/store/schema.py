"""The tables of people, logins, threads, runs, the event log and what processes share.

Times are Unix seconds as double precision: they are compared with frames and tokens, which say the same.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    Table,
    Text,
)

from backend.store.metadata import metadata

organisations = Table(
    "organisations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("organisation_id", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("permissions", Text),  # JSON list; NULL follows the tier
    Column("overrides", Text, nullable=False),  # JSON object of limits that differ from the tier's
    Column("disabled", Boolean, nullable=False),
    Column("revoked_before", Double, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_event_at", Double, nullable=False),
    Column("created_at", Double, nullable=False),
)

logins = Table(
    "logins",
    metadata,
    Column("sid", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    Column("refresh_jti", Text, nullable=False),  # the one refresh token that may still be used
    Column("created_at", Double, nullable=False),
)

revocations = Table(
    "revocations",
    metadata,
    Column("kind", Text, primary_key=True),  # sid or jti
    Column("value", Text, primary_key=True),
    Column("revoked_at", Double, nullable=False),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("email_key", Text, nullable=False),
    Column("failed_at", Double, nullable=False),
    Index("login_failures_of", "email_key", "failed_at"),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email_key", Text, nullable=False, index=True),
    Column("begun_at", Double, nullable=False),
)

threads = Table(
    "threads",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner_id", Text, nullable=False, index=True),
    Column("organisation_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("threads_shared", "organisation_id", "shared"),
)

messages = Table(
    "messages",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("thread_id", Text, nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)

asked = Table(
    "asked",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("content_hash", Text, nullable=False),
    Column("thread_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("organisation_id", Text, nullable=False),
    Column("thread_id", Text, nullable=False),
    Column("previous_run_id", Text),  # the last one of the thread that had ended when this one began
    Column("open", Boolean, nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("plan", Text),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Index("runs_open_of", "user_id", "open"),
    Index("runs_leases", "open", "lease_until"),
    Index("runs_ended_in", "thread_id", "ended_at"),
)

events = Table(
    "events",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("run_id", Text, nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("tool_call_id", Text),
    Column("tool_name", Text),
    Column("at", Double, nullable=False),
    Column("text", Text, nullable=False),  # the frame as it is sent, byte for byte
)

holds = Table(
    "holds",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("before", Text, nullable=False),
    Column("nth", Integer, nullable=False),
)

held = Table(
    "held",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    Column("before", Text, nullable=False),
    Column("nth", Integer, nullable=False),
    Column("released", Boolean, nullable=False),
)

buckets = Table(
    "buckets",
    metadata,
    Column("key", Text, primary_key=True),
    Column("level", Double, nullable=False),  # tokens taken and not yet filled up again
    Column("at", Double, nullable=False),
)

quotas = Table(
    "quotas",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("window_start", Double, nullable=False),
    Column("used", Integer, nullable=False),
)

presence = Table(
    "presence",
    metadata,
    Column("connection_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    Column("sid", Text, nullable=False),
    Column("owner", Text, nullable=False, index=True),
    Column("lease_until", Double, nullable=False),
)

totals = Table(
    "person_totals",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("counts", Text, nullable=False),  # JSON object of objects of numbers
)

probes = Table(
    "probes",
    metadata,
    Column("instance", Text, primary_key=True),
    Column("at", Double, nullable=False),
)
