"""An error in a dialect names the file, the line and the mend."""

from __future__ import annotations

import pytest
from AgentChatLibrary.dialect.building import load
from AgentChatLibrary.dialect.files import DialectProblem, find
from dialect_shelf import OTHERS, OWN, VARIABLES, dialect_of

GOOD = """\
dialect: 1
name: Mine
frames: json
connect:
  path: /ws
  carriers:
    header: {name: Authorization, value: Bearer $token}
reads:
  - when: {type: hello}
    as: {connection_established: {user_id: user}}
  - when: {type: done}
    as:
      agent_completed:
        run_id: run
        response: text
says:
  chat: {type: ask, text: $content}
"""

WRONG = [
    ("frames: json", "frames: jsn", 3, "Did you mean 'json'"),
    ("name: Mine", "nmae: Mine", 2, "did you mean 'name'"),
    ("  path: /ws", "  path: ws", 5, "begins with a slash"),
    ("value: Bearer $token", "value: Bearer token", 7, "place for $token"),
    ("agent_completed:", "agent_complete:", 13, "did you mean 'agent_completed'"),
    ("response: text", "respons: text", 15, "did you mean 'response'"),
    ("response: text", "response: {frm: run}", 15, "did you mean 'from'"),
    ("response: text", "response: {from: runn}", 15, "Did you mean 'run'"),
    ("response: text", "response: {remembered: answer}", 15, "some rule must `remember` it"),
    ("when: {type: done}", "when: {a..b: done}", 11, "a path is field.field"),
    ("response: text", "response: a..b", 15, "a field comes from a path"),
    ("text: $content", "text: $contents", 17, "did you mean $content"),
    ("text: $content", "text: hello", 17, "no place for $content"),
    ("chat:", "chatt:", 17, "did you mean 'chat'"),
    ("when: {type: done}", "when: {type: {matches: '['}}", 11, "no pattern"),
    ("when: {type: done}", "when: {type: {like: x}}", 11, "kind, matches, not, present"),
    (
        "    as: {connection_established: {user_id: user}}",
        "    ignore: Not so.",
        8,
        "connection_established",
    ),
    ("    as: {connection_established: {user_id: user}}", "    of: run", 9, "this rule does nothing"),
    ("frames: json", "frames: json\nframes: sse", 4, "stands twice"),
    ("frames: json", "frames: [", 5, "no YAML"),
    ("dialect: 1", "dialect: 2", 1, "write 1"),
    ("frames: json", "frames: json\nspeaks: agent-chat v1", 3, "no place beside `speaks`"),
    ("connect:\n", "credential: {got: login}\nconnect:\n", 4, "keeps no token"),
    (
        "connect:\n",
        "credential: {got: minted, claims: {s: me}}\nconnect:\n",
        4,
        "no claim names the person",
    ),
    ("connect:\n", "credential: {got: login, steps: [{put: /x}]}\nconnect:\n", 4, "'put' means nothing"),
]


def test_a_good_file_is_read(written):
    assert load(str(written(GOOD)), VARIABLES).name == "Mine"


@pytest.mark.parametrize(("good", "wrong", "line", "mend"), WRONG)
def test_an_error_names_the_file_the_line_and_the_mend(written, good, wrong, line, mend):
    assert good in GOOD
    file = written(GOOD.replace(good, wrong, 1))
    with pytest.raises(DialectProblem) as problem:
        load(str(file), VARIABLES)
    first = str(problem.value).splitlines()[0]
    assert first.startswith(f"{file}, line {line}: ")
    assert mend in first


def test_an_unknown_dialect_lists_those_that_exist():
    with pytest.raises(DialectProblem, match="Did you mean 'netra'"):
        find("netar", VARIABLES)


def test_a_dialect_that_speaks_the_contract_translates_nothing(written):
    found = load(str(written("dialect: 1\nname: Ours\nspeaks: agent-chat v1\n")), VARIABLES)
    assert found.canonical
    assert found.carriers.header == ("Authorization", "Bearer $token")


@pytest.mark.parametrize("name", [*OWN, *OTHERS])
def test_every_dialect_that_lies_here_is_right(name):
    assert dialect_of(name).name
