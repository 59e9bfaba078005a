"""Transcripts: they only grow, are read once, and come back from a file as they went in."""

import io
import json

import pytest
from AgentChatLibrary.framelog import FrameLog
from AgentChatLibrary.frames import DURABLE, Direction, Kind
from AgentChatLibrary.transcript import Owner, Transcript
from AgentChatLibrary.transcript_lines import load, save
from hypothesis import given
from hypothesis import strategies as st
from strategies import garbled, quick, scenes, sessions


def one_frame(data, kind=Kind.TEXT, direction=Direction.RECEIVED, code=None):
    transcript = Transcript("Ana", Owner("Ana"), opened_at=10.0, opened_wall=1000.0)
    return transcript, transcript.append(10.25, direction, kind, data, code)


def saved(*transcripts):
    file = io.StringIO()
    save(transcripts, file)
    return file.getvalue()


def facts(transcript):
    return (
        (transcript.session, transcript.owner, transcript.connection, transcript.opened_wall),
        transcript.truncated,
        [(f.index, round(f.at - transcript.opened_at, 6), *told(f)) for f in transcript.frames],
    )


def told(frame):
    return frame.direction, frame.kind, frame.data, frame.code


@quick
@given(scenes() | garbled().map(lambda t: type("Scene", (), {"transcripts": [t]})))
def test_what_is_saved_is_loaded(scene):
    lines = saved(*scene.transcripts).splitlines()
    again = load(lines)
    assert [facts(t) for t in again] == [facts(t) for t in scene.transcripts]
    assert saved(*again).splitlines() == lines


@quick
@given(
    st.lists(
        st.text(max_size=30)
        | st.recursive(
            st.none()
            | st.integers()
            | st.text(max_size=8)
            | st.sampled_from(["transcript", "session", "owner", "dir", "kind", "t", "text", "sent"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["transcript", "session", "owner", "dir", "kind", "t", "data", "code"]),
                    inner,
                )
            ),
        ).map(json.dumps),
        max_size=4,
    )
)
def test_a_broken_file_is_refused_by_its_line(lines):
    try:
        load(lines)
    except ValueError as problem:
        assert str(problem).startswith("line ")


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ('{"t": 1, "dir": "sent", "kind": "text"}', "line 1: a frame before the first transcript header"),
        ("{", "line 1 is no line of a transcript"),
        ("[" * 100_000, "line 1 is no line of a transcript"),
        ("7", "line 1 is no line of a transcript"),
        ('{"transcript": 1}', "line 1 is no line of a transcript: 'owner'"),
    ],
)
def test_a_wrong_line_is_named(wrong, problem):
    with pytest.raises(ValueError, match=problem):
        load([wrong])


@pytest.mark.parametrize(
    "field", [{"data": 7}, {"code": "1000"}, {"kind": "smoke"}, {"dir": "up"}, {"t": "x"}]
)
def test_a_wrong_frame_is_named(field):
    header, frame = saved(one_frame("{}")[0]).splitlines()
    with pytest.raises(ValueError, match="line 2 is no line of a transcript"):
        load([header, json.dumps({**json.loads(frame), **field})])


def test_bytes_survive_and_blank_lines_do_not_matter():
    transcript, _ = one_frame(b"\x00\xff", Kind.BINARY)
    (again,) = load(["", *saved(transcript).splitlines(), "  "])
    assert again.frames[0].data == b"\x00\xff"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '"x"', "[" * 100_000, "1" * 5000, "\ufeff{}"])
def test_what_is_no_json_object_has_no_event(text):
    _, frame = one_frame(text)
    assert frame.event is None
    assert frame.type == "<text>"


@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.TEXT])
def test_only_text_frames_have_events(kind):
    _, frame = one_frame("{}", kind)
    assert frame.event is None
    assert frame.type == f"<{kind}>"


@pytest.mark.parametrize("value", [None, 7, True, [], {}, ""])
def test_ids_and_types_are_text_or_nothing(value):
    names = ("run_id", "thread_id", "user_id", "message_id", "tool_call_id")
    _, frame = one_frame(json.dumps(dict.fromkeys((*names, "type"), value)))
    assert frame.event.type == "<untyped>"
    assert not any(getattr(frame.event, name) for name in names)
    assert not frame.event.durable


@pytest.mark.parametrize("value", [None, "7", True, 7.0, [], "x"])
def test_a_seq_is_an_integer_or_nothing(value):
    _, frame = one_frame(json.dumps({"seq": value}))
    assert frame.event.seq is None


@pytest.mark.parametrize(
    ("value", "time"), [(7, 7.0), (7.5, 7.5), (True, None), ("7", None), (10**400, None)]
)
def test_a_timestamp_is_a_number_or_nothing(value, time):
    _, frame = one_frame(json.dumps({"timestamp": value}))
    assert frame.event.timestamp == time


def test_an_event_is_read_once_and_is_a_mapping():
    _, frame = one_frame('{"type": "agent_completed", "x": {"y": 1}}')
    assert frame.event is frame.event
    assert dict(frame.event) == {"type": "agent_completed", "x": {"y": 1}}
    assert len(frame.event) == 2
    assert frame.event.durable
    assert frame.event.ends_run
    assert (repr(frame), repr(frame.event)) == (
        "Frame(#0 received agent_completed)",
        "Event(#0 agent_completed)",
    )


def test_times_are_told_from_the_opening_and_by_the_wall():
    transcript, frame = one_frame("{}")
    assert transcript.since_open(frame) == 0.25
    assert transcript.wall(frame) == 1000.25
    (again,) = load(saved(transcript).splitlines())
    assert again.wall(again.frames[0]) == 1000.25


@quick
@given(sessions(pings=1, past=1))
def test_runs_are_read_with_their_questions_and_ends(scene):
    (transcript,) = scene.transcripts
    runs = transcript.runs()
    assert list(runs) == scene.runs
    for run_id, run in runs.items():
        assert run.ack.run_id == run.run_id == run_id
        assert run.question.message_id == run.ack.message_id
        assert run.end is run.events[-1]
        assert run.of("agent_started") == run.events[:1]
        assert {event.run_id for event in run.events} == {run_id}
    assert sum(len(run.events) for run in runs.values()) == len(transcript.durable)


@quick
@given(scenes())
def test_frames_are_found_by_direction_type_and_start(scene):
    for transcript in scene.transcripts:
        everything = sorted([*transcript.received(), *transcript.sent()], key=lambda e: e.index)
        assert everything == [f.event for f in transcript.frames if f.event is not None]
        assert transcript.established is transcript.frames[0].event
        assert transcript.watershed == transcript.established["last_seq"]
        assert {e.type for e in transcript.durable} <= set(DURABLE)
        half = len(transcript.frames) // 2
        assert all(e.index >= half for e in transcript.received("agent_thinking", start=half))


@pytest.mark.parametrize("value", [None, "7", True, 1.5])
def test_a_watershed_is_an_integer_or_untold(value):
    transcript, _ = one_frame(json.dumps({"type": "connection_established", "last_seq": value}))
    assert transcript.watershed is None


def test_an_open_connection_has_no_end():
    transcript, _ = one_frame("{}")
    assert transcript.end is None
    close = transcript.append(11.0, Direction.RECEIVED, Kind.CLOSE, "slow_consumer", 1008)
    assert transcript.end is close
    assert close.received


class Frames(FrameLog):
    """Frames that note how often somebody goes through them from the first on."""

    def __init__(self):
        super().__init__()
        self.gone_through = 0

    def __iter__(self):
        self.gone_through += 1
        return super().__iter__()


def test_what_has_been_looked_at_is_not_gone_through_again():
    frames = Frames()
    transcript = Transcript("Ana", Owner("Ana"), frames=frames)
    for number in range(3):
        text = json.dumps({"type": "ping", "message_id": f"m{number}"})
        transcript.append(float(number), Direction.SENT, Kind.TEXT, text)
        assert transcript.end is None
        assert transcript.sent_as(f"m{number}") is not None
        assert len(list(transcript.events(Direction.SENT))) == number + 1
        assert len(list(transcript.events(Direction.SENT, start=number))) == 1
    assert frames.gone_through == 0
