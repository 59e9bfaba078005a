"""What the command line promises."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from runner import arguments, bootstrap
from runner.command_options import Shard

ROOT = Path(__file__).resolve().parents[2]


def test_no_command_is_accept():
    assert arguments.parse([]).command == "accept"
    options = arguments.parse(
        ["--env", "here", "--processes", "3", "--category", "security", "--shard", "2/3"]
    )
    assert (options.command, options.env, options.processes) == ("accept", "here", 3)
    assert (options.category, options.shard) == ("security", Shard(2, 3))


def test_everything_after_the_two_dashes_goes_to_robot_framework_untouched():
    options = arguments.parse(["--env", "x", "--", "--env", "y", "-t", "A  b", "--", "z"])
    assert options.env == "x"
    assert options.robot == ["--env", "y", "-t", "A  b", "--", "z"]


def test_real_services_is_an_environment():
    assert arguments.parse(["prove", "--real-services"]).env == "real_services"


def test_mutants_are_of_both_kinds_unless_told_and_need_what_makes_them():
    assert arguments.parse(["prove", "--mutants", "--sample", "3"]).mutants == "both"
    options = arguments.parse(["prove", "--mutants", "rules"])
    assert (options.mutants, options.dev) == ("rules", True)
    options = arguments.parse(["prove"])
    assert (options.mutants, options.dev) == (None, False)


@pytest.mark.parametrize(
    "wrong",
    [
        ["nonsense"],
        ["--nonsense"],
        ["--processes", "0"],
        ["--processes", "many"],
        ["--shard", "3/2"],
        ["--shard", "0/2"],
        ["--shard", "2"],
        ["--env", "a", "--real-services"],
        ["serve", "--port", "65536"],
        ["serve", "--", "-t", "x"],
        ["prove", "--mutants", "rules", "--fault", "seq-gap"],
        ["prove", "--mutants", "--", "-t", "x"],
        ["--proc", "3"],
    ],
)
def test_a_wrong_command_line_ends_with_status_2(wrong, capsys):
    with pytest.raises(SystemExit) as ended:
        arguments.parse(wrong)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], *([name] for name in arguments.COMMANDS)])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as ended:
        arguments.parse([*command, "--help"])
    assert ended.value.code == 0
    assert "Exit status" in capsys.readouterr().out


def test_an_old_python_can_read_run_py_far_enough_to_be_told():
    ast.parse((ROOT / "run.py").read_text("utf-8"), feature_version=(3, 6))


def test_run_py_needs_nothing_but_the_standard_library():
    for name in ("bootstrap", "arguments", "hints", "postgres_programs", "project", "__init__"):
        tree = ast.parse((ROOT / "runner" / f"{name}.py").read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert all(alias.name.split(".")[0] in sys.stdlib_module_names for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                assert node.module.split(".")[0] in sys.stdlib_module_names


def test_an_environment_that_a_link_leads_to_is_left_alone(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    link = tmp_path / ".venv"
    link.symlink_to(elsewhere)
    monkeypatch.setattr(bootstrap, "VENV", link)
    with pytest.raises(bootstrap.SetupProblem, match=r"\.venv is a link to .*elsewhere.*Remove the link"):
        bootstrap.prepare()
    assert (elsewhere / "precious").exists()
