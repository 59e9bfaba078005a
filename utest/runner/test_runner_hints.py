"""A command line that is nearly right is answered with the right one."""

from __future__ import annotations

import pytest

from runner import arguments


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--test", "X y"], "--test belongs to Robot Framework: python3 run.py -- --test 'X y'"),
        (["--suite=X"], "--suite belongs to Robot Framework: python3 run.py -- --suite=X"),
        (
            ["--env", "here", "-t", "X"],
            "-t belongs to Robot Framework: python3 run.py --env here -- -t X",
        ),
        (["accept", "-i", "x"], "-i belongs to Robot Framework: python3 run.py accept -- -i x"),
        (["tests/02_agent_events.robot"], "python3 run.py -- tests/02_agent_events.robot"),
        (["my_first"], "python3 run.py -- --suite my_first"),
        (["--", "--category", "x"], "--category stands before --"),
        (["new", "promise", "Idle", "resources", "--area", "x"], "put the sentence between quotes"),
        (["new", "test", "my_first"], "write `new suite my_first`, or `new promise` with a sentence"),
        (["prove", "seq-gap"], "prove --fault seq-gap"),
        (["prove", "--faults", "seq-gap"], "prove --fault seq-gap"),
        (["prove", "--faults=seq-gap"], "prove --fault seq-gap"),
    ],
)
def test_what_was_meant_is_told(wrong, told, capsys):
    with pytest.raises(SystemExit) as ended:
        arguments.parse(wrong)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "right",
    [
        ["--", "--test", "X"],
        ["--env", "my_place"],
        ["prove", "--fault", "seq-gap"],
        ["prove", "--list"],
        ["prove", "--", "--suite", "x"],
        ["new", "suite", "my_first"],
        ["new", "promise", "Idle resources are found", "--area", "business"],
        ["probe", "ws://x/y", "--name", "x"],
        ["test", "--sample", "2"],
    ],
)
def test_a_right_command_line_is_left_alone(right):
    assert arguments.parse(right).command
