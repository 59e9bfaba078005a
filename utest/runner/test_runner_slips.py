"""Slips that Robot Framework lets pass are told before the run."""

from __future__ import annotations

import time

import pytest
from throwaway import Project

from runner import house, planning, slips
from runner.prove import catalogue


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("area:bussines", "there is no area 'bussines'. Did you mean 'business'?"),
        ("severity:high", "there is no severity 'high'. There are: "),
        ("tier:fre", "there is no tier 'fre'. Did you mean 'free'? There are: free, "),
        ("needs:holds", "there is no capability 'holds'. Did you mean 'hold'?"),
        ("promise-99", "there is no promise 'promise-99'; promises go from promise-01 to promise-40"),
        (
            "catches:answer-with-wrong-figure",
            "there is no fault 'answer-with-wrong-figure'. Did you mean 'answer-with-wrong-figures'?",
        ),
        ("promise-04 needs:hold", "'promise-04 needs:hold' is one tag; put two blanks or more between tags"),
    ],
)
def test_a_misspelt_tag_is_told_and_breaks_the_house_rules(suites, planned, tag, told, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    tests = suites(
        m=f"One\n    [Tags]    {tag}\n    No Operation\nTwo\n    [Tags]    {tag}\n    No Operation\n"
    )
    (line,) = slips.slips(planned(tests))
    assert line.startswith(f"tests/m.robot: {told}")
    found = house.findings(tests, tmp_path / "none", tmp_path / "none")
    assert [(finding.line, finding.problem) for finding in found] == [
        (3, line.removeprefix("tests/m.robot: ")),
        (6, line.removeprefix("tests/m.robot: ")),
    ]


def test_good_tags_and_new_areas_are_left_alone(suites, planned):
    tags = (
        "area:business    area:my-first    Severity:Critical    needs:Private Backend    promise-40    a:b c"
    )
    assert (
        slips.slips(planned(suites(m=f"One\n    [Tags]    {tags}    catches:Seq-Gap\n    No Operation\n")))
        == []
    )


def test_two_tests_of_one_name_are_told(suites, planned, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    tests = suites(m="One\n    No Operation\nOne\n    No Operation\nTwo\n    No Operation\n")
    assert slips.slips(planned(tests)) == ["tests/m.robot: 2 tests are called 'One'; each needs its own name"]


def test_a_run_tells_slips_and_goes_on(tmp_path):
    project = Project(tmp_path)
    project.suite("m", "One\n    [Tags]    severity:high\n    No Operation\n")
    status, printed = project.run()
    assert (status, printed[-1]) == (0, "1 passed, 0 failed, 0 skipped")
    assert printed[0].startswith("tests/m.robot: there is no severity 'high'.")


def test_the_names_of_faults_are_read_quickly_and_are_those_that_the_backend_tells():
    begun = time.monotonic()
    read = slips.fault_names.__wrapped__()
    assert time.monotonic() - begun < 0.2
    faults = catalogue.read_faults()
    assert read == {fault.name for fault in faults} | {fault.family for fault in faults if fault.family}


def test_the_suites_of_the_project_have_none():
    assert slips.slips(planning.discover(planning.select([]))) == []
