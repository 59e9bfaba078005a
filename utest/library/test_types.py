"""The keywords' argument types name exactly what the contract knows."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from AgentChatLibrary import environment
from AgentChatLibrary.contract import Contract
from AgentChatLibrary.keywords.types import ClientFrame, EventType, Tier
from AgentChatLibrary.rules.timing import TRANSITIONS
from AgentChatLibrary.transcript import DURABLE

CONTRACT = Contract()


def test_event_types_are_the_durable_frames_of_the_contract():
    assert {e.value for e in EventType} == set(CONTRACT.durable_types) == set(DURABLE)


def test_client_frames_are_those_of_the_contract():
    assert {f.value for f in ClientFrame} == set(CONTRACT.client_types)


def test_tiers_are_those_of_the_contract():
    assert set(get_args(Tier)) == set(CONTRACT.tiers)


def test_every_transition_has_a_budget_in_the_default_environment():
    variables = Path(__file__).resolve().parents[2] / "variables"
    budgets = environment.load(variables / "embedded.py").budgets
    assert set(TRANSITIONS) <= set(budgets)
