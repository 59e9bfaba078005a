"""What the pictures promise: well-formed and harmless whatever came, every event drawn, bounded, honest."""

import itertools
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter

import pytest
from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.swimlane import Marking, full, small, summary
from AgentChatLibrary.swimlane.ink import outline
from AgentChatLibrary.swimlane.layout import Scale, spots
from AgentChatLibrary.swimlane.picture import FULL, SMALL, seconds
from AgentChatLibrary.swimlane.scene import WORDS, Mark, Sign, scene
from AgentChatLibrary.transcript import Owner, Transcript
from hypothesis import given
from hypothesis import strategies as st
from strategies import Server, quick, scenes

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "style", "rect", "circle", "path", "line", "text"}
FIVE = ("agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed")
BUDGETS = {"asked_to_started": 1.0, "longest_gap": 1.5, "whole": 5.0}
ANY = st.text(max_size=30) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><script>alert(1)</script>',
        "' onload='alert(1)",
        "</text></svg><img src=x onerror=alert(1)>",
        "]]><svg onload=alert(1)>",
        "&#60;script&#62;&amp;",
        "javascript:alert(1)",
        "\x00\x1b[31m\ud800\ufffe\u202e",
    ]
)


def anything(text):
    """A transcript that holds ``text`` in every place that a backend, or a suite, can fill."""
    transcript = Transcript(text, Owner(text, text, text, text), 2, 0.0, 1_790_000_000.0)
    moments = itertools.count(1)

    def add(direction, kind, data="", code=None):
        transcript.append(next(moments) / 100, direction, kind, data, code)

    for kind in (*FIVE, "error", "ack", text):
        fields = {"type": kind, "run_id": text, "message_id": text, "message": text, text: text, "code": text}
        add(Direction.RECEIVED, Kind.TEXT, json.dumps(fields))
    add(Direction.SENT, Kind.TEXT, json.dumps({"type": "chat", "content": text}))
    add(Direction.SENT, Kind.TEXT, text)
    add(Direction.RECEIVED, Kind.BINARY, text.encode("utf-8", "surrogatepass"))
    add(Direction.RECEIVED, Kind.CLOSE, text, 1008)
    add(Direction.RECEIVED, Kind.DROP, text)
    return transcript


def harmless(picture):
    """Parses a picture and checks that nothing in it can act."""
    picture.encode("utf-8")
    root = ET.fromstring(picture)  # noqa: S314 -- made here
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ELEMENTS
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on")
            assert "href" not in name
            assert "url(" not in value
    (style,) = root.iter(f"{SVG}style")
    assert "@import" not in style.text
    assert "url(" not in style.text
    return root


@quick
@given(text=ANY, where=st.integers(0, 12))
def test_any_text_in_every_field_gives_a_harmless_picture(text, where):
    transcript = anything(text)
    marking = Marking(text, [(0, where)], [(0, text)])
    for draw in (small, full):
        root = harmless(draw([transcript], marking, BUDGETS))
        assert root.tag == f"{SVG}svg"
    summary([transcript]).encode("utf-8", "strict")


def test_markup_from_the_wire_is_shown_as_text_and_not_obeyed():
    transcript = anything("<script>alert(1)</script>")
    picture = full([transcript], Marking("<script>alert(1)</script> broke", [(0, 8)]))
    assert "<script" not in picture
    assert "&lt;script&gt;" in picture


@quick
@given(one=scenes())
def test_a_picture_is_well_formed_and_bounded(one):
    assert len(small(one.transcripts, None, BUDGETS)) < 12_000
    assert len(full(one.transcripts, None, BUDGETS)) < 60_000
    harmless(full(one.transcripts, None, BUDGETS))


def drawn(picture):
    """How often each sign is drawn, the legend left out, numbers beside shared signs counted.

    Signs of one kind are one path and one text with a letter for each; what shares a sign is counted beside
    it, or inside of it when it is of several kinds.
    """
    root = harmless(picture)
    seen = Counter()
    shared = 0
    for text in root.iter(f"{SVG}text"):
        number = re.fullmatch(r"x(\d+)", text.text)
        if number and text.get("class") == "o":
            seen["mixed"] += int(number[1])
        elif number and text.get("class") == "b m":
            shared += int(number[1]) - 1
        elif text.get("class") == "o":
            assert len(set(text.text)) == 1
            assert len(text.text) == len(text.get("x").split()) == len(text.get("y").split())
            seen[text.text[0]] += len(text.text)
    return seen - Counter("QSTECAF!"), shared


@quick
@given(one=scenes())
def test_every_event_is_drawn_alone_or_counted(one):
    seen, shared = drawn(full(one.transcripts))
    events = [e for t in one.transcripts for e in t.received(*FIVE, "agent_failed", "error")]
    asked = [e for t in one.transcripts for e in t.sent("chat", "user_message")]
    assert seen.total() + shared == len(events) + len(asked)
    if not seen["mixed"] and not shared:
        letters = dict(zip(FIVE, "STECA", strict=True)) | {"agent_failed": "F", "error": "!"}
        assert seen == Counter(letters[e.type] for e in events) + Counter({"Q": len(asked)})


def crowded(runs=60):
    server = Server(1)
    connection = server.connect("Ana")
    for _ in range(runs):
        server.ask(connection, 4)
    server.finish()
    return connection.transcript


def test_too_many_events_are_condensed_and_the_picture_says_so():
    transcript = crowded()
    for draw, most in ((small, 12_000), (full, 60_000)):
        picture = draw([transcript])
        assert len(picture) < most
        assert "events share a sign" in " ".join(ET.fromstring(picture).itertext())  # noqa: S314 -- made here
    seen, shared = drawn(full([transcript]))
    assert seen.total() + shared == 60 * (1 + 1 + 5 + 4 + 4 + 1)


def test_a_crowd_is_bounded_and_the_picture_says_who_is_missing():
    crowd = []
    for number in range(200):
        server = Server(number, f"Person {number}", number / 100)
        connection = server.connect(server.name)
        server.ask(connection)
        server.finish()
        crowd.append(connection.transcript)
    words = " ".join(ET.fromstring(full(crowd)).itertext())  # noqa: S314 -- made here
    frames = sum(len(t.frames) for t in crowd[FULL.lanes :])
    assert f"+{200 - FULL.lanes} more, {frames} frames, not drawn" in words
    assert len(full(crowd)) < 60_000
    assert len(small(crowd)) < 12_000
    assert "and 196 more" in summary(crowd)
    blamed = Marking("Person 150 saw it", [(150, 3)])
    assert "Person 150" in small(crowd, blamed)
    assert "Person 150" in full(crowd, blamed)


@pytest.mark.parametrize("draw", [small, full])
def test_the_offending_frames_are_ringed_and_named_in_words(draw):
    transcript = crowded(2)
    plain = draw([transcript])
    assert 'class="ring"' not in plain
    marked = draw([transcript], Marking("Ana's run broke the agreed order.", [(0, 5), (0, 6)]))
    assert marked.count('class="ring"') == 2
    words = " ".join(" ".join(harmless(marked).itertext()).split())
    assert "wrong" in words
    assert ("broke the agreed order" in words) is (draw is full)


@pytest.mark.parametrize("draw", [small, full])
def test_drops_and_later_connections_and_what_never_came_are_in_words(draw):
    server = Server(4)
    first = server.connect("Ana")
    server.end(first, None)
    server.clock += 1.0
    second = server.connect("Ana", 2)
    server.end(second, 1008)
    words = " ".join(
        harmless(
            draw([first.transcript, second.transcript], Marking("", (), [(1, "agent_completed")]))
        ).itertext()
    )
    assert "dropped" in words
    assert "again" in words
    assert "missing: agent_completed" in words
    assert "closed" in words


@pytest.mark.parametrize("draw", [small, full])
def test_times_stand_beside_their_budgets(draw):
    transcript = crowded(1)
    assert "of 5 s" in draw([transcript], None, BUDGETS)
    assert "OVER" not in draw([transcript], None, BUDGETS)
    over = draw([transcript], None, {"whole": 0.001})
    assert "OVER" in over
    assert "of 1.0 ms" in over


def test_signs_differ_in_shape_and_letter():
    outlines = {outline(sign, 8) for sign in Sign}
    assert len(outlines) == len({sign.value for sign in Sign}) == len(Sign)
    assert set(Sign) == set(WORDS)


MOMENTS = st.lists(st.floats(0, 1e5, allow_nan=False), min_size=1, max_size=60).map(sorted)


@given(moments=MOMENTS, breaks=st.integers(0, 8))
def test_time_is_to_scale_but_for_breaks_and_never_runs_backwards(moments, breaks):
    scale = Scale(moments, 10.0, 500.0, breaks, 12.0)
    places = [scale.x(at) for at in moments]
    assert all(a <= b + 1e-6 for a, b in itertools.pairwise(places))
    assert all(10.0 - 1e-6 <= place <= 500.0 + 1e-6 for place in places)
    assert len(scale.breaks) <= breaks
    cut = {(b.start, b.end) for b in scale.breaks}
    units = [
        (scale.x(b) - scale.x(a)) / (b - a)
        for a, b in itertools.pairwise(moments)
        if b - a > 1e-2 and (a, b) not in cut
    ]
    assert all(abs(one - units[0]) <= 1e-3 * units[0] for one in units)


@given(
    moments=st.lists(st.floats(0, 100, allow_nan=False), min_size=1, max_size=80).map(sorted),
    signs=st.lists(st.sampled_from([s for s in Sign if s is not Sign.OTHER]), min_size=80, max_size=80),
    most=st.integers(1, 60),
)
def test_signs_never_overlap_or_leave_the_line_or_lose_a_mark(moments, signs, most):
    marks = [Mark(at, sign, "") for at, sign in zip(moments, signs, strict=False)]
    scale = Scale(moments, 0.0, 300.0, 2, 10.0)
    placed = spots(marks, scale, 0.0, 300.0, 12.0, 2, most)
    assert len(placed) <= most
    assert [mark for spot in placed for mark in spot.marks] == marks
    for row in (0, 1):
        places = [spot.x for spot in placed if spot.row == row]
        assert all(b - a >= 12.0 - 1e-6 for a, b in itertools.pairwise(places))
        assert all(-1e-6 <= x <= 300.0 + 1e-6 for x in places)


def test_frames_that_were_not_recorded_are_told():
    transcript = crowded(1)
    transcript.truncated = 7
    assert scene([transcript]).lost == 7
    assert "7 frames were not recorded" in full([transcript])


def test_nothing_at_all_is_a_picture_too():
    harmless(small([]))
    harmless(full([Transcript("Ana", Owner("Ana", "u_1", "o_1", "free"))]))
    assert SMALL.width <= 160


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0004, "0.4 ms"), (0.012, "12 ms"), (0.9999, "1 s"), (1.239, "1.24 s"), (75.2, "75 s")],
)
def test_times_are_written_as_people_read_them(value, text):
    assert seconds(value) == text
