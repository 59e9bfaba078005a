"""The documentation's checks find what is wrong, and say where."""

import json
from pathlib import Path

import pytest

from runner.docs import check, commands, markdown, pages, reference, shell


@pytest.fixture
def project(tmp_path):
    """Writes the pages of a small project and returns what is wrong with them."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "there.md").write_text("# There\n\n## A Heading, With Signs!\n", "utf-8")

    def told(text):
        (tmp_path / "README.md").write_text(text, "utf-8")
        found = check.read(tmp_path)
        return [*check.links(found, tmp_path), *check.code(found, tmp_path)]

    return told


@pytest.mark.parametrize(
    "link",
    [
        "docs/there.md",
        "docs/there.md#there",
        "docs/there.md#a-heading-with-signs",
        "docs/",
        "#a-place",
        "https://example.com/x#y",
    ],
)
def test_a_link_that_leads_somewhere_is_fine(project, link):
    assert project(f"# A place\n\nSee [it]({link}).\n") == []


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("docs/gone.md", "README.md:3: docs/gone.md leads nowhere: there is no docs/gone.md"),
        (
            "docs/there.md#gone",
            "README.md:3: docs/there.md#gone leads nowhere: there.md has no heading 'gone'",
        ),
        ("#gone", "README.md:3: #gone leads nowhere: README.md has no heading 'gone'"),
        ("../elsewhere", "README.md:3: ../elsewhere leads out of the project"),
    ],
)
def test_a_link_that_leads_nowhere_is_told_with_its_line(project, link, problem):
    assert project(f"# A place\n\nSee [it]({link}).\n") == [problem]


def test_a_picture_must_exist_too(project):
    assert project("![drawn](drawing.svg)\n") == [
        "README.md:1: drawing.svg leads nowhere: there is no drawing.svg"
    ]


def test_links_within_code_are_no_links(project):
    assert project("`[it](gone.md)`\n\n```text\n[it](gone.md)\n```\n") == []


@pytest.mark.parametrize(
    "line",
    [
        "python3 run.py",
        "python3 run.py --category area:isolation   # a word's apostrophe",
        "AGENT_CHAT_FAULT=NAME python3 run.py -- --test 'All Five*' --loglevel TRACE",
        "python3 run.py prove --fault wrong-run-id --only promise-17",
        "python3 run.py new fault answer-without-total --group events",
        "python3 run.py --shard I/N",
        "python3 run.py new suite|promise NAME",
        "python3 run.py COMMAND --help",
        "python -m backend.faults --list",
        "python -m runner.coverage --write",
        "rebot --merge part1/output.xml part2/output.xml",
        "robot --include area:health tests",
        "nothing of ours --at-all",
    ],
)
def test_a_command_line_that_exists_is_fine(line):
    assert list(shell.problems(line)) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("python3 run.py --categorie x", "run.py accept has no option --categorie"),
        ("python3 run.py porve", "run.py has no command 'porve'"),
        ("python3 run.py prove --faults x", "run.py prove has no option --faults"),
        ("python3 run.py new fault x --grup y", "run.py new fault has no option --grup"),
        ("python3 run.py new falt x", "run.py new has no command 'falt'"),
        ("python3 run.py new suite|falt x", "run.py new has no command 'falt'"),
        ("AGENT_CHAT_ENV=x run.py serve --prot 1", "run.py serve has no option --prot"),
        ("python -m backend.fault --list", "there is no module backend.fault"),
        ("python -m backend.faults --lists", "backend.faults has no option --lists"),
    ],
)
def test_a_command_line_that_does_not_exist_is_told(line, problem):
    assert list(shell.problems(line)) == [f"`{line}`: {problem}"]


def test_options_for_robot_framework_are_read_by_robot_framework():
    (found,) = shell.problems("python3 run.py -- --tset x")
    assert "--tset" in found


def test_command_lines_are_looked_for_in_lines_in_blocks_and_behind_fences(project):
    found = project(
        "Type `python3 run.py porve`:\n\n    python3 run.py porve\n\n```bash\nrun.py porve\n```\n"
    )
    assert [line.split(" ")[0] for line in found] == ["README.md:3:", "README.md:5:", "README.md:1:"]


@pytest.mark.parametrize(
    ("language", "code", "problem"),
    [
        ("python", "def f(:", "this is no python: invalid syntax"),
        ("yaml", "a: [", "this is no yaml: while parsing"),
        ("json", "{", "this is no json: Expecting property name"),
        ("robotframework", "Ask    Ana", "this is no robotframework: it has no section"),
        ("robotframework", "*** Tests ***\nA\n    Log    x", "this is no robotframework:"),
        ("robotframework", "*** Test Cases ***\nA\n    FOR    ${x}    IN    1\n", "FOR loop"),
        ("cobol", "MOVE", "nobody knows how to check 'cobol'"),
        ("", "what", "the fence names no language"),
    ],
)
def test_code_that_is_none_is_told(project, language, code, problem):
    (found,) = project(f"# A\n\n```{language}\n{code}\n```\n")
    assert found.startswith("README.md:3: ")
    assert problem in found


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "def f(): ..."),
        ("yaml", "a: [1]"),
        ("json", '{"a": 1}'),
        ("text", "anything { at all"),
        ("robotframework", "*** Test Cases ***\nA\n    Log    x"),
    ],
)
def test_code_that_is_some_is_fine(project, language, code):
    assert project(f"```{language}\n{code}\n```\n") == []


def test_anchors_are_made_as_code_hosts_make_them():
    assert markdown.slug("## What `run.py` does: a *word*, two"[3:]) == "what-runpy-does-a-word-two"
    assert markdown.slug("[A link](x.md) in a heading") == "a-link-in-a-heading"


def test_the_same_heading_twice_has_two_anchors(tmp_path):
    (tmp_path / "a.md").write_text("# One\n\n## One\n\n## One\n", "utf-8")
    assert markdown.read(tmp_path / "a.md").anchors == {"one", "one-1", "one-2"}


def test_links_on_the_site_lead_to_pages_of_the_site_and_name_source_files():
    text = "[a](docs/proof.md#mutants) [b](run.py) [c](https://example.com) [d](#here)"
    assert pages.adapted(text, "README.md") == (
        "[a](proof.md#mutants) b (`run.py`) [c](https://example.com) [d](#here)"
    )
    assert pages.adapted("[a](../../README.md) [b](../proof.md)", "docs/howto/fault.md") == (
        "[a](../index.md) [b](../proof.md)"
    )


def test_a_page_that_is_in_no_list_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "CONTENTS", {"Begin": ["tutorial"]})
    with pytest.raises(pages.NotListed, match=r"glossary\.md"):
        pages.gather(tmp_path, {}, [])


def test_every_command_and_its_options_stand_on_the_page_of_commands():
    text = commands.page()
    for wanted in ("## run.py accept", "### run.py new fault", "`--shard` `I/N`", "`--real-services`"):
        assert wanted in text


def test_steps_are_coloured_as_they_are_in_a_test():
    pytest.importorskip("sphinx")
    from runner.docs.site import Steps  # noqa: PLC0415 -- only where Sphinx is installed

    text = "${a}    Ask    Ana    ${b}\nLog    x\n"
    tokens = list(Steps().get_tokens_unprocessed(text))
    assert "".join(value for _, _, value in tokens) == text
    assert any("Name.Variable" in str(kind) or "Punctuation" in str(kind) for _, kind, _ in tokens)
    assert not any("Comment" in str(kind) for _, kind, _ in tokens)


def test_the_search_finds_each_keyword_at_its_heading(tmp_path):
    sphinx = pytest.importorskip("sphinx.application")
    from runner.docs.site import CONFIGURATION  # noqa: PLC0415 -- only where Sphinx is installed

    name = '${name} asks "${what}"'
    heading = f"({reference.anchor(name)})=\n## {name}\n\nA question.\n"
    (tmp_path / "index.md").write_text(f"# Chat\n\n{heading}\n## No keyword\n\nSome words.\n", "utf-8")
    out = tmp_path / "site"
    sphinx.Sphinx(
        tmp_path, None, out, tmp_path / "doctrees", "html", confoverrides=dict(CONFIGURATION), status=None
    ).build()
    index = (out / "searchindex.js").read_text("utf-8").removeprefix("Search.setIndex(").removesuffix(")")
    found = json.loads(index)
    assert found["objects"] == {"": [[0, 0, 0, "keyword-name-asks-what", name]]}
    assert found["objnames"] == {"0": ["keyword", "keyword", "Keyword"]}
    assert 'id="keyword-name-asks-what"' in (out / "index.html").read_text("utf-8")


def test_the_pages_of_the_project_are_read():
    assert {page.file.name for page in check.read()} >= {"README.md", "contract.md", "tutorial.md"}
    assert Path("docs/howto/fault.md").name in {page.file.name for page in check.read()}
