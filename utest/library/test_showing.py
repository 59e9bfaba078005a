"""What a report shows of a run: real runs against a real backend, and of values that no backend sends."""

import base64
import html
import json
import os
import re
import stat
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from AgentChatLibrary import cleaning, evidence, filing, recorded, redaction, showing
from AgentChatLibrary.framelog import FrameLog
from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.swimlane import Marking
from AgentChatLibrary.transcript import Owner, Transcript
from AgentChatLibrary.transcript_lines import load
from AgentChatLibrary.verdict import broken
from hypothesis import given
from hypothesis import strategies as st
from robot.result import Keyword, Message
from robot.result import TestCase as Result
from robot.utils import html_format
from robot_runs import results_of, run_robot
from strategies import Server, quick, scenes

SECRET = "the-secret-of-this-module-0123456789"
SUITE = """
*** Settings ***
Resource    chat.resource

*** Test Cases ***
Asks And Sees
    Given Ana is an enterprise user of Northwind
    And Ana is connected
    When Ana asks "Where can we cut our cloud bill?"
    Then Ana sees the agent work from start to finish

Loses And Comes Back
    Given Boris is an enterprise user of Northwind
    And Boris is connected
    When Boris asks "Which resources are idle?"
    And Drop Session    Boris
    And Reopen Session    Boris
    Fail    Boris is not amused.

Has No Session
    Log    nothing
"""


NOTHING = ("--output", "NONE", "--log", "NONE", "--report", "NONE")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return run_robot(tmp_path_factory.mktemp("run"), SUITE)


def svg_of(test):
    found = re.fullmatch(r"\[data:image/svg\+xml;base64,([\w+/=]+)\|([^|\]]+)\]", test.metadata["Seen"])
    return base64.b64decode(found[1]).decode(), found[2]


def test_every_test_with_a_session_has_its_picture_and_its_times(out):
    tests = results_of(out)
    picture, title = svg_of(tests["Asks And Sees"])
    ET.fromstring(picture)  # noqa: S314 -- made here
    assert "1 agent completed" in title
    assert "first sign" in tests["Asks And Sees"].metadata["Times"]
    assert "of 5 s" in tests["Asks And Sees"].metadata["Times"]
    assert "dropped" in svg_of(tests["Loses And Comes Back"])[0]
    assert "again" in svg_of(tests["Loses And Comes Back"])[0]
    assert not tests["Has No Session"].metadata


def test_the_frames_are_folded_in_the_log_and_open_where_a_test_failed(out):
    folded = {}
    for name, test in results_of(out).items():
        folded[name] = [item.message for item in test.body if item.type == "MESSAGE" and item.html]
    assert folded["Has No Session"] == []
    (passed,), (failed,) = folded["Asks And Sees"], folded["Loses And Comes Back"]
    assert re.match(r'<details class="swimlane"( data-time-[\w-]+="0\.\d+"){3}><summary>', passed)
    assert failed.startswith('<details class="swimlane" open')
    assert "agent_completed" in passed
    assert "TCP reset" in failed


def test_transcripts_of_failed_tests_are_kept_linked_and_private(out):
    tests = results_of(out)
    assert "transcript" not in tests["Asks And Sees"].metadata["Wire"]
    link = re.search(r"\[([^|]+)\|transcript of", tests["Loses And Comes Back"].metadata["Wire"])[1]
    assert [file.name for file in (out / "transcripts").iterdir()] == [Path(link).name]
    file = out / link
    first, second = load(file.read_text("utf-8").splitlines())
    assert (first.connection, second.connection) == (1, 2)
    assert first.owner.name == "Boris"
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_transcripts_of_passed_tests_are_kept_on_demand(tmp_path, monkeypatch):
    monkeypatch.setenv(filing.KEEP_VARIABLE, "1")
    out = run_robot(tmp_path, SUITE, "--test", "Asks And Sees")
    (test,) = results_of(out).values()
    assert "|transcript of " in test.metadata["Wire"]
    assert len(list((out / "transcripts").iterdir())) == 1


def test_a_run_without_a_result_draws_no_picture_and_keeps_transcripts(tmp_path, monkeypatch):
    transcript = Transcript("Ana", Owner("Ana"), 1, 0.0, 0.0)
    transcript.append(0.1, Direction.SENT, Kind.TEXT, "{}")
    monkeypatch.setenv(filing.FOLDER_VARIABLE, str(tmp_path))
    outcome = Result("One", status="FAIL", message="no")
    showing.show(outcome, [(transcript, transcript)], [], {}, filing.Filing(), written=False)
    assert not outcome.metadata
    assert len(list(tmp_path.glob("one-*"))) == 1
    run_robot(tmp_path, SUITE, "--test", "Loses And Comes Back", *NOTHING)
    assert len(list(tmp_path.glob("suite-loses-*"))) == 1


def test_who_reads_nothing_is_closed_like_everybody_else(tmp_path):
    steps = "    Stop Reading    Boris\n    Send Message    Boris    ping\n"
    out = run_robot(
        tmp_path,
        SUITE.replace("    And Drop Session    Boris\n    And Reopen Session    Boris\n", steps),
        *("--test", "Loses And Comes Back"),
    )
    (file,) = (out / "transcripts").iterdir()
    (transcript,) = load(file.read_text("utf-8").splitlines())
    closes = [frame.direction for frame in transcript.frames if frame.kind is Kind.CLOSE]
    assert closes == [Direction.SENT, Direction.RECEIVED]
    assert transcript.received("pong")


def test_the_offending_frame_is_marked_where_a_rule_is_broken(tmp_path):
    out = run_robot(tmp_path, SUITE, "--test", "Asks And Sees", fault="completion-before-last-tool-result")
    (test,) = results_of(out).values()
    assert test.failed
    picture, _ = svg_of(test)
    assert 'class="ring"' in picture
    assert ">wrong</text>" in picture
    (log,) = [item.message for item in test.body if item.type == "MESSAGE" and item.html]
    assert "&lt;- offending" in log


def test_what_never_came_is_marked(tmp_path):
    out = run_robot(tmp_path, SUITE, "--test", "Asks And Sees", fault="dropped-agent-completed")
    (test,) = results_of(out).values()
    assert test.failed
    assert "missing: agent_completed" in svg_of(test)[0]


def test_a_loaded_transcript_is_judged_like_a_live_session(tmp_path):
    suite = """
*** Settings ***
Resource    chat.resource
Library     OperatingSystem

*** Test Cases ***
A Good One Passes And A Broken One Fails
    Given Ana is an enterprise user of Northwind
    And Ana is connected
    When Ana asks "Where can we cut our cloud bill?"
    And Ana sees the agent work from start to finish
    Save Transcript    ${OUTPUT DIR}/good.jsonl    Ana
    @{loaded}    Load Transcript    ${OUTPUT DIR}/good.jsonl    prefix=Recorded${SPACE}
    Should Be Equal    ${loaded}    ${{ ['Recorded Ana'] }}
    Run Should Be Complete    Recorded Ana
    Tool Calls Should Be Answered    Recorded Ana
    Should Have Seen All Five Events    Recorded Ana
    Recording Should Keep What Always Holds    Recorded Ana
    Run Keyword And Expect Error    *'Recorded Ana' already; load with a prefix.
    ...    Load Transcript    ${OUTPUT DIR}/good.jsonl    prefix=Recorded${SPACE}

Files That Are None Are Told
    Create File    ${OUTPUT DIR}/none.jsonl    no frame at all
    Run Keyword And Expect Error    *holds no frame*    Load Transcript    ${OUTPUT DIR}/none.jsonl
    Run Keyword And Expect Error    *cannot be read*    Load Transcript    ${OUTPUT DIR}/absent.jsonl

A Cut One Proves Nothing
    Load Transcript    ${CUT}    prefix=Cut
    Run Keyword And Expect Error    This could not be decided: 2 frames of * were not recorded, *
    ...    Recording Should Keep What Always Holds    CutAna

A Broken One Is Told As It Would Be Live
    Load Transcript    ${BROKEN}
    Run Keyword And Expect Error    *seq*    Recording Should Keep What Always Holds    Ana
    Run Should Be Complete    Ana
"""
    server = Server(1)
    connection = server.connect("Ana")
    server.ask(connection, 2)
    server.finish()
    broken_one = connection.transcript
    completed = next(e for e in broken_one.received("tool_completed"))
    cut = tmp_path / "cut.jsonl"
    filing.write(cut, [replace(broken_one, truncated=2)])
    left = FrameLog(frame for frame in broken_one.frames if frame is not completed.frame)
    file = tmp_path / "broken.jsonl"
    filing.write(file, [replace(broken_one, frames=left)])
    out = run_robot(tmp_path, suite, "--variable", f"BROKEN:{file}", "--variable", f"CUT:{cut}")
    good, none, short, bad = results_of(out).values()
    assert short.passed, short.message
    assert good.passed, good.message
    assert none.passed, none.message
    assert bad.failed
    assert "tool_executing" in bad.message
    assert "Ambient" not in bad.message
    assert 'class="ring"' in svg_of(bad)[0]


# -- without a run


@quick
@given(
    text=st.text(max_size=60)
    | st.sampled_from(["<script>alert(1)</script>", "</pre><img onerror=x>", "&lt;"])
)
def test_frames_are_text_whatever_they_hold(text):
    transcript = Transcript(text, Owner(text), 1, 0.0, 0.0)
    transcript.append(0.1, Direction.RECEIVED, Kind.TEXT, text)
    transcript.append(0.2, Direction.RECEIVED, Kind.TEXT, json.dumps({"type": text}))
    transcript.append(0.3, Direction.RECEIVED, Kind.CLOSE, text, 1000)
    markup = recorded.frames([transcript], {(0, 0)}, 10_000)
    left = re.sub(r"</?(details|summary|b)>|</?pre( style=\"[^\"]*\")?>", "", markup)
    assert "<" not in left
    markup.encode("utf-8")


@quick
@given(
    text=st.text(max_size=60)
    | st.sampled_from(["|]", "*bold*", "x](javascript:alert(1)", "http://x/ <b>", ".SVG", "data:image/x"])
)
def test_a_title_never_breaks_out_of_its_picture(text):
    value = html_format(showing.picture("<svg/>", text))
    assert re.fullmatch(r'<p><img src="data:image/svg\+xml;base64,[\w+/=]+" title="[^"<>]+"></p>', value)


@quick
@given(one=scenes())
def test_the_log_of_a_test_is_bounded(one):
    assert len(showing.folded(one.transcripts, Marking(), {}, open_=False)) < 120_000


@pytest.mark.parametrize("name", ['"><b onclick=x>', "<script>x</script>", "</details><b>"])
def test_names_are_text_in_the_log(name):
    transcript = Transcript(name, Owner(name), 1, 0.0, 0.0)
    transcript.append(0.1, Direction.RECEIVED, Kind.TEXT, "{}")
    markup = showing.folded([transcript], Marking(), {}, open_=False)
    assert "<b" not in markup
    assert "<script" not in markup
    assert markup.count("<details") == markup.count("</details") == 2


def test_html_from_elsewhere_is_logged_as_text_and_only_our_own_as_html():
    net = cleaning.Cleaning()
    theirs = Message("<b>x</b>", html=True)
    net.log_message(theirs)
    assert not theirs.html
    with cleaning.own_markup():
        ours = Message("<b>x</b>", html=True)
        net.log_message(ours)
    assert ours.html
    failed = Keyword(status="FAIL", message="*HTML* *HTML*<b>x</b>")
    net.end_body_item(None, failed)
    assert failed.message == "<b>x</b>"


def test_what_is_left_out_is_counted():
    server = Server(1)
    connection = server.connect("Ana")
    for _ in range(100):
        server.ask(connection, 3)
    server.finish()
    rows = recorded.frames([connection.transcript] * 40, {(35, 2)}, showing.PASSED_CHARACTERS)
    assert len(rows) < 3 * showing.PASSED_CHARACTERS
    everything = {(0, frame.index) for frame in connection.transcript.frames}
    assert len(recorded.frames([connection.transcript], everything, 5_000)) < 12_000
    assert "of them offending, not shown here" in recorded.frames([connection.transcript], everything, 5_000)
    assert re.search(r"\.\.\. and \d+ more frames, not shown here", rows)
    assert "16 more connections with" in rows
    assert rows.count("&lt;- offending") == 1


def test_secrets_are_masked_in_all_that_is_shown_and_kept(tmp_path, monkeypatch):
    redaction.issue(SECRET)
    coded = base64.b64encode(SECRET.encode()).decode()
    transcript = Transcript("Ana", Owner("Ana"), 1, 0.0, 0.0)
    for text in (SECRET, f"x{coded}x", json.dumps({"type": "refresh_token", "token": SECRET})):
        transcript.append(0.1, Direction.SENT, Kind.TEXT, text)
    transcript.append(0.2, Direction.RECEIVED, Kind.BINARY, SECRET.encode())
    transcript.append(0.3, Direction.RECEIVED, Kind.CLOSE, SECRET, 1008)
    transcript.append(0.4, Direction.RECEIVED, Kind.TEXT, json.dumps({"type": SECRET}))
    monkeypatch.setenv(filing.FOLDER_VARIABLE, str(tmp_path / "transcripts"))
    logged = []
    monkeypatch.setattr(showing.logger, "write", lambda text, **_: logged.append(text))
    outcome = Result("One", status="FAIL", message="no")
    showing.show(outcome, [(transcript, transcript)], [], {}, filing.Filing())
    (file,) = (tmp_path / "transcripts").iterdir()
    pictures = re.findall(r"base64,([\w+/=]+)", "".join([*logged, *outcome.metadata.values()]))
    everything = [file.read_text(), *logged, *(base64.b64decode(p).decode() for p in pictures)]
    assert len(everything) == 4
    for text in everything:
        assert SECRET not in html.unescape(text)
        assert coded not in text
    assert load(file.read_text().splitlines())[0].frames[3].data == redaction.MASK.encode()
    assert transcript.frames[0].data == SECRET  # rules still see what came


def test_only_what_a_test_says_is_pointed_at():
    server = Server(1)
    connection = server.connect("Ana")
    server.ask(connection, 1)
    server.finish()
    t = connection.transcript
    expected = evidence.of_verdict(broken("r", t, "This was expected.", "x", [t.frames[2]]))
    told = evidence.of_verdict(broken("r", t, "This broke.", "x", [t.frames[3]]))
    marks = evidence.marking([t], [expected, told], f"1) {told.message}\n\n2) other", "This broke.")
    assert set(marks.frames) == {(0, 3)}


def test_names_of_files_are_safe_and_differ():
    names = {filing.file_name(n) for n in ("A.B", "A B", "a.b", "../../etc/passwd", "ä" * 300, "\ud800")}
    assert len(names) == 6
    assert all(re.fullmatch(r"[a-z0-9-]{8,90}", name) for name in names)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("Ana saw nothing.\nmore", "Ana saw nothing."),
        ("Setup failed:\nAna saw nothing.", "Ana saw nothing."),
        ("Several failures occurred:\n\n1) First.\n\n2) Second.", "First."),
        ("Ambient: Ana saw too much.", "Ana saw too much."),
        ("", "the test failed"),
    ],
)
def test_the_headline_is_the_first_line_that_says_something(message, line):
    assert showing.headline(message) == line
