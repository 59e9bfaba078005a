"""Frames of a connection: kept as they came, made into objects once, the same whoever looks first."""

import threading

import pytest
from AgentChatLibrary.framelog import FrameLog
from AgentChatLibrary.frames import Direction, Frame, Kind
from AgentChatLibrary.transcript import Owner, Transcript
from hypothesis import given
from hypothesis import strategies as st
from strategies import quick

PAYLOADS = st.binary(max_size=12) | st.text(max_size=12).map(str.encode)
ARRIVALS = st.lists(st.tuples(st.floats(0, 1e6), PAYLOADS, st.booleans()), max_size=12)


def filled(arrivals, lazily):
    """A transcript: what is marked was sent, everything else received as text."""
    transcript = Transcript("Ana", Owner("Ana"))
    for at, payload, sent in arrivals:
        if sent:
            transcript.append(at, Direction.SENT, Kind.BINARY, payload)
        elif lazily:
            transcript.append_text(at, bytearray(payload))
        else:
            transcript.append(at, Direction.RECEIVED, Kind.TEXT, text_of(payload))
    return transcript


def text_of(payload):
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return payload


def facts(frame):
    return frame.index, frame.at, frame.direction, frame.kind, frame.data, type(frame.data), frame.code


@quick
@given(ARRIVALS, st.data())
def test_what_was_kept_is_what_was_appended_wherever_one_looks_first(arrivals, data):
    kept, appended = filled(arrivals, lazily=True).frames, filled(arrivals, lazily=False).frames
    assert len(kept) == len(appended) == len(arrivals)
    if arrivals:
        first = data.draw(st.integers(-len(arrivals), len(arrivals) - 1))
        assert facts(kept[first]) == facts(appended[first])
    cut = data.draw(st.slices(len(arrivals)))
    assert [facts(f) for f in kept[cut]] == [facts(f) for f in list(appended)[cut]]
    assert [facts(f) for f in kept] == [facts(f) for f in appended]
    assert [id(f) for f in reversed(kept)] == [id(f) for f in reversed(list(kept))]


def test_there_is_one_object_of_each_frame():
    log = FrameLog()
    for number in range(2_000):
        log.add_text((float(number), b"{}"))
    found = [[], []]
    begin = threading.Barrier(2)

    def look(into):
        begin.wait()
        into.extend(log)

    threads = [threading.Thread(target=look, args=(into,)) for into in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(a is b for a, b in zip(*found, strict=True))
    assert all(a is b for a, b in zip(found[0], log, strict=True))


def test_frames_that_come_while_somebody_looks_are_seen():
    log = FrameLog()
    log.add_text((1.0, b"one"))
    looked = iter(log)
    assert next(looked).data == "one"
    log.add_text((2.0, b"two"))
    assert next(looked).data == "two"


def test_nothing_is_found_where_nothing_is():
    log = FrameLog([Frame(0, 1.0, Direction.SENT, Kind.TEXT, "one")])
    for at in (1, -2):
        with pytest.raises(IndexError):
            _ = log[at]
    assert log[-1] is log[0]


def test_the_last_end_is_known():
    close = Frame(0, 1.0, Direction.SENT, Kind.CLOSE, "", 1000)
    drop = Frame(2, 3.0, Direction.RECEIVED, Kind.DROP, "gone")
    text = Frame(1, 2.0, Direction.RECEIVED, Kind.TEXT, "{}")
    log = FrameLog([close, text])
    assert log.end is close
    log.append(drop)
    assert log.end is drop
    assert FrameLog([text]).end is None


def test_a_bounded_recording_counts_text_that_it_leaves_out():
    transcript = Transcript("Ana", Owner("Ana"), limit=2)
    for number in range(5):
        transcript.append_text(float(number), b"{}")
    close = transcript.append(9.0, Direction.RECEIVED, Kind.CLOSE, "", 1001)
    assert (len(transcript.frames), transcript.truncated) == (3, 3)
    assert transcript.end is close
