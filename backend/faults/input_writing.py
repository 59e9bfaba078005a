"""Faults in reading JSON: one way of writing is understood, and others that mean the same are not."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backend.components import Components
from backend.compose import FrameError
from backend.faults import fault
from backend.ws.frames import FrameParser


class _LooksForSurrogatesInTheText(FrameParser):
    def json(self, text: str) -> object:
        if re.search(r"\\u[dD][89a-fA-F]", text):
            raise FrameError("invalid_json", "The message has a lone surrogate.")
        return super().json(text)


@fault("escaped-pairs-refused", group="input")
def escaped_pairs_refused(components: Components) -> Components:
    """Clients whose library writes ASCII alone are refused as soon as somebody types an emoji."""
    return replace(components, parser=_LooksForSurrogatesInTheText)


class _KnowsEscapesOfForeignLetters(FrameParser):
    def json(self, text: str) -> object:
        kept = re.sub(r"(?<!\\)((?:\\\\)*)\\u00([2-7][0-9a-fA-F])", r"\1\\\\u00\2", text)
        return super().json(kept)


@fault("plain-letters-kept-escaped", group="input")
def plain_letters_kept_escaped(components: Components) -> Components:
    """Where a client's library escapes plain letters too, people read codes instead of what they asked."""
    return replace(components, parser=_KnowsEscapesOfForeignLetters)


class _ReadsTheTypeAtTheFront(FrameParser):
    def document(self, text: str) -> Mapping[str, Any]:
        document = super().document(text)
        if "type" in document and not re.match(r'\{"type": ?"', text):
            raise FrameError("missing_field", "The field type is missing.", field="type")
        return document


@fault("type-read-at-the-front-alone", group="input")
def type_read_at_the_front_alone(components: Components) -> Components:
    """Clients whose library sorts the fields, or sets them out in lines, are told that each has no type."""
    return replace(components, parser=_ReadsTheTypeAtTheFront)
