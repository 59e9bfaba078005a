"""Examples are found in documentation and suites, and what is wrong with them is told with its place."""

import subprocess
import sys

import pytest

from runner.examples import suite
from runner.examples.__main__ import lacking
from runner.examples.collect import Example, owners, parted, unexplained
from runner.examples.execute import Written, execute
from runner.examples.uses import Uses
from runner.project import LIBRARIES, RESOURCES, ROOT

DOC = """Asks.

Example:
| ${answer} | Ask | Ana | Who is {"a": 1}? |
| Log       | x |

Example, on a backend of its own:
| Kill Backend |

More of it."""


def test_examples_are_taken_out_of_a_documentation():
    rest, examples = parted(DOC)
    assert rest == "Asks.\n\nMore of it."
    assert examples == [
        Example("", (("${answer}", "Ask", "Ana", 'Who is {"a": 1}?'), ("Log", "x"))),
        Example("on a backend of its own", (("Kill Backend",),)),
    ]
    assert examples[0].lines == ['${answer}    Ask    Ana    Who is {"a": 1}?', "Log    x"]


def test_the_word_without_steps_is_no_example():
    assert parted("Example:\n\nNothing.")[1] == []


@pytest.fixture
def resource(tmp_path):
    file = tmp_path / "own.resource"
    file.write_text(
        "*** Keywords ***\n"
        "One\n    [Documentation]    Does.\n    ...\n    ...    Example:\n    ...    | One |\n    Log    1\n"
        "Two\n    [Documentation]    Does.\n    ...\n    ...    Example:\n    ...    | One |\n    Log    2\n"
        "Three\n    [Documentation]    Does.\n    [Arguments]    ${x}\n    Log    ${x}\n"
        "Four\n    [Documentation]    Does.\n    [Tags]    robot:private\n    Log    4\n"
        "${name:[^ ]+} does ${what}\n    [Documentation]    Does.\n    Three    1\n",
        "utf-8",
    )
    return file


def test_keywords_of_a_file_are_read_with_what_they_document(resource):
    (owner,) = owners([resource])
    by_name = {keyword.name: keyword for keyword in owner.keywords}
    assert len(by_name["One"].examples) == 1
    assert by_name["Three"].place.endswith("own.resource:14")
    assert by_name["Four"].private
    assert unexplained([by_name["Three"]]) == [
        f"{by_name['Three'].place}: Three does not say what its argument 'x' means"
    ]


def test_a_keyword_that_nobody_shows_is_told_with_the_mend(resource):
    (owner,) = owners([resource])
    wanted = [keyword for keyword in owner.keywords if not keyword.private]
    three, does = lacking(wanted, {})
    assert (three.name, does.name) == ("Three", "${name:[^ ]+} does ${what}")
    assert lacking(wanted, {(three.file, three.name)}) == [does]


def test_an_example_that_two_keywords_show_is_one_test_that_names_both(resource):
    (shown,) = suite.shown(owners([resource]))
    assert shown.keywords == ("One", "Two")


def test_people_that_an_example_names_are_there(tmp_path):
    one = suite.Shown(Example("", (("Ask", "Ana", "x"),)), ("Ask",), ("a.py:1",), None)
    two = suite.Shown(Example("", (("Get Chat Path",),)), ("Get Chat Path",), ("a.py:2",), None)
    tests, files = suite.write([one, two], tmp_path)
    assert files == {tmp_path / "01_examples.robot": ""}
    assert list(tests) == [
        ("01 Examples", "001 Ask"),
        ("01 Examples", "002 Get Chat Path"),
    ]
    text = (tmp_path / "01_examples.robot").read_text("utf-8")
    assert "001 Ask\n    [Setup]    Prepare    Ana\n    Ask    Ana    x\n" in text
    assert "002 Get Chat Path\n    Get Chat Path\n" in text


def test_an_example_in_a_world_that_nobody_gives_is_told(tmp_path):
    one = suite.Shown(Example("on the moon", (("Ask",),)), ("Ask",), ("a.py:1",), None)
    with pytest.raises(ValueError, match=r"a\.py:1: an example cannot be 'on the moon'"):
        suite.write([one], tmp_path)


@pytest.mark.usefixtures("resource")
def test_a_business_keyword_that_a_test_uses_has_it_as_its_example(tmp_path):
    (tmp_path / "suite.robot").write_text(
        "*** Settings ***\nResource    own.resource\nTest Setup    One\n\n*** Test Cases ***\n"
        "It Does\n    [Documentation]    Why.\n    ...    And how.\n    Given Ana does much\n    Two\n",
        "utf-8",
    )
    found = {name: use for (_, name), use in Uses(tmp_path).found.items()}
    assert set(found) == {"One", "Two", "Three", "${name:[^ ]+} does ${what}"}
    assert found["Two"].lines == ("Given Ana does much", "Two")
    assert found["Two"].setup == "One"
    assert found["Three"].within == ("${name:[^ ]+} does ${what}",)


def test_a_suite_of_a_page_that_names_a_keyword_that_is_not_there_fails_with_its_place(monkeypatch):
    monkeypatch.setenv("AGENT_CHAT_ENV", "embedded")
    good = Written("docs/a.md:3", "*** Test Cases ***\nGood\n    Log    x\n")
    bad = Written("docs/b.md:7", "*** Test Cases ***\nBad\n    Lgo    x\n")
    empty = Written("docs/c.md:9", "*** Keywords ***\nNone\n    Log    x\n")
    told = execute([], [good, bad, empty])
    assert told.passed == 1
    assert [line.split(":")[0] for line in told.failures] == ["docs/b.md", "docs/c.md"]
    assert "Bad fails: No keyword with name 'Lgo' found" in told.failures[0]


def test_a_suite_that_only_its_reader_can_run_is_tried_dry(monkeypatch):
    monkeypatch.setenv("AGENT_CHAT_ENV", "embedded")
    text = "*** Test Cases ***\nDry\n    Fail    Not in a dry run.\n"
    assert execute([], [Written("docs/a.md:3", text, dry=True)]).passed == 1
    wrong = text.replace("Fail", "Fial")
    assert "Fial" in execute([], [Written("docs/a.md:3", wrong, dry=True)]).failures[0]


PROGRAM = """
from runner.examples.collect import Example
from runner.examples.execute import execute
from runner.examples.suite import Shown
if __name__ == "__main__":
    example = Example("", (("Ask", "Ana", "Which resources are idle?"), ("Wait For Anser", "Ana")))
    shown = Shown(example, ("Ask", "Wait For Answer"), ("asking.py:24", "waiting.py:3"), None)
    print(*execute([shown]).failures)
"""


def test_an_example_with_a_keyword_that_is_not_there_fails_with_the_names_and_the_place():
    path = f"{ROOT}:{LIBRARIES}:{RESOURCES}"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        timeout=60,
    )
    assert done.stdout.startswith("asking.py:24: the example of Ask and Wait For Answer fails: ")
    assert "No keyword with name 'Wait For Anser' found" in done.stdout
