"""All figures, by name."""

from __future__ import annotations

from typing import Final

from .figures import backend, frames, parallel, proof, round_trip, rules, sessions, stamps
from .model import Figure

FIGURES: Final = {
    figure.name: figure
    for figure in (
        Figure("frames", "frames that one session records in a second", frames.take),
        Figure("round-trip", "a round trip through keywords", round_trip.take),
        Figure("memory", "what a held session weighs", sessions.hold),
        Figure("opening", "opening a crowd with one keyword", sessions.opening),
        Figure("rules", "a crowd that asks at once, and every rule over what it recorded", rules.take),
        Figure("stamps", "how true receive times are", stamps.take),
        Figure("backend", "the reference backend", backend.take),
        Figure("parallel", "the parallel part of a run", parallel.take),
        Figure("proof", "the proof, from its last results", proof.take),
    )
}
"""In the order in which they are taken."""
