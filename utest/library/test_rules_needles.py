"""Texts are found wherever they lie, whether they begin alike or have nothing in common, few or many."""

import pytest
from AgentChatLibrary.rules.needles import FEW, SHORTEST, STEPS, Needles
from hypothesis import given
from hypothesis import strategies as st

ALPHABET = 'abc"'
BEGINNINGS = ["eyJhbGciOiJI", 'a"b"a"b"a"b"', "c" * SHORTEST]


def strangers(count):
    """Texts that nobody says, and that begin unlike each other."""
    return [f"{number:03d}{'#' * (20 + number)}" for number in range(count)]


@given(
    st.lists(st.sampled_from(BEGINNINGS) | st.text(ALPHABET, max_size=14), min_size=1, max_size=6),
    st.lists(st.text(ALPHABET, max_size=9), min_size=1, max_size=6),
    st.data(),
    st.sampled_from([0, FEW, 3 * FEW]),
)
def test_exactly_what_is_there_is_found(beginnings, ends, data, others):
    texts = list(dict.fromkeys(begin + end for begin in beginnings for end in ends))
    pieces = st.sampled_from(texts) | st.text(ALPHABET, max_size=9) | st.sampled_from(BEGINNINGS)
    haystack = data.draw(st.lists(st.lists(pieces, max_size=4).map("".join), max_size=4))
    sought = data.draw(st.permutations([*texts, *strangers(others)]))
    needles = Needles(sought[::2])
    needles.found_in(haystack)  # what is added later is found as well
    needles.add(sought[1::2])
    there = [t for t in texts if len(t) >= SHORTEST and any(t in hay for hay in haystack)]
    found = needles.found_in(haystack)
    assert sorted(found) == sorted(there)


@pytest.mark.parametrize(
    "length", sorted({size for n in STEPS for size in (2 * n - 1, 2 * n)} - {11} | {12, 13, 99, 150})
)
def test_a_text_of_any_length_is_found_among_many_wherever_it_begins(length):
    text = "".join(chr(0x4E00 + at) for at in range(length))
    needles = Needles([text, *strangers(2 * FEW)])
    for before in range(100):
        assert needles.found_in([f"{'x' * before}{text}"]) == [text]
        assert needles.found_in([f"{'x' * before}{text}y"]) == [text]
    assert needles.found_in([text[1:], text[:-1]]) == []


def test_many_families_are_all_found():
    texts = [f"{family:0{SHORTEST}d}{member}" for family in range(3 * FEW) for member in "xyz"]
    needles = Needles(texts)
    for text in texts:
        assert needles.found_in([f"...{text}..."]) == [text]
