"""Texts are found wherever they lie, whether they begin alike or have nothing in common, few or many.

What it costs is told by how often a frame is gone through, which a machine's mood does not change.
"""

import pytest
from AgentChatLibrary.rules.needles import FAMILIES, FEW, SHORTEST, STEPS, Needles
from hypothesis import given
from hypothesis import strategies as st

ALPHABET = 'abc"'
BEGINNINGS = ["eyJhbGciOiJI", 'a"b"a"b"a"b"', "c" * SHORTEST]


class Frame(str):
    """A frame's text, which notes how it is gone through."""

    def __new__(cls, text):
        frame = super().__new__(cls, text)
        frame.gone_through = []
        return frame

    def __contains__(self, text):
        self.gone_through.append("searched")
        return super().__contains__(text)

    def split(self, *arguments):
        self.gone_through.append("cut")
        return super().split(*arguments)


def going_through(*texts):
    """How a frame that holds nothing is gone through for all these texts."""
    frame = Frame("Nothing of what is sought is said here.")
    assert Needles(texts).found_in([frame]) == []
    return frame.gone_through


def alike(count, beginning="eyJhbGciOiJI"):
    """Texts that begin alike."""
    return [f"{beginning}{number:05d}" for number in range(count)]


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
    "length",
    sorted({2 * n + more for n in STEPS for more in (-2, -1, 0) if 2 * n + more >= SHORTEST} | {13, 99, 150}),
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


@pytest.mark.parametrize("unlike", [0, 1, FAMILIES, FEW - 1])
def test_texts_that_begin_alike_cost_one_search_however_many_they_are(unlike):
    assert going_through(*strangers(unlike), *alike(1000)) == ["searched"] * (unlike + 1)


def test_there_is_a_bound_to_the_beginnings_that_are_looked_for():
    several = [text for letter in "abcdefghij"[: FAMILIES + 2] for text in alike(2, letter * SHORTEST)]
    assert going_through(*several) == ["searched"] * (FAMILIES + 2 * 2)


def test_few_texts_are_searched_for_and_many_cost_no_more_than_one_more():
    assert going_through(*strangers(FEW)) == ["searched"] * FEW
    assert going_through(*strangers(FEW + 1)) == going_through(*strangers(900)) == ["cut"]


def test_what_comes_after_many_is_not_searched_for_either():
    frame = Frame("Nothing of what is sought is said here.")
    needles = Needles(strangers(FEW + 2)[1:])
    needles.found_in([frame])
    needles.add(strangers(1))
    assert needles.found_in([frame]) == []
    assert frame.gone_through == ["cut", "cut"]
