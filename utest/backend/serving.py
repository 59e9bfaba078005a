"""Real services on loopback ports, in threads or processes, a real PostgreSQL, and a client that checks."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema_rs
import websockets

from backend.app import Components, build
from backend.listening import listen
from backend.server import ChatServer, configuration
from backend.settings import Settings
from runner.postgres_programs import find
from runner.postgres_server import Server

ROOT = Path(__file__).parents[2]
CONTRACT = Path(__file__).parents[2] / "resources" / "contract" / "schemas"
SCHEMAS = {
    schema["$id"]: schema
    for schema in (json.loads(file.read_text(encoding="utf-8")) for file in CONTRACT.rglob("*.json"))
}
REGISTRY = jsonschema_rs.Registry(list(SCHEMAS.items()))
SERVER_FRAMES = {
    file.stem: jsonschema_rs.validator_for(json.loads(file.read_text(encoding="utf-8")), registry=REGISTRY)
    for file in (CONTRACT / "server").glob("*.json")
}
KEY, ADMIN = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
PASSWORD = "a password that nobody has"
DURABLE = {
    "agent_started",
    "agent_thinking",
    "tool_executing",
    "tool_completed",
    "agent_completed",
    "agent_failed",
}
ENDS = {"agent_completed", "agent_failed"}
WAIT = 10.0


async def eventually(check, seconds=12.0):
    """Waits until ``check()`` is true."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(check):  # noqa: ASYNC110 -- what another process does
            await asyncio.sleep(0.02)


class Running:
    """A service that runs."""

    def __init__(self, folder, components=None, **settings):
        given = {"drain_seconds": 1.0, "password_profile": "fast", "lease_seconds": 2.0, **settings}
        self.settings = Settings(
            jwt_key=KEY,
            admin_token=ADMIN,
            database_url=given.pop("database_url", f"sqlite:///{folder / 'chat.sqlite3'}"),
            **given,
        )
        self.components = components or Components()
        self.listener = listen("127.0.0.1", 0)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.started = threading.Event()
        self.problem = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self.started.wait(WAIT), self.problem

    def _run(self):
        try:
            asyncio.run(self._serve())
        except BaseException as problem:
            self.problem = problem
            raise
        finally:
            self.started.set()

    async def _serve(self):
        self.loop = asyncio.get_running_loop()
        self.service = build(self.settings, self.components, self._end)
        self.service.origins.allowed.add(self.url)
        self.service.protocol.close_seconds = self.settings.close_seconds
        self.service.ground.database.create_tables()
        self.server = ChatServer(configuration(self.service))
        await self.service.supervisor.sweep()
        serving = asyncio.create_task(self.server.serve([self.listener]))
        await self.server.accepting.wait()
        self.started.set()
        await serving

    def _end(self):
        self.server.stop()

    def drain(self, seconds=None):
        self.loop.call_soon_threadsafe(lambda: self.service.drain.begin(self._end, seconds=seconds))

    def stop(self):
        if self.thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self.drain(0)
            self.thread.join(WAIT)
        assert not self.thread.is_alive()

    def http(self, method, path, body=None, token=None, headers=None):
        """Returns status, body and headers of one request."""
        request = urllib.request.Request(  # noqa: S310 -- the test's own service
            self.url + path,
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {token}"} if token else {},
            method=method,
        )
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=WAIT) as answer:  # noqa: S310
                text = answer.read()
                return answer.status, json.loads(text) if text[:1] in b"{[" and text else text, answer.headers
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code, json.loads(problem.read() or b"{}"), problem.headers

    def admin(self, method, path, body=None):
        status, answer, _ = self.http(method, "/admin" + path, body, ADMIN)
        assert status < 300, (status, answer)
        return answer

    def organisation(self, name="Northwind", records=None):
        body = {"name": name} if records is None else {"name": name, "records": records}
        return self.admin("POST", "/organisations", body)["id"]

    def person(self, organisation=None, **fields):
        email = f"{secrets.token_hex(6)}@people.example"
        user = self.admin(
            "POST",
            "/people",
            {
                "email": email,
                "password": PASSWORD,
                "name": "Ana",
                "organisation_id": organisation or self.organisation(),
                **fields,
            },
        )["user"]
        return Person(self, user)

    def metrics(self):
        status, text, _ = self.http("GET", "/metrics", token=ADMIN)
        assert status == 200
        lines = [line.split(" ") for line in text.decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}


class Process:
    """A service as a process of its own."""

    def __init__(self, folder, *options, owner=None, name="one", database_url=None):
        folder.mkdir(exist_ok=True, parents=True)
        self.ready, self.log = folder / f"{name}.json", folder / f"{name}.log"
        self.ready.unlink(missing_ok=True)
        variables = {"AGENT_CHAT_JWT_KEY": KEY, "AGENT_CHAT_ADMIN_TOKEN": ADMIN}
        if database_url:
            variables["AGENT_CHAT_DATABASE_URL"] = database_url
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "backend", "--ready-file", self.ready, "--log-file", self.log),
                *("--instance", name, "--setting", "password_profile=fast"),
                *("--owner-pid", str(owner or os.getpid())),
                # Where it could not remove it any more after SIGKILL.
                *("--data-dir", str(folder / f"data of {name}")),
                *options,
            ],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + 20
        while not self.ready.exists() and self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        if self.ready.exists():
            self.url = json.loads(self.ready.read_text())["url"]

    http, admin, organisation, person = Running.http, Running.admin, Running.organisation, Running.person
    metrics = Running.metrics

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(15)


class PostgresServer(Server):
    """A PostgreSQL server that can be stopped, hang, and come back with its data."""

    def __init__(self):
        super().__init__(find())
        self.start()

    def hang(self):
        """No process of it does anything any more; connections stay open."""
        for pid in self.processes():
            os.kill(pid, signal.SIGSTOP)

    def go_on(self):
        for pid in self.processes():
            os.kill(pid, signal.SIGCONT)

    def go_away(self, number=signal.SIGINT):
        self.process.send_signal(number)
        self.process.wait(WAIT)

    def come_back(self):
        self.serve()

    def processes(self):
        listed = subprocess.run(
            ["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
        )
        pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
        return [self.process.pid, *(pid for pid, parent in pairs if parent == self.process.pid)]


class Person:
    def __init__(self, running, user):
        self.running, self.user, self.id = running, user, user["id"]
        self.login()

    def login(self):
        status, body, _ = self.running.http(
            "POST", "/auth/login", {"email": self.user["email"], "password": PASSWORD}
        )
        assert status == 200, body
        self.access, self.refresh_token = body["access_token"], body["refresh_token"]

    def connect(self, token=None, **options):
        headers = {"Authorization": f"Bearer {token or self.access}"}
        return Session(self, headers, options)

    def hold(self, before, nth=1):
        self.running.admin("POST", f"/people/{self.id}/hold", {"before": before, "nth": nth})

    def release(self, before=None, nth=1):
        body = {} if before is None else {"hold": {"before": before, "nth": nth}}
        return self.running.admin("POST", f"/people/{self.id}/release", body)["released"]

    def shown(self):
        return self.running.admin("GET", f"/people/{self.id}")


class Session:
    """An open WebSocket; every frame it receives is held against the contract."""

    def __init__(self, person, headers, options):
        self.person, self.headers, self.options = person, headers, options
        self.received = []

    async def __aenter__(self):
        self.socket = await websockets.connect(
            self.person.running.url.replace("http", "ws") + "/ws",
            additional_headers=self.headers,
            proxy=None,
            **self.options,
        )
        self.established = await self.get()
        assert self.established["type"] == "connection_established"
        return self

    async def __aexit__(self, *_):
        await self.socket.close()

    async def send(self, message=None, **fields):
        await self.socket.send(json.dumps(fields) if message is None else message)

    async def get(self):
        async with asyncio.timeout(WAIT):
            text = await self.socket.recv()
        frame = json.loads(text)
        problems = [str(problem) for problem in SERVER_FRAMES[frame["type"]].iter_errors(frame)]
        assert not problems, (frame, problems)
        self.received.append(text)
        return frame

    async def until(self, *types, **fields):
        """Returns all frames up to the first of one of these types with these fields."""
        frames = []
        while True:
            frames.append(await self.get())
            last = frames[-1]
            if last["type"] in types and all(last.get(name) == value for name, value in fields.items()):
                return frames

    async def ask(self, content="What did we spend?", **fields):
        await self.send(type="chat", content=content, **fields)
        return (await self.until("ack", "error"))[-1]

    async def fence(self):
        """Returns what comes before the answer to a ping."""
        value = secrets.randbelow(2**53)
        await self.send(type="ping", sequence=value)
        return (await self.until("pong", sequence=value))[:-1]

    async def closed(self):
        """Returns the close code and reason, and drops what comes before."""
        try:
            while True:
                await self.get()
        except websockets.ConnectionClosed:
            return self.socket.close_code, self.socket.close_reason
