"""What a person's session can still receive, by what the backend's administration says of the person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .environment import Environment
from .identity import Person
from .service import Declined, NoAnswer
from .transcript import Transcript

ASK_SECONDS: Final = 1.0
"""Longest wait for the administration's answer while something else is waited for."""


@dataclass(frozen=True, slots=True)
class Prospects:
    """What the administration says of a person (contract: Administration).

    Attributes:
        open: How many of the person's runs have not ended.
        held: Of each of those that stand still where they are held, the event that it would send next.
        stored: The ``seq`` of the person's last stored event.
    """

    open: int
    held: tuple[str, ...]
    stored: int

    def missing_in(self, transcript: Transcript) -> int:
        """How many stored events a connection has not received that it must receive without asking."""
        return max(0, self.stored - known_seq(transcript))


def known_seq(transcript: Transcript) -> int:
    """The last ``seq`` that a connection knows: of an event it received, or of its watershed."""
    return max([transcript.watershed or 0, *(event.seq or 0 for event in transcript.durable)])


def prospects_of(person: Person, environment: Environment) -> Prospects | None:
    """Asks what can still come for a person.

    Args:
        person: The person.
        environment: Whether the backend has an administration.

    Returns:
        What it says; None where there is none, or when it cannot answer now.
    """
    if "admin" not in environment.capabilities:
        return None
    try:
        view = person.service.admin("GET", f"/people/{person.user_id}", seconds=ASK_SECONDS)
        held = tuple(str(stop["before"]) for stop in view.get("held", ()))
        return Prospects(int(view["runs_open"]), held, int(view["last_seq"]))
    except (Declined, NoAnswer, KeyError):
        return None
