"""Reading a question: the names, the grouping, the horizon and the intent that its words give."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from backend.store.records import DIMENSIONS, Vocabulary

SPEND = "spend"

# In the order in which they are tried: a review and a saving are the widest answers, so that a question
# which names several intents gets all the figures it asked for.
_INTENT_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "savings",
        re.compile(
            r"\b(?:cut|cuts|cutting|save|saves|saved|saving|savings|reduc(?:e|es|ed|ing|tions?)"
            r"|lower|lowers|lowered|lowering|optimi[sz](?:e|es|ed|ing|ations?)"
            r"|cheaper|waste|wastes|wasted|wasting|wasteful)\b"
        ),
    ),
    ("idle", re.compile(r"\b(?:idle|idling|unused|forgotten)\b")),
    ("models", re.compile(r"\b(?:models?|llms?|tokens?)\b")),
    (
        "rightsizing",
        re.compile(r"\b(?:over-?sized|right-?siz(?:e|es|ed|ing)|under-?used|under-?utili[sz]ed)\b"),
    ),
    (
        "forecast",
        re.compile(
            r"\b(?:forecast(?:s|ed|ing)?|predict(?:s|ed|ing|ions?)?"
            r"|next\s+(?:\d{1,2}\s+)?(?:month|quarter|year)s?)\b"
        ),
    ),
    (
        SPEND,
        re.compile(
            r"\b(?:spend|spends|spent|spending|costs?|bills?|pay|pays|paid|paying|expenses?|how much|usage)\b"
        ),
    ),
)
_HELP_ME = re.compile(r"\bhelp me\b")
_COST_OR_BILL = re.compile(r"\b(?:costs?|bills?)\b")
_REVIEW = re.compile(r"\breview\b")
_EVERY = re.compile(r"\b(?:every|each|all)\b|\bone by one\b")
_SERVICE = re.compile(r"\bservices?\b")
_GROUPING = re.compile(rf"\b(?:by|per)\s+(?:the\s+)?({'|'.join(DIMENSIONS)})s?\b")
_HORIZON = re.compile(r"\bnext\s+(?:(\d{1,2})\s+)?(month|quarter|year)s?\b")
_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
_GOES_ON = re.compile(r"\W*(?:and|also|but|or|then|what about|how about|same)\b")
_HINT_REACH = 16
"""Characters beside a name in which a word such as ``team`` may say what the name is."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question names by itself.

    Attributes:
        intent: None where it names none.
        filters: Dimension to name, both as the records spell them.
        group_by: The dimension after ``by`` or ``per``.
        months: The horizon of ``next quarter`` and the like.
        goes_on: It begins as the continuation of an earlier question does.
    """

    intent: str | None
    filters: Mapping[str, str]
    group_by: str | None
    months: int | None
    goes_on: bool


def read(question: str, vocabulary: Vocabulary) -> Reading:
    """Reads a question, whatever its case.

    Args:
        question: What was asked.
        vocabulary: The names of the asker's organisation.
    """
    text = _folded(question)
    grouping = _GROUPING.search(text)
    horizon = _HORIZON.search(text)
    # What has been understood as one thing must not be taken for another: "by team" in an organisation
    # that has a service called team, or a team called savings.
    rest = _blanked(text, *grouping.span()) if grouping else text
    filters, rest = _names(rest, question, vocabulary)
    return Reading(
        intent=_intent(rest),
        filters=filters,
        group_by=grouping.group(1) if grouping else None,
        months=_MONTHS_IN[horizon.group(2)] * int(horizon.group(1) or 1) if horizon else None,
        goes_on=_GOES_ON.match(text) is not None,
    )


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _blanked(text: str, start: int, end: int) -> str:
    # A character that is no part of a word and no white space, so that what stood on both sides of it
    # does not become one phrase.
    return text[:start] + "\x00" * (end - start) + text[end:]


def _intent(text: str) -> str | None:
    if _REVIEW.search(text) and _SERVICE.search(text) and _EVERY.search(text):
        return "review"
    helped = _HELP_ME.search(text)
    if helped and _COST_OR_BILL.search(text, helped.end()):
        return "savings"
    return next((intent for intent, words in _INTENT_WORDS if words.search(text)), None)


def _names(text: str, question: str, vocabulary: Vocabulary) -> tuple[dict[str, str], str]:
    """Finds the vocabulary's names as whole words, the longest first; blanks them in the text."""
    known: dict[str, list[tuple[str, str]]] = {}
    for dimension in DIMENSIONS:
        for name in vocabulary.of(dimension):
            folded = _folded(name).strip()
            if folded and folded in text:
                known.setdefault(folded, []).append((dimension, name))
    filters: dict[str, str] = {}
    for word in sorted(known, key=lambda word: (-len(word), text.find(word))):
        start = _find_word(text, word, 0)
        while start >= 0:
            end = start + len(word)
            meant = [choice for choice in known[word] if choice[0] not in filters]
            if meant:
                # Of two names that differ in case alone, the one spelt as in the question.
                meant.sort(
                    key=lambda choice: (not _hinted(text, start, end, choice[0]), choice[1] not in question)
                )
                filters[meant[0][0]] = meant[0][1]
                known[word] = []
            text = _blanked(text, start, end)
            start = _find_word(text, word, end)
    return filters, text


def _find_word(text: str, word: str, start: int) -> int:
    while (found := text.find(word, start)) >= 0:
        if not _joined(text, found - 1, -1) and not _joined(text, found + len(word), 1):
            return found
        start = found + 1
    return -1


def _joined(text: str, index: int, step: int) -> bool:
    """Says whether the character at ``index`` makes the word beside it a part of a longer one."""
    if not 0 <= index < len(text):
        return False
    if text[index] == "-":
        # "eu-west" is no word of its own in "eu-west-1"; a dash before a space ends a word.
        index += step
        return 0 <= index < len(text) and _is_word(text[index])
    return _is_word(text[index])


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _hinted(text: str, start: int, end: int, dimension: str) -> bool:
    before = text[max(0, start - _HINT_REACH) : start].rstrip()
    after = text[end : end + _HINT_REACH].lstrip()
    return before.endswith((dimension, f"{dimension}s")) or after.startswith(dimension)
