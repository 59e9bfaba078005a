"""Suites that are pages: read as Robot Framework reads them, and linted at the lines of the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from robot import api

from runner import house, markdown_suites

PAGE = """\
# A page

```robotframework
*** Settings ***
Documentation    What it is about.

Test Tags        area:one    severity:normal


*** Test Cases ***
```

Words, and `code` that is not executed:

```python
Sleep = 1
```

~~~ robot
First
    [Documentation]    Why.
    No Operation
~~~

More words.

```robotframework
Second
    [Documentation]    Why.
    Sleep    1s
```
"""


@pytest.fixture
def page(tmp_path) -> Path:
    file = tmp_path / "01_page.robot.md"
    file.write_text(PAGE, "utf-8")
    return file


def test_a_page_is_read_as_robot_framework_reads_it(page, tmp_path):
    read = markdown_suites.extract(page)
    lines = PAGE.splitlines()
    for text, number in zip(read.text.splitlines(), read.lines, strict=True):
        assert not text or text == lines[number - 1]
    plain = tmp_path / "plain.robot"
    plain.write_text(read.text, "utf-8")
    names = [[t.name for t in api.TestSuite.from_file_system(file).all_tests] for file in (page, plain)]
    assert names == [["First", "Second"], ["First", "Second"]]


def test_findings_name_the_line_of_the_page(page, tmp_path):
    line = PAGE.splitlines().index("    Sleep    1s") + 1
    found = markdown_suites.lint([page])
    assert any(re.search(rf"01_page\.robot\.md:{line}:\d+ KW01", one) for one in found), found
    of_house = house.findings(tmp_path, tmp_path / "none", tmp_path / "none")
    assert [(finding.line, finding.problem) for finding in of_house] == [(line, "'Sleep' sleeps")]


def test_a_good_page_has_no_findings(page):
    page.write_text(PAGE.replace("    Sleep    1s", "    No Operation"), "utf-8")
    assert markdown_suites.lint([page]) == []


def test_the_runner_plans_pages_with_all_other_suites(page, planned):
    plan = planned(page.parent)
    assert plan.suites == [f"{plan.suite.name}.01 Page"]
