"""What others have recorded is loaded as transcripts, and bad files get a clear error."""

from __future__ import annotations

import io
import json

import pytest
from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.recordings import RecordingProblem, read
from AgentChatLibrary.transcript import Owner, Transcript
from AgentChatLibrary.transcript_lines import save

WALL = 1_795_339_278.0


def entry(*messages, url="wss://chat.example/ws?token=hidden"):
    return {
        "startedDateTime": "2026-11-22T09:21:18.000Z",
        "request": {"url": url},
        "_webSocketMessages": list(messages),
    }


def message(kind, data, time=WALL, opcode=1):
    return {"type": kind, "time": time, "opcode": opcode, "data": data}


def har(tmp_path, *entries):
    file = tmp_path / "page.har"
    file.write_text(json.dumps({"log": {"version": "1.2", "entries": list(entries)}}), "utf-8")
    return file


def lines(tmp_path, *records):
    file = tmp_path / "frames.jsonl"
    file.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in records), "utf-8")
    return file


def test_a_har_file_gives_a_transcript_for_each_connection(tmp_path):
    one = entry(message("send", '{"type":"ping"}'), message("receive", '{"type":"pong"}', WALL + 0.25))
    other = entry(message("receive", "AQI=", opcode=2))
    found = read(har(tmp_path, {"request": {"url": "https://chat.example/"}}, one, other))
    first, second = found.transcripts
    assert found.form == "HAR"
    assert [(f.direction, f.data) for f in first.frames] == [
        (Direction.SENT, '{"type":"ping"}'),
        (Direction.RECEIVED, '{"type":"pong"}'),
    ]
    assert first.frames[1].at - first.frames[0].at == pytest.approx(0.25)
    assert (second.connection, second.frames[0].kind, second.frames[0].data) == (2, Kind.BINARY, b"\x01\x02")
    assert first.session == "/ws"  # the query may hold a credential


def test_a_har_file_without_websocket_messages_says_how_to_get_them(tmp_path):
    file = har(tmp_path, {"request": {"url": "https://chat.example/"}}, {})
    with pytest.raises(RecordingProblem, match="2 requests, but no WebSocket messages"):
        read(file)


def test_a_har_file_without_entries_is_none(tmp_path):
    file = tmp_path / "page.har"
    file.write_text('{"log": {}}', "utf-8")
    with pytest.raises(RecordingProblem, match="no HAR file"):
        read(file)


def test_lines_of_frames_are_parted_into_connections(tmp_path):
    found = read(
        lines(
            tmp_path,
            {"t": WALL, "scenario": "a", "dir": "open", "frame": {}},
            {"t": WALL + 1, "scenario": "a", "dir": "recv", "frame": {"type": "hello"}},
            {"t": WALL + 1, "scenario": "b", "dir": "recv", "frame": {"type": "hello"}},
            {"t": WALL + 2, "scenario": "a", "dir": "send", "frame": "nope"},
            {"t": WALL + 3, "scenario": "a", "dir": "close", "frame": {"code": 1008, "reason": "no"}},
            {"t": WALL + 4, "scenario": "a", "dir": "recv", "frame": {"type": "hello"}},
            {"t": WALL + 5, "scenario": "a", "dir": "http", "frame": {"status": 200}},
        )
    )
    assert [(t.session, t.connection, len(t.frames)) for t in found.transcripts] == [
        ("a", 1, 3),
        ("b", 1, 1),
        ("a", 2, 1),
    ]
    end = found.transcripts[0].end
    assert (end.code, end.data) == (1008, "no")
    assert found.transcripts[0].frames[1].data == "nope"
    assert [record.reason for record in found.records if record.frame is None] == [
        "a connection begins",
        "'http' is no direction of a frame",
    ]


def test_lines_that_are_frames_themselves_were_received(tmp_path):
    found = read(lines(tmp_path, {"type": "hello"}, "", {"type": "bye"}))
    (transcript,) = found.transcripts
    assert [frame.event["type"] for frame in transcript.frames] == ["hello", "bye"]
    assert not found.timed


def test_lines_that_are_no_json_are_counted_and_listed(tmp_path):
    found = read(lines(tmp_path, {"type": "hello"}, "what?", "[1]"))
    assert [(r.number, r.reason) for r in found.records if r.frame is None] == [
        (2, "it is no JSON object"),
        (3, "it is no JSON object"),
    ]


def test_a_transcript_of_this_project_is_told_by_its_header(tmp_path):
    transcript = Transcript("Ana", Owner("Ana", "u-1"), opened_wall=WALL)
    transcript.append(0.5, Direction.RECEIVED, Kind.TEXT, '{"type":"hello"}')
    text = io.StringIO()
    save([transcript], text)
    file = tmp_path / "ana.jsonl"
    file.write_text(text.getvalue(), "utf-8")
    found = read(file)
    assert found.form == "transcripts"
    assert found.transcripts[0].owner == transcript.owner


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        ("hello\nworld", "holds no frame: none of its 2 lines"),
        ('{"transcript": 1}', "line 1 is no line of a transcript"),
    ],
)
def test_what_is_no_recording_says_so(tmp_path, content, problem):
    file = tmp_path / "notes.txt"
    file.write_text(content, "utf-8")
    with pytest.raises(RecordingProblem, match=problem):
        read(file)


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(RecordingProblem, match="cannot be read"):
        read(tmp_path / "none.har")
