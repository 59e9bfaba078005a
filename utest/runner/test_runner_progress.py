"""What hangs is named while it does."""

from __future__ import annotations

import json
import os
import time

from throwaway import Project

from runner import progress, workers

FAR = """\
*** Settings ***
Library    AgentChatLibrary
*** Test Cases ***
Far
    Create Organisation    Northwind    ${{ {} }}
    Create Person    Ana    Northwind
    Open Session    Ana
    Wait For Close    Ana    1008    token_expired
"""


def test_waiting_for_an_expiry_that_is_far_away_fails_at_once(tmp_path):
    project = Project(tmp_path)
    project.suite("far", FAR)
    begun = time.monotonic()
    status, printed = project.run()
    assert time.monotonic() - begun < 20
    said = printed[printed.index("  Tests.Far.Far") + 1]
    assert status == 1
    assert said.startswith("    Ana's token is good for another ")
    assert said.endswith(
        ' s; make one that ends sooner: "Ana is connected with a token that expires in 5 seconds"'
    )


def test_a_test_that_runs_long_is_named_again_and_again(tmp_path):
    news, now, shown = tmp_path / "news", [100.0], []
    told = workers.Progress(news, shown.append, now=lambda: now[0])

    def tell(**line: object) -> None:
        with news.open("a") as file:
            file.write(json.dumps({"worker": os.getpid(), **line}) + "\n")

    tell(began="Tests.Far.Waits")
    told.tick()
    for passed in (29.0, 30.5, 31.0, 59.0, 60.5):
        now[0] = 100.0 + passed
        told.tick()
    assert shown == [
        "  ...   Far.Waits has been running for 30 s",
        "  ...   Far.Waits has been running for 60 s",
    ]
    tell(ended="Tests.Far.Waits")
    now[0] = 200.0
    told.tick()
    assert len(shown) == 2


def test_a_worker_tells_when_a_test_begins_and_ends(tmp_path, suites, run_robot):
    news = tmp_path / "news"
    news.touch()
    run_robot(
        suites(one="One\n    No Operation\n"), "--listener", f"{progress.__file__};{news};{os.getpid()}"
    )
    told = [json.loads(line) for line in news.read_text().splitlines()]
    assert [(line.get("began"), line.get("ended")) for line in told if "worker" in line] == [
        (None, None),
        ("Tests.One.One", None),
        (None, "Tests.One.One"),
    ]
