"""What the library knows of an environment with several processes and a database server."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from AgentChatLibrary import deployment, environment, outage
from AgentChatLibrary.deployment import Deployment

from runner import postgres_programs, schemas
from runner.postgres_server import Server

VARIABLES = Path(__file__).resolve().parents[2] / "variables"


@pytest.fixture(scope="module")
def server():
    one = Server(postgres_programs.find())
    one.start()
    yield one
    one.stop()


def test_real_services_are_started_unless_they_run(monkeypatch):
    for name in ("AGENT_CHAT_URL", "AGENT_CHAT_BACKENDS", "AGENT_CHAT_FAULT"):
        monkeypatch.delenv(name, raising=False)
    env = environment.load(environment.find("real_services", VARIABLES))
    assert (env.url, env.backends) == (None, ())
    assert env.services[-2:] == ("all", "backend")
    assert env.command[-2:] == ("one", "backend")
    embedded = environment.load(environment.find("embedded", VARIABLES))
    assert env.capabilities >= embedded.capabilities


def test_a_worker_is_told_where_everything_is(monkeypatch):
    monkeypatch.setenv("AGENT_CHAT_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("AGENT_CHAT_BACKENDS", "http://127.0.0.1:2,http://127.0.0.1:3")
    monkeypatch.setenv("AGENT_CHAT_FAULT", "seq-gap")
    env = environment.load(environment.find("real_services", VARIABLES))
    assert env.url == "http://127.0.0.1:1"
    assert env.backends == ("http://127.0.0.1:2", "http://127.0.0.1:3")
    assert env.command[-2:] == ("backend.faults", "seq-gap")
    told = Deployment(
        env.url,
        backends=env.backends,
        database={deployment.SERVER: "postgresql://x", deployment.SCHEMA: "agent_chat_x"},
    ).variables
    assert told["AGENT_CHAT_BACKENDS"] == "http://127.0.0.1:2,http://127.0.0.1:3"
    assert told["AGENT_CHAT_SERVER_URL"] == "postgresql://x"
    assert told["AGENT_CHAT_SCHEMA"] == "agent_chat_x"


def test_a_deployment_without_a_server_says_nothing_of_one():
    told = Deployment("http://127.0.0.1:1").variables
    assert set(told) == {"AGENT_CHAT_URL"}


@pytest.fixture
def noted(server, tmp_path):
    """A schema with two tables, and the file that names it."""
    schema = schemas.new_schema()
    schemas.create_schema(server.url, schema)
    with psycopg.connect(schemas.in_schema(server.url, schema)) as connection:
        connection.execute('CREATE TABLE "people" (id int)')
        connection.execute('CREATE TABLE "Odd name" (id int)')
    file = tmp_path / "database.schema"
    file.write_text(schema, "utf-8")
    return file


def test_a_lost_database_hangs_for_readers_and_writers_and_comes_back(server, noted):
    url = schemas.in_schema(server.url, noted.read_text("utf-8"))
    lost = outage.outage(noted, {deployment.SERVER: server.url})
    lost.begin()
    try:
        for statement in (
            "INSERT INTO people VALUES (1)",
            "SELECT 1 FROM people",
            'SELECT 1 FROM "Odd name"',
        ):
            with psycopg.connect(url) as connection:
                connection.execute("SET statement_timeout = 200")
                began = time.monotonic()
                with pytest.raises(psycopg.errors.QueryCanceled):
                    connection.execute(statement)
                assert time.monotonic() - began > 0.15
    finally:
        lost.end()
    with psycopg.connect(url) as connection:
        assert connection.execute("INSERT INTO people VALUES (1) RETURNING id").fetchone() == (1,)


def test_a_database_that_lets_itself_be_read_hangs_for_writers_only(server, noted):
    url = schemas.in_schema(server.url, noted.read_text("utf-8"))
    lost = outage.outage(noted, {deployment.SERVER: server.url})
    lost.begin(readable=True)
    try:
        with psycopg.connect(url) as connection:
            connection.execute("SET statement_timeout = 200")
            assert connection.execute("SELECT count(*) FROM people").fetchone() == (0,)
            with pytest.raises(psycopg.errors.QueryCanceled):
                connection.execute("INSERT INTO people VALUES (1)")
    finally:
        lost.end()


def test_an_outage_ends_who_is_in_its_way_and_nobody_else(server, noted):
    url = schemas.in_schema(server.url, noted.read_text("utf-8"))
    with psycopg.connect(url) as stranger, psycopg.connect(url) as busy:
        stranger.execute("SELECT 1")  # in a transaction that is left open, but in nobody's way
        busy.execute("SELECT 1 FROM people")  # this one is
        lost = outage.outage(noted, {deployment.SERVER: server.url})
        lost.begin()
        lost.end()
        with pytest.raises(psycopg.OperationalError):
            busy.execute("SELECT 1")
        assert stranger.execute("SELECT 2").fetchone() == (2,)


def test_an_outage_does_not_wait_for_ever_for_whom_it_cannot_end(server, noted, monkeypatch):
    monkeypatch.setattr(outage, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(outage, "_END_WHO_BLOCKS", "SELECT %s")  # as for somebody who may not
    url = schemas.in_schema(server.url, noted.read_text("utf-8"))
    with psycopg.connect(url) as busy:
        busy.execute("SELECT 1 FROM people")  # in a transaction that is left open
        lost = outage.outage(noted, {deployment.SERVER: server.url})
        with pytest.raises(psycopg.OperationalError):
            lost.begin()
        lost.end()


def test_an_outage_of_a_database_that_two_use_crosswise_ends_in_no_deadlock(server, noted):
    url = schemas.in_schema(server.url, noted.read_text("utf-8"))
    over = threading.Event()
    one, two = "INSERT INTO people VALUES (1)", 'INSERT INTO "Odd name" VALUES (1)'

    def work(*statements):
        while not over.is_set():
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url) as connection:
                while not over.is_set():
                    for statement in statements:
                        connection.execute(statement)
                    connection.commit()

    with ThreadPoolExecutor() as threads:
        workers = [threads.submit(work, *order) for order in [(one, two), (two, one)] * 4]
        try:
            for _ in range(20):
                lost = outage.outage(noted, {deployment.SERVER: server.url})
                lost.begin()
                lost.end()
        finally:
            over.set()
        for worker in workers:
            worker.result()


def test_a_process_that_is_stopped_takes_no_postgres_from_others(noted):
    assert outage.writable(noted, 0.1)
