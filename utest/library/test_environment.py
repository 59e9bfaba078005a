"""Environment files: what is wrong in one is said with the file, the value, and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from AgentChatLibrary import environment
from AgentChatLibrary.environment import EnvironmentProblem

VARIABLES = Path(__file__).resolve().parents[2] / "variables"


def written(folder: Path, text: str) -> Path:
    file = folder / "mine.py"
    file.write_text(text, "utf-8")
    return file


def test_every_environment_of_this_project_loads():
    for name in environment.names(VARIABLES):
        loaded = environment.load(environment.find(name, VARIABLES))
        assert loaded.name == name


def test_the_default_is_embedded(monkeypatch):
    monkeypatch.delenv("AGENT_CHAT_ENV", raising=False)
    monkeypatch.delenv("AGENT_CHAT_URL", raising=False)
    chosen = environment.chosen(VARIABLES)
    assert chosen.name == "embedded"
    assert chosen.url is None
    assert chosen.command


@pytest.mark.parametrize("name", ["embedded", "real_services"])
@pytest.mark.parametrize(
    ("started", "offered"), [("http://127.0.0.1:41234", True), ("http://127.0.0.1:4", False), ("", False)]
)
def test_beside_somebody_elses_backend_none_is_started(monkeypatch, name, started, offered):
    monkeypatch.setenv("AGENT_CHAT_URL", "http://127.0.0.1:41234")
    monkeypatch.setenv("AGENT_CHAT_STARTED_URL", started)
    found = environment.load(environment.find(name, VARIABLES)).capabilities
    assert {"private_backend" in found, "backend_log" in found, "lose_database" in found} == {offered}


def test_a_fault_is_started_by_its_name(monkeypatch):
    monkeypatch.setenv("AGENT_CHAT_FAULT", "wrong-run-id")
    assert environment.chosen(VARIABLES).command[-2:] == ("backend.faults", "wrong-run-id")


def test_an_unknown_name_lists_what_exists_and_guesses():
    with pytest.raises(
        EnvironmentProblem, match=r"'embeded'.*Did you mean 'embedded'\?.*It holds: .*embedded"
    ):
        environment.find("embeded", VARIABLES)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("URL = 3", "URL is a int"),
        ("", "neither where the backend is"),
        ("URL = 'http://x'\nBUDGET = {}", "sets BUDGET, which means nothing here. Did you mean BUDGETS"),
        ("URL = 'http://x'\nBUDGETS = {'whole': '5 s'}", r"BUDGETS\['whole'\] is '5 s'; it must be a number"),
        ("URL = 'http://x'\nBUDGETS = {'whole': -1}", "above 0"),
        (
            "URL = 'http://x'\nBUDGETS = {'conect p50': 1}",
            r"BUDGETS\['conect p50'\] .* Did you mean 'connect'",
        ),
        ("URL = 'http://x'\nTIMEOUTS = {'repli': 1}", r"TIMEOUTS\['repli'\] .* Did you mean 'reply'"),
        ("URL = 'http://x'\nCAPABILITIES = ['admn']", "declares the capability 'admn'"),
        ("URL = 'http://x'\nTOKENS = {'isuer': 'x'}", "TOKENS is wrong"),
        ("URL = 'http://x'\nraise OSError('disk')", "cannot be read: OSError: disk"),
        ("URL = (", "cannot be read: SyntaxError"),
    ],
)
def test_a_wrong_file_is_told_with_the_mend(tmp_path, text, told):
    with pytest.raises(EnvironmentProblem, match=told) as problem:
        environment.load(written(tmp_path, text))
    assert "mine.py" in str(problem.value)


def test_an_unknown_budget_lists_the_known_ones(tmp_path):
    loaded = environment.load(written(tmp_path, "URL = 'http://x/'\nBUDGETS = {'whole': 5}"))
    assert loaded.url == "http://x"
    assert loaded.budget("whole") == 5
    assert loaded.median_budget("whole") is None
    with pytest.raises(EnvironmentProblem, match=r"no budget 'hole'. Did you mean 'whole'\? It sets: whole"):
        loaded.budget("hole")
