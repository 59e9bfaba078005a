"""What a run's reports promise: readable statistics, stories, summary, history, privacy, and nothing lost."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from robot.api import ExecutionResult

from runner import artefacts, dressing, history, private, promised, results, summary, tags
from runner.pages import browser
from runner.pages.__main__ import UNFOLD

ROOT = Path(__file__).resolve().parents[2]
FOLDED = '<details class="swimlane" open data-time-answer="0.031000"><summary>x</summary>'
IMAGE = '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="Ana" style="max-width:100%">'
SUITE = f"""
*** Settings ***
Documentation    Things.
...
...              Why it matters: money & <b>trust</b>.
Test Tags        area:agent-events    severity:critical

*** Test Cases ***
Good
    [Tags]    promise-04    catches:x
    Log    {FOLDED}{IMAGE}<p>frames</p></details>    html=True
Bad
    [Tags]    promise-05    tier:free    needs:hold
    Fail    Ana <script>alert(1)</script> broke | it.\\n\\#1 x <- offending\\nExpected: no.
"""
LISTENER = f"""
from robot.api import logger
class listener:
    ROBOT_LISTENER_API_VERSION = 3
    def end_test(self, data, result):
        if data.name == "Good":
            result.metadata["Wire"] = "3 frames"
        logger.write('''{FOLDED}{IMAGE}<p>frames</p></details>''', html=True)
"""


SEEN = "pictures-seen"
LOOK = (
    "setTimeout(() => document.documentElement.setAttribute(SEEN, JSON.stringify("
    "[...document.querySelectorAll('.whole-picture')].map(e => e.getClientRects().length > 0))), 3000);"
).replace("SEEN", f"'{SEEN}'")
"""Notes in the page which of the whole pictures take up any room, when everything is unfolded."""


@pytest.fixture
def outcome(suites, planned, run_robot, tmp_path):
    (tmp_path / "listener.py").write_text(LISTENER)
    tests = suites(one=SUITE)
    plan = planned(tests)
    output = run_robot(tests, "--listener", str(tmp_path / "listener.py")) / "output.xml"
    return results.combine(plan, [output]), plan


def test_tag_statistics_read_as_sentences(outcome):
    combined, plan = outcome
    results.write(combined, plan)
    told = {stat.name: stat for stat in combined.result.statistics.tags}
    assert list(told) == [
        "Area: agent events",
        "Promise 04: All five events arrive",
        "Promise 05: Every event has the agreed structure",
        "Severity: critical",
        "Tier: free",
    ]
    assert told["Area: agent events"].doc == "Things."
    assert [link[1] for link in told["Area: agent events"].links] == ["tests"]
    assert "do not release" in told["Severity: critical"].doc
    assert (told["Promise 05: Every event has the agreed structure"].failed) == 1


def test_pages_tell_the_story_and_programs_read_it_plain(outcome):
    combined, plan = outcome
    files = {file.name: file for file in results.write(combined, plan)}
    assert set(files) == {"log.html", "report.html", "output.xml", "output.json", "xunit.xml"}
    for name in ("output.xml", "output.json"):
        good, bad = ExecutionResult(files[name]).suite.all_tests
        assert bad.message.startswith("Ana <script>")
        assert "catches:x" in good.tags
    for name in ("log.html", "report.html"):
        page = files[name].read_text()
        assert "<script>alert(1)" not in page
        assert "catches:x" not in page
        assert "1 of 2 promises hold. Broken: 05 Every event has the agreed structure." in page
    assert combined.failures[0].message.startswith("Ana <script>")  # undone
    assert "Promises" not in combined.result.suite.metadata


@pytest.mark.parametrize(("page", "seen"), [("log.html", [True]), ("report.html", [False])])
def test_the_whole_picture_is_in_the_log_and_not_in_the_narrow_tables_of_the_report(outcome, page, seen):
    found = browser.find()
    if found is None:
        pytest.skip(f"no browser was found that could show {page}")
    combined, plan = outcome
    files = {file.name: file for file in results.write(combined, plan)}
    shown = browser.open_page(found, files[page], UNFOLD + LOOK)
    told = re.search(f'{SEEN}="([^"]*)"', shown)
    assert told, "the browser has not looked"
    assert json.loads(told[1]) == seen


def test_a_failed_test_shows_story_picture_and_reason_at_its_top(outcome):
    combined, _ = outcome
    with dressing.dressed(combined.result.suite):
        good, bad = combined.result.suite.all_tests
        assert good.message == ""
        assert IMAGE in bad.message
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in bad.message
        assert "#1 x <b>&lt;- offending</b></span>" in bad.message
        assert "<b>Why it matters:</b> money &amp; &lt;b&gt;trust&lt;/b&gt;." in bad.message
        assert "Severity critical:" in bad.message
        folded = [m.message for m in bad.body if m.type == "MESSAGE"]
        assert folded == [f"{FOLDED.replace(' open', '')}<p>frames</p></details>"]
    assert IMAGE in next(m.message for m in bad.body if m.type == "MESSAGE")


def test_the_number_of_frames_leads_to_them(outcome):
    combined, plan = outcome
    files = {file.name: file for file in results.write(combined, plan)}
    good, _ = combined.result.suite.all_tests
    assert good.metadata["Wire"] == "3 frames"
    page = files["report.html"].read_text().replace('\\"', '"')
    assert f'<a href="log.html#{good.id}">3 frames' in page
    assert "log.html#" not in files["output.xml"].read_text()


def test_the_summary_fits_a_pull_request(outcome):
    combined, _ = outcome
    text = summary.text(combined, environment="embedded", leaks=["log.html: a secret, plain"])
    assert text.startswith("## Agent chat: promises are broken\n")
    assert "| agent-events | BROKEN | 1 | 1 | 0 |" in text
    assert "1 of 2 promises hold. Broken: 05 Every event has the agreed structure." in text
    assert (
        "- **Bad** (promise-05, severity:critical): Ana &lt;script&gt;alert(1)&lt;/script&gt; broke \\| it."
        in text
    )
    assert "- log.html: a secret, plain" in text
    assert "### Slowest tests" in text
    assert "<script" not in text


def test_promises_that_were_skipped_or_not_run_are_told_apart(suites, planned, run_robot):
    held = "Held\n    [Tags]    promise-04\n    Log    x\n"
    reason = "The environment x does not offer 'hold': runs stop before a step."
    gone = f"Gone\n    [Tags]    promise-05    needs:hold    needs:cancel\n    Skip    {reason}\n"
    tests = suites(one=held + gone)
    combined = results.combine(planned(tests), [run_robot(tests) / "output.xml"])
    names = [name for _, name in tags.statistics(combined.result.suite).combined]
    assert [name for name in names if name.startswith("Skipped")] == ["Skipped without: hold"]
    verdicts = promised.kept(list(combined.result.suite.all_tests))
    assert [one.verdict for one in verdicts] == [promised.HOLDS, promised.UNTESTED]
    assert promised.headline(verdicts).startswith("1 of 2 promises hold. Not tested: 05")
    assert promised.headline([]) == "no test of a promise was run"
    assert promised.verdict(verdicts, good=True) == "1 of 40 promises were tried, and are kept"
    assert promised.verdict([], good=True) == "no promise was tried"
    assert promised.verdict(verdicts, good=False) == "something failed"
    assert not tags.statistics(combined.result.suite).links


KNOWN = """\
Kept
    [Tags]    promise-04    area:connection    severity:critical
    Log    x
Known
    [Tags]    promise-04    area:connection    severity:critical    known-failure
    Skip    Known failure: It lets <b>all</b> in.\\n\\nSeveral failures occurred:\\n\\n1) x
Known Too
    [Tags]    promise-05    area:agent-events    known-failure
    Skip    Known failure: It says nothing.
Good
    [Tags]    promise-06    area:routing
    Log    x
"""


def test_a_promise_that_is_known_to_be_broken_is_not_told_as_kept(suites, planned, run_robot):
    tests = suites(one=KNOWN)
    combined = results.combine(planned(tests), [run_robot(tests) / "output.xml"])
    verdicts = promised.kept(list(combined.result.suite.all_tests))
    assert [one.verdict for one in verdicts] == [promised.KNOWN, promised.KNOWN, promised.HOLDS]
    assert promised.headline(verdicts).startswith("1 of 3 promises hold. Broken (known): 04 ")
    told = "1 of 40 promises were tried, and are kept; 2 promises are broken (known)"
    assert promised.verdict(verdicts, good=True) == told
    assert promised.verdict(verdicts[:1], good=True) == "1 promise is broken (known)"
    text = summary.text(combined, environment="embedded")
    assert text.startswith(f"## Agent chat: {told}\n")
    assert "| connection | broken (known) | 1 | 0 | 1 |" in text
    assert "| agent-events | broken (known) | 0 | 0 | 1 |" in text
    assert "| routing | kept | 1 | 0 | 0 |" in text
    section = text.partition("### Known failures\n\n")[2].partition("\n\n### Slowest")[0]
    assert section.splitlines() == [
        "- **Known** (promise-04, severity:critical): Known failure: It lets &lt;b&gt;all&lt;/b&gt; in.",
        "- **Known Too** (promise-05): Known failure: It says nothing.",
    ]
    assert "### Failures" not in text


def test_what_is_broken_and_not_known_counts_before_what_is(suites, planned, run_robot):
    tests = suites(one=KNOWN + "Bad\n    [Tags]    promise-04    area:connection\n    Fail    no\n")
    combined = results.combine(planned(tests), [run_robot(tests) / "output.xml"])
    verdicts = promised.kept(list(combined.result.suite.all_tests))
    assert [one.verdict for one in verdicts] == [promised.BROKEN, promised.KNOWN, promised.HOLDS]
    text = summary.text(combined, environment="embedded")
    assert "| connection | BROKEN | 1 | 1 | 1 |" in text
    assert "### Failures\n\n- **Bad**" in text


def test_the_history_draws_trends_of_verdicts_durations_and_latencies_without_the_network(outcome):
    combined, plan = outcome
    results.write(combined, plan)
    output = Path(plan.settings.output)
    for _ in range(2):
        page = history.keep(output, environment="embedded")
        text = output.read_text()  # a second run, as far as the page can tell
        output.write_text(re.sub(r'generated="20(\d\d)', lambda m: f'generated="20{int(m[1]) - 1}', text))
    assert page is not None
    assert page.parent.name == history.FOLDER
    with sqlite3.connect(page.with_name(history.DATABASE)) as database:
        assert database.execute("select count(*) from runs").fetchone() == (2,)
        times = database.execute("select total_time_s from keywords where name = 'answer'").fetchall()
    assert [float(time) for (time,) in times] == [0.062, 0.062]
    loaded = re.findall(r'<(?:script|link)[^>]+(?:src|href)="(https?:[^"]+)"', page.read_text())
    assert loaded == []


def test_a_history_that_cannot_be_written_is_said_and_spoils_nothing(tmp_path, capsys):
    output = tmp_path / "output.xml"
    output.write_text('<robot generator="x" generated="2026-01-01T00:00:00"></robot>')
    (tmp_path / history.FOLDER).mkdir()
    (tmp_path / history.FOLDER / history.DATABASE).write_text("no database")
    try:
        assert history.keep(output, environment="embedded") is None
    finally:
        assert "could not be written" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="modes mean something on POSIX alone")
def test_what_a_run_writes_is_for_its_user_alone(tmp_path):
    with private.written_privately():
        (tmp_path / "made").touch()
    (tmp_path / "before").touch(0o644)
    (tmp_path / "transcripts").mkdir(0o755)
    (tmp_path / "transcripts" / "one.jsonl").touch(0o644)
    (tmp_path / "elsewhere").touch(0o644)
    (tmp_path / "report.html").touch(0o644)
    (tmp_path / "log.html").symlink_to(tmp_path / "elsewhere")
    artefacts.close(tmp_path)
    modes = {f.name: stat.S_IMODE(f.stat().st_mode) for f in tmp_path.rglob("*") if not f.is_symlink()}
    assert modes["made"] == modes["one.jsonl"] == modes["report.html"] == 0o600
    assert modes["transcripts"] == 0o700
    assert modes["elsewhere"] == 0o644


# -- whole runs against a real backend

EVERYWHERE = """
*** Settings ***
Resource    chat.resource
Library     {library}

*** Test Cases ***
{name}
    Given Ana is an enterprise user of Northwind
    And Ana is connected
    ${{token: Secret}}    Mint Token    Ana
    VAR    ${{plain}}    ${{token.value}}
    Log    ${{plain}}
    Log    <b>${{plain}}</b>    html=True
    FOR    ${{x}}    IN    ${{plain}}
        Log    ${{x}}    DEBUG
    END
    Set Test Metadata    Note    ${{plain}}
    Set Test Documentation    About ${{plain}}
    Set Tags    tag-${{plain}}
    Ask    Ana    About ${{plain}}
    Wait For Answer    Ana
    Send Message    Ana    refresh_token    token=${{token}}
    ${{coded}}    Evaluate    base64.b64encode(b'${{plain}}').decode()    modules=base64
    Log    ${{coded}}
    ${{ana: Any}}    Get Person    Ana
    Fail    Broke with ${{ana.password}} and ${{plain}}
"""
UNMASKED = """
from AgentChatLibrary import redaction
class Unmasked:
    def __init__(self):
        redaction.mask.__globals__["_needles"].found_in = lambda texts: []
"""


def accept(*arguments):
    command = [sys.executable, "-m", "runner", "accept", "--processes", "2", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done


def planted(tmp_path, library):
    suites = tmp_path / "suites"
    suites.mkdir()
    (suites / "Unmasked.py").write_text(UNMASKED)
    for name in ("one", "two"):
        (suites / f"{name}.robot").write_text(EVERYWHERE.format(library=library, name=f"Everywhere {name}"))
    out = tmp_path / "results"
    done = accept(
        "--keep-transcripts",
        "--history",
        "--",
        "--outputdir",
        str(out),
        "--loglevel",
        "TRACE",
        str(suites),
    )
    return done, out


def test_a_canary_is_found_in_every_place_when_nothing_is_masked(tmp_path):
    done, out = planted(tmp_path, "Unmasked.py")
    assert done.returncode == 1
    told = done.stdout.split("Secrets were written (none may be):")[1]
    leaks = set(re.findall(rf"{re.escape(str(out))}/([\w./-]+): a secret, ([^\n]+)", told))
    places = {re.sub(r"\d", "N", file) for file, _ in leaks}
    transcripts = {place for place in places if place.startswith("transcripts/")}
    assert len(transcripts) == 2
    assert {
        *("log.html", "report.html", "output.xml", "output.json", "xunit.xml", "summary.md", "pabot.log"),
        *(
            "pabot_results/N/output.xml",
            "pabot_results/N/worker.xml",
            "pabot_results/N/user_command_stdout.out",
        ),
        *("pabot_results/pabot_manager.log", "history/runs.db"),
    } <= places
    forms = {form for _, form in leaks}
    assert "plain" in forms
    assert "base64" in forms
    assert "JWT signature" in forms
    assert "plain, inside a compressed string" in forms
    assert (out / "summary.md").read_text().count("Secrets were written") == 1


def test_the_same_canary_is_nowhere_when_all_is_masked_and_nothing_else_is_lost(tmp_path):
    done, out = planted(tmp_path, "Collections")
    assert "Secrets were written" not in done.stdout
    assert "Broke with <secret> and <secret>" in done.stdout
    tests = list(ExecutionResult(out / "output.xml").suite.all_tests)
    assert [test.name for test in tests] == ["Everywhere one", "Everywhere two"]
    for test in tests:
        assert test.metadata["Seen"].startswith("[data:image/svg+xml;base64,")
        link = re.search(r"\[([^|]+)\|transcript of", test.metadata["Wire"])[1]
        assert (out / link).exists()
    assert {file.name for file in out.iterdir()} >= {"output.json", "summary.md", "xunit.xml", "history"}
    assert json.loads((out / "output.json").read_text())["suite"]["name"] == "Suites"
    issued = [file for file in out.rglob("*") if "issued" in file.name]
    assert issued == []  # the list of secrets never lies here
    if os.name == "posix":
        open_to_others = [
            file for file in out.rglob("*") if file.stat().st_mode & 0o077 and file.name != ".lock"
        ]
        assert open_to_others == []


PLAIN_SUITE = """
*** Settings ***
Resource    chat.resource

*** Test Cases ***
{name} Asks
    Given Ana is an enterprise user of Northwind
    And Ana is connected
    When Ana asks "Which resources are idle?"
    Then Ana sees the agent work from start to finish
    Should Be Equal    {name}    One    msg=Only the first one passes.
"""


def test_shards_that_are_merged_lose_no_picture_and_no_transcript(tmp_path):
    suites, merged = tmp_path / "suites", tmp_path / "merged"
    suites.mkdir()
    for name in ("One", "Two"):
        (suites / f"{name}.robot").write_text(PLAIN_SUITE.format(name=name))
    outputs = []
    for part in (1, 2):
        out = tmp_path / f"part{part}"
        accept("--shard", f"{part}/2", "--", "--outputdir", str(out), str(suites))
        outputs.append(str(out / "output.xml"))
        if (out / "transcripts").exists():
            shutil.copytree(out / "transcripts", merged / "transcripts", dirs_exist_ok=True)
    ours = [sys.executable, "-m", "runner", "merge", *(str(Path(o).parent) for o in outputs)]
    done = subprocess.run(
        [*ours, "--", "--outputdir", str(tmp_path / "ours"), str(suites)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout.rstrip().endswith("1 passed, 1 failed, 0 skipped"), done.stdout + done.stderr
    assert done.returncode == 1
    rebot = [
        sys.executable,
        "-m",
        "robot.rebot",
        "--merge",
        "-d",
        str(merged),
        "--output",
        "output.xml",
        *outputs,
    ]
    subprocess.run(rebot, check=False, capture_output=True)
    for folder in (merged, tmp_path / "ours"):
        one, two = ExecutionResult(folder / "output.xml").suite.all_tests
        for test in (one, two):
            assert test.metadata["Seen"].startswith("[data:image/svg+xml;base64,")
            assert "answer" in test.metadata["Times"]
            assert [item for item in test.body if item.type == "MESSAGE" and item.html]
        link = re.search(r"\[([^|]+)\|transcript of", two.metadata["Wire"])[1]
        assert (folder / link).exists()


def test_a_part_that_is_missing_shows_as_failed_tests_by_name(tmp_path, suites, run_robot):
    tests = suites(one="One\n    Log    x\n", two="Two\n    Log    x\n")
    part = run_robot(tests / "one.robot", "--name", "Tests")
    merge = [sys.executable, "-m", "runner", "merge", str(part), "--"]
    done = subprocess.run(
        [*merge, "--outputdir", str(tmp_path / "all"), str(tests)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 1
    assert "Tests.Two.Two\n    This test was planned, but none of the parts" in done.stdout


def test_merging_says_what_is_wrong_with_its_parts(tmp_path):
    merge = [sys.executable, "-m", "runner", "merge", str(tmp_path)]
    done = subprocess.run(merge, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert "holds no output.xml: it is no folder of reports." in done.stdout + done.stderr


def test_a_worker_that_is_killed_shows_as_failed_tests_by_name_and_the_others_keep_their_pictures(tmp_path):
    suites, out = tmp_path / "suites", tmp_path / "results"
    suites.mkdir()
    (suites / "One.robot").write_text(PLAIN_SUITE.format(name="One"))
    killing = "    Evaluate    os.kill(os.getpid(), 9)    modules=os\n"
    (suites / "Two.robot").write_text(
        PLAIN_SUITE.format(name="Two") + f"Dies\n{killing}Never Begins\n    Log    x\n"
    )
    done = accept("--", "--outputdir", str(out), str(suites))
    assert done.returncode == 1
    assert done.stdout.rstrip().endswith("1 passed, 3 failed, 0 skipped")
    tests = {test.name: test for test in ExecutionResult(out / "output.xml").suite.all_tests}
    assert tests["One Asks"].metadata["Seen"]
    for name in ("Two Asks", "Dies", "Never Begins"):
        assert tests[name].message == results.LOST
        assert f"**{name}**" in (out / "summary.md").read_text()
    assert list((out / "transcripts").glob("*two-asks*"))  # written before its worker died
