"""The CI files that come with the project are valid, and what they call exists and fits together."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from runner import arguments

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github" / "workflows" / "acceptance.yml"
GITLAB = ROOT / ".gitlab-ci.yml"
CALL = re.compile(r"python3 run\.py(?P<arguments>[^\n]*)")
PLACE = re.compile(r"\$\{\{ matrix\.(\w+) \}\}|\$(\w+)")


def calls(file: Path) -> list[str]:
    return [found["arguments"].strip() for found in CALL.finditer(file.read_text("utf-8"))]


def matrices(file: Path) -> dict[str, dict[str, list[str]]]:
    """The matrix of each job that has one, with lower-case names and text values."""
    found = {}
    jobs = yaml.safe_load(file.read_text("utf-8"))
    for name, job in jobs.get("jobs", jobs).items():
        if not isinstance(job, dict):
            continue
        matrix = job.get("strategy", {}).get("matrix") or next(
            iter((job.get("parallel") or {}).get("matrix", [])), None
        )
        if matrix:
            found[name] = {key.lower(): [str(v) for v in values] for key, values in matrix.items()}
    return found


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        (GITHUB, ["--builtin-schema", "vendor.github-workflows"]),
        (GITLAB, ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ],
)
def test_a_file_keeps_its_schema(file, schema):
    command = [sys.executable, "-m", "check_jsonschema", *schema, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_schemas_do_find_mistakes(tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(GITHUB.read_text("utf-8").replace("runs-on:", "run-on:"), "utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    assert subprocess.run([*command, str(wrong)], capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize("file", [GITHUB, GITLAB])
def test_what_is_called_is_what_run_py_takes(file):
    commands = []
    for call in calls(file):
        filled = PLACE.sub(
            lambda found: "1" if (found[1] or found[2]).lower() == "shard" else "embedded", call
        )
        commands.append(arguments.parse(shlex.split(filled)).command)
    assert sorted(commands) == ["accept", "merge", "test"]


@pytest.mark.parametrize("file", [GITHUB, GITLAB])
def test_every_part_runs_once_and_every_environment_is_merged(file):
    found = matrices(file)
    told = next(call for call in calls(file) if "--shard" in call)
    count = int(re.search(r"/(\d+)", told)[1])
    assert found["accept"]["shard"] == [str(number) for number in range(1, count + 1)]
    assert found["accept"]["environment"] == found["merge"]["environment"] == ["embedded", "real_services"]
    for name in found["accept"]["environment"]:
        assert (ROOT / "variables" / f"{name}.py").is_file()


def test_the_image_copies_what_exists_and_runs_as_nobody_special():
    lines = [line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if line[:1].isupper()]
    assert [line for line in lines if line.startswith("USER ")] == ["USER tester"]
    assert re.fullmatch(r"FROM python:3\.\d+-slim", lines[0])
    for line in lines:
        if line.startswith("COPY"):
            *sources, _ = [word for word in line.split()[1:] if not word.startswith("--")]
            assert all(list(ROOT.glob(source)) for source in sources if source != "."), line
