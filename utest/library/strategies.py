"""Transcripts for property tests: a small model of the server writes valid ones, and edits break them.

The model keeps the contract: one log per person, one cursor and one first-in-first-out queue per connection,
a watershed, replay on resume. What Hypothesis draws is the shape of a scene and a seed; the interleaving
comes from the seed.
"""

import hashlib
import json
import random
from collections import deque
from dataclasses import dataclass, field

from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.transcript import Owner, Transcript
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

quick = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
"""Few and undated examples: the machine is shared, and each is a whole session."""
WALL = 1_790_000_000.0
TOOLS = ("query_spend", "find_idle_resources")
LIMITS = {
    "max_message_bytes": 8192,
    "messages_per_minute": 60,
    "burst": 20,
    "heartbeat_seconds": 20,
    "concurrent_runs": 2,
    "connections": 3,
}


def an_id(prefix, *seed):
    return f"{prefix}_{hashlib.md5(repr(seed).encode()).hexdigest()}"  # noqa: S324 -- an id, no secret


@dataclass
class Connection:
    """One connection and the frames that the server has queued for it."""

    transcript: Transcript
    watershed: int
    queue: deque = field(default_factory=deque)


class Server:
    """One person's log, runs and connections, by the contract."""

    def __init__(self, seed=0, name="Ana", clock=0.0):
        self.rnd = random.Random(seed)  # noqa: S311 -- shapes of test data
        self.clock = clock
        self.ids = 0
        self.name = name
        self.owner = Owner(name, an_id("u", name), an_id("o", name, "org"), "enterprise")
        self.log = []
        self.connections = []
        self.plans = {}
        self.threads = {}
        self.open_calls = {}

    def new_id(self, prefix):
        self.ids += 1
        return an_id(prefix, self.name, self.ids)

    def tick(self):
        self.clock += self.rnd.uniform(0.0005, 0.010)
        return self.clock

    # -- connections

    def connect(self, session, number=1):
        opened = self.tick()
        transcript = Transcript(session, self.owner, number, opened, WALL + opened)
        connection = Connection(transcript, len(self.log))
        self.connections.append(connection)
        self.reply(
            connection,
            "connection_established",
            connection_id=self.new_id("n"),
            instance="one",
            user_id=self.owner.user_id,
            tier="enterprise",
            limits=LIMITS,
            last_seq=connection.watershed,
        )
        self.deliver(connection)
        return connection

    def reply(self, connection, kind, **fields):
        connection.queue.append(json.dumps({"type": kind, "timestamp": WALL + self.clock, **fields}))

    def deliver(self, connection, count=None):
        for _ in range(len(connection.queue) if count is None else min(count, len(connection.queue))):
            text = connection.queue.popleft()
            connection.transcript.append(self.tick(), Direction.RECEIVED, Kind.TEXT, text)

    def send(self, connection, kind, **fields):
        text = json.dumps({"type": kind, **fields})
        connection.transcript.append(self.tick(), Direction.SENT, Kind.TEXT, text)

    def end(self, connection, code=1000):
        if code == 1001:
            self.deliver(connection)
        if code is None:
            connection.transcript.append(self.tick(), Direction.RECEIVED, Kind.DROP, "reset")
        else:
            connection.transcript.append(self.tick(), Direction.RECEIVED, Kind.CLOSE, "", code)
        self.connections.remove(connection)

    # -- what a person does

    def ask(self, connection, calls=2, *, failing=False, named=True, kind="chat", thread=None):
        run_id, thread_id, message_id = self.new_id("r"), thread or self.new_id("t"), f"q-{self.ids}"
        content = f"Question {message_id}: where does our money go?"
        fields = ({"message_id": message_id} if named else {}) | ({"thread_id": thread} if thread else {})
        self.send(connection, kind, content=content, **fields)
        if not named:
            message_id = self.new_id("m")
        self.reply(connection, "ack", message_id=message_id, thread_id=thread_id, run_id=run_id)
        self.plan(run_id, thread_id, calls, content, failing=failing)
        return run_id

    def ping(self, connection, *, named=True):
        number = self.rnd.randrange(1000)
        echo = {"sequence": number, "data": {"sent": [number, True, None]}}
        if named:
            self.ids += 1
            echo["message_id"] = f"p-{self.ids}"
        self.send(connection, "ping", **echo)
        self.reply(connection, "pong", **echo)

    def err(self, connection):
        self.ids += 1
        fields = {"code": "unknown_type", "message": "No such type.", "error": "No such type."}
        if self.rnd.random() < 0.5:
            self.send(connection, "dance", message_id=f"e-{self.ids}")
            self.reply(connection, "error", **fields, message_id=f"e-{self.ids}")
        else:
            connection.transcript.append(self.tick(), Direction.SENT, Kind.TEXT, '{"type": "cha')
            self.reply(connection, "error", **(fields | {"code": "invalid_json"}))

    def resume(self, connection, after_seq=None):
        after_seq = self.rnd.randint(0, connection.watershed) if after_seq is None else after_seq
        self.ids += 1
        self.send(connection, "resume", after_seq=after_seq, message_id=f"s-{self.ids}")
        connection.queue.extend(self.log[after_seq : connection.watershed])
        self.reply(
            connection,
            "resumed",
            message_id=f"s-{self.ids}",
            from_seq=after_seq + 1,
            to_seq=connection.watershed,
            count=connection.watershed - after_seq,
        )

    def cancel(self, connection, run_id):
        self.ids += 1
        self.send(connection, "cancel", run_id=run_id, message_id=f"x-{self.ids}")
        thread_id = self.threads[run_id]
        self.reply(connection, "ack", message_id=f"x-{self.ids}", thread_id=thread_id, run_id=run_id)
        opened = self.open_calls[run_id]
        self.plans[run_id] = deque(self._completed(call, "cancelled") for call in list(opened.items()))
        self.plans[run_id].append({"type": "agent_failed", "code": "cancelled", "message": "Cancelled."})

    # -- what the agent does

    def plan(self, run_id, thread_id, calls, content="", *, failing=False):
        steps = deque()
        self.threads[run_id], self.open_calls[run_id] = thread_id, {}
        thought = 0

        def think():
            nonlocal thought
            thought += 1
            steps.append(
                {
                    "type": "agent_thinking",
                    "agent_name": "Cost Optimiser",
                    "reasoning": f"{thought} about {content}",
                    "step": thought,
                }
            )

        started = {"type": "agent_started", "agent_name": "Cost Optimiser", "message": "On it."}
        steps.append(started)
        waiting, used = [], []
        for number in range(calls):
            think()
            call = self.new_id("c"), TOOLS[number % 2]
            used.append(call)
            steps.append(self._executing(call))
            waiting.append(call)
            while waiting and self.rnd.random() < 0.6:
                steps.append(self._completed(waiting.pop(self.rnd.randrange(len(waiting)))))
        while waiting:
            steps.append(self._completed(waiting.pop(self.rnd.randrange(len(waiting)))))
        if failing:
            steps.append({"type": "agent_failed", "code": "tool_failed", "message": "No."})
        else:
            think()
            findings = [
                {
                    "id": self.new_id("f"),
                    "title": "Idle db-replica-7",
                    "monthly_saving_cents": 40000,
                    "tool_call_id": call_id,
                }
                for call_id, _ in used
            ]
            steps.append(
                {
                    "type": "agent_completed",
                    "agent_name": "Cost Optimiser",
                    "response": f"You spend $12.00. {content}",
                    "result": {"findings": findings},
                    "duration_ms": 1.5,
                }
            )
        self.plans[run_id] = steps

    def _executing(self, call):
        arguments = {"group_by": "service"} if call[1] == "query_spend" else {"max_utilisation_percent": 5}
        return {
            "type": "tool_executing",
            "tool_name": call[1],
            "tool_call_id": call[0],
            "arguments": arguments,
        }

    def _completed(self, call, status="ok"):
        spend = {"group_by": "service", "filters": {}, "total_cents": 1200, "rows": []}
        idle = {"resources": [], "monthly_saving_cents": 0}
        return {
            "type": "tool_completed",
            "tool_name": call[1],
            "tool_call_id": call[0],
            "status": status,
            "result": None if status != "ok" else spend if call[1] == "query_spend" else idle,
            "duration_ms": 0.25,
        }

    def work(self, run_id):
        """Writes the next event of a run and queues it for every connection."""
        step = self.plans[run_id].popleft()
        if step["type"] == "tool_executing":
            self.open_calls[run_id][step["tool_call_id"]] = step["tool_name"]
        elif step["type"] == "tool_completed":
            self.open_calls[run_id].pop(step["tool_call_id"], None)
        envelope = {
            "type": step["type"],
            "timestamp": WALL + self.clock,
            "seq": len(self.log) + 1,
            "user_id": self.owner.user_id,
            "thread_id": self.threads[run_id],
            "run_id": run_id,
        }
        self.log.append(json.dumps({**envelope, **step}))
        for connection in self.connections:
            connection.queue.append(self.log[-1])
        if not self.plans[run_id]:
            del self.plans[run_id]

    def finish(self):
        while self.plans:
            self.work(self.rnd.choice(sorted(self.plans)))
        for connection in self.connections:
            self.deliver(connection)


@dataclass
class Scene:
    """A person's connections, and the runs that were asked on them."""

    transcripts: list
    runs: list
    server: Server


@st.composite
def scenes(draw, name="Ana"):  # noqa: PLR0912 -- one branch for each thing a person does
    """One person: runs interleaved, two devices, drops, resumes, pings, errors, cancels, closes."""
    server = Server(draw(st.integers(0, 2**32)), name)
    rnd = server.rnd
    for _ in range(draw(st.integers(0, 2))):  # before anybody watches
        server.plan(server.new_id("r"), server.new_id("t"), rnd.randint(1, 3))
        for _ in range(rnd.randint(1, 12)):
            if server.plans:
                server.work(rnd.choice(sorted(server.plans)))
    runs, transcripts = [], []
    phone = server.connect(name)
    transcripts.append(phone.transcript)
    to_do = ["ask"] * draw(st.integers(1, 3))
    to_do += ["ping"] * draw(st.integers(0, 3)) + ["error"] * draw(st.integers(0, 2))
    to_do += ["resume"] * draw(st.integers(0, 2)) + ["cancel"] * draw(st.integers(0, 1))
    to_do += ["second"] * draw(st.integers(0, 1)) + ["drop"] * draw(st.integers(0, 1))
    rnd.shuffle(to_do)
    while to_do:
        for _ in range(rnd.randint(0, 6)):
            if server.plans and rnd.random() < 0.7:
                server.work(rnd.choice(sorted(server.plans)))
            else:
                server.deliver(rnd.choice(server.connections), rnd.randint(1, 4))
        here = rnd.choice(server.connections)
        match to_do.pop():
            case "ask":
                runs.append(
                    server.ask(
                        here,
                        rnd.randint(1, 4),
                        failing=rnd.random() < 0.2,
                        named=rnd.random() < 0.8,
                        kind=rnd.choice(["chat", "user_message"]),
                        thread=rnd.choice([None, None, *sorted(server.threads.values())]),
                    )
                )
            case "ping":
                server.ping(here, named=rnd.random() < 0.5)
            case "error":
                server.err(here)
            case "resume":
                server.resume(here)
            case "cancel":
                if server.plans:
                    server.cancel(here, rnd.choice(sorted(server.plans)))
            case "second":
                transcripts.append(server.connect(f"{name}'s laptop").transcript)
            case "drop":
                gone = server.connections[0]
                seen = gone.transcript.durable
                server.end(gone, None)
                back = server.connect(gone.transcript.session, gone.transcript.connection + 1)
                transcripts.append(back.transcript)
                if rnd.random() < 0.7:
                    server.resume(back, min(back.watershed, seen[-1].seq if seen else 0))
    ending = draw(st.sampled_from(["open", "finished", 1000, 1001, None]))
    if ending != "open":
        server.finish()
    if ending not in ("open", "finished"):
        for connection in list(server.connections):
            server.end(connection, ending)
    return Scene(transcripts, runs, server)


@st.composite
def sessions(draw, runs=(1, 3), calls=(1, 4), *, pings=0, past=0, failing=False):
    """One connection that saw whole runs, interleaved, from its opening on."""
    server = Server(draw(st.integers(0, 2**32)))
    for _ in range(past):
        server.plan(server.new_id("r"), server.new_id("t"), 1)
        server.finish()
    here = server.connect("Ana")
    asked = [
        server.ask(here, server.rnd.randint(*calls), failing=failing) for _ in range(draw(st.integers(*runs)))
    ]
    waiting = pings
    while server.plans or waiting:
        if waiting and (not server.plans or server.rnd.random() < 0.3):
            server.ping(here)
            waiting -= 1
        else:
            server.work(server.rnd.choice(sorted(server.plans)))
        if server.rnd.random() < 0.5:
            server.deliver(here, server.rnd.randint(1, 3))
    server.finish()
    return Scene([here.transcript], asked, server)


# -- edits: each gives a new transcript with one thing changed


def with_frames(transcript, frames):
    """The transcript with these frames, numbered anew; times as they were."""
    copy = Transcript(
        transcript.session,
        transcript.owner,
        transcript.connection,
        transcript.opened_at,
        transcript.opened_wall,
    )
    for frame in frames:
        copy.append(frame.at, frame.direction, frame.kind, frame.data, frame.code)
    return copy


def dropped(transcript, *indexes):
    """Without the frames at these indexes."""
    return with_frames(transcript, [f for f in transcript.frames if f.index not in indexes])


def doubled(transcript, index, at=None):
    """With the frame at ``index`` once more, right after itself or before index ``at``."""
    return inserted(transcript, index + 1 if at is None else at, transcript.frames[index].data)


def swapped(transcript, one, other):
    """With the texts of two frames exchanged; the times stay, as the wire keeps them."""
    texts = {one: transcript.frames[other].data, other: transcript.frames[one].data}
    return retold(transcript, texts)


def retold(transcript, texts):
    """With other texts at some indexes."""
    copy = with_frames(transcript, transcript.frames)
    for index, text in texts.items():
        copy.frames[index].data = text
    return copy


def changed(transcript, index, **fields):
    """With other values in some fields of the frame at ``index``; ``...`` removes a field."""
    event = {**transcript.frames[index].event.fields, **fields}
    text = json.dumps({name: value for name, value in event.items() if value is not ...})
    return retold(transcript, {index: text})


def inserted(transcript, index, message, direction=Direction.RECEIVED, kind=Kind.TEXT):
    """With a further frame before ``index``; a dict is sent as JSON."""
    frames = transcript.frames
    at = frames[min(index, len(frames)) - 1].at if frames else 0.0
    copy = with_frames(transcript, frames[:index])
    data = json.dumps(message) if isinstance(message, dict) else message
    copy.append(at, Direction(direction), kind, data)
    for frame in frames[index:]:
        copy.append(frame.at, frame.direction, frame.kind, frame.data, frame.code)
    return copy


def reseqed(transcript):
    """With ``seq`` counted anew from the watershed, as when a run is broken before it is stored."""
    copy = with_frames(transcript, transcript.frames)
    seq = copy.watershed
    for frame in copy.frames:
        if frame.received and frame.event is not None and frame.event.durable:
            seq += 1
            frame.data = json.dumps({**frame.event.fields, "seq": seq})
    return with_frames(copy, copy.frames)


# -- garbage

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.integers(10**400, 10**401)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["r_1", "c_1", "q_1", "u_1", "canary-person-u_9-deadbeef", "\ud800", "\n"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
TYPES = (
    "connection_established",
    "ack",
    "agent_started",
    "agent_thinking",
    "tool_executing",
    "tool_completed",
    "agent_completed",
    "agent_failed",
    "pong",
    "ping",
    "resume",
    "resumed",
    "error",
    "chat",
    "cancel",
    "token_refreshed",
)
FIELDS = (
    "seq",
    "timestamp",
    "user_id",
    "thread_id",
    "run_id",
    "message_id",
    "tool_call_id",
    "tool_name",
    "step",
    "last_seq",
    "after_seq",
    "from_seq",
    "to_seq",
    "count",
    "sequence",
    "data",
    "result",
    "duration_ms",
    "code",
    "content",
)
_likely = {
    "seq": st.integers(0, 6),
    "last_seq": st.integers(0, 3),
    "after_seq": st.integers(0, 3),
    "from_seq": st.integers(1, 3),
    "run_id": st.sampled_from(["r_1", "r_2"]),
    "tool_call_id": st.sampled_from(["c_1", "c_2"]),
    "message_id": st.sampled_from(["q_1", "q_2"]),
    "user_id": st.sampled_from(["u_1", "u_2"]),
    "result": st.fixed_dictionaries(
        {"findings": st.lists(junk | st.just({"tool_call_id": "c_1"}), max_size=2)}
    ),
}


SENT_TYPES = ("ping", "resume", "chat", "cancel")


@st.composite
def garbled(draw):
    """A transcript of anything: right types with wrong values, wrong types, no JSON, bytes, early ends.

    Either made of nothing but garbage, or a good one with garbage in it, which gets deeper into the rules.
    """
    rnd = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311 -- shapes of test data
    odd = draw(st.lists(junk, min_size=4, max_size=8))
    if draw(st.booleans()):
        transcript = draw(st.sampled_from(draw(scenes()).transcripts))
        for frame in transcript.frames:
            if frame.event is not None and rnd.random() < 0.2:
                fields = frame.event.fields
                for _ in range(rnd.randint(1, 3)):
                    fields[rnd.choice([*fields, *FIELDS])] = rnd.choice(odd)
                frame.data = json.dumps(fields)
        transcript.truncated = rnd.choice([0, 0, 0, 2])
        return with_frames(
            transcript,
            rnd.sample(transcript.frames, len(transcript.frames))
            if rnd.random() < 0.2
            else transcript.frames,
        )
    transcript = Transcript(
        rnd.choice(["", "Ana", "Ana's phone"]),
        Owner(rnd.choice(["", "Ana"]), rnd.choice(["", "u_1"]), rnd.choice(["", "o_1"])),
        rnd.randint(1, 2),
    )
    likely = {name: draw(st.lists(values, min_size=1, max_size=3)) for name, values in _likely.items()}
    for at in range(draw(st.integers(0, 25))):
        if rnd.random() < 0.1:
            data = rnd.choice(["", "canary-", "{", "[]", "null", "[" * 5000, b"\xff\x00"])
            code = rnd.choice([None, 1000, 1001])
            transcript.append(float(at), rnd.choice(list(Direction)), rnd.choice(list(Kind)), data, code)
            continue
        fields = {"type": rnd.choice(TYPES)}
        for name in FIELDS:
            if rnd.random() < 0.6:
                fields[name] = rnd.choice(likely[name] if name in likely and rnd.random() < 0.8 else odd)
        if rnd.random() < 0.05:
            fields["type"] = rnd.choice(odd)
        direction = Direction.SENT if fields["type"] in SENT_TYPES else Direction.RECEIVED
        transcript.append(float(at), direction, Kind.TEXT, json.dumps(fields))
    return transcript
