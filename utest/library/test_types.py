"""The keywords' argument types name exactly what the contract knows."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from AgentChatLibrary import AgentChatLibrary, environment
from AgentChatLibrary.contract import Contract
from AgentChatLibrary.frames import DURABLE
from AgentChatLibrary.keywords.types import (
    ClientFrame,
    ErrorCode,
    EventType,
    FailureCode,
    FrameType,
    Tier,
    ToolName,
)
from AgentChatLibrary.rules.timing import TRANSITIONS
from robot.api import TypeInfo

CONTRACT = Contract()


def test_event_types_are_the_durable_frames_of_the_contract():
    assert {e.value for e in EventType} == set(CONTRACT.durable_types) == set(DURABLE)


def test_client_frames_are_those_of_the_contract():
    assert {f.value for f in ClientFrame} == set(CONTRACT.client_types)


def test_the_words_that_are_read_from_the_contract_are_its_words():
    assert set(FrameType) == CONTRACT.event_types
    assert tuple(ErrorCode) == CONTRACT.error_codes
    assert tuple(FailureCode) == CONTRACT.failure_codes
    assert tuple(ToolName) == CONTRACT.tool_names


@pytest.mark.parametrize(
    ("type_", "given", "meant"),
    [
        (FrameType, "pong", "pong"),
        (EventType, "Tool Completed", "tool_completed"),
        (ErrorCode, " RATE_limited ", "rate_limited"),
    ],
)
def test_robot_framework_finds_a_word_however_it_is_written(type_, given, meant):
    word = TypeInfo.from_type(type_).convert(given)
    assert isinstance(word, type_)
    assert (word, str(word), repr(word), f"{word}") == (meant, meant, repr(meant), meant)


@pytest.mark.parametrize(
    ("type_", "given", "told"),
    [
        (EventType, "tool complete", "There is no event 'tool complete'. Did you mean 'tool_completed'?"),
        (FrameType, "resume", "There is no frame 'resume'. Did you mean 'resumed'?"),
        (ErrorCode, "unknown type of it", "There is no error code 'unknown type of it'."),
        (FailureCode, "canceled", "There is no failure code 'canceled'. Did you mean 'cancelled'?"),
        (ToolName, "query_spent", "There is no tool 'query_spent'. Did you mean 'query_spend'?"),
        (ClientFrame, "chatt", "`Send Object` sends any type, also a wrong one."),
    ],
)
def test_a_slip_of_the_pen_is_told_with_what_was_meant(type_, given, told):
    with pytest.raises(ValueError, match=f"cannot be converted to {type_.__name__}: ") as slip:
        TypeInfo.from_type(type_).convert(given)
    assert told in str(slip.value)


def test_no_call_pays_for_converters_of_the_library():
    assert not getattr(AgentChatLibrary, "ROBOT_LIBRARY_CONVERTERS", None)


def test_tiers_are_those_of_the_contract():
    assert set(get_args(Tier)) == set(CONTRACT.tiers)


def test_every_transition_has_a_budget_in_the_default_environment():
    variables = Path(__file__).resolve().parents[2] / "variables"
    budgets = environment.load(variables / "embedded.py").budgets
    assert set(TRANSITIONS) <= set(budgets)
