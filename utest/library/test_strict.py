"""Whatever way a text is read, the same comes of it, and what is no strict JSON is refused."""

from __future__ import annotations

import json

import pytest
from AgentChatLibrary import strict
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans(), st.booleans())
def test_what_is_written_is_read_again(value, compact, ascii_only):
    separators = (",", ":") if compact else None
    text = json.dumps(value, separators=separators, ensure_ascii=ascii_only)
    read = strict.decode(text)
    assert json.dumps(read) == json.dumps(json.loads(text))  # 1, 1.0 and true are told apart


TOKENS = [
    *'{}[],:" ', '"a"', '"a":', '{"a":1,"a":1}', '"\u00e9"', '"\ud800"', '"\\ud800"', "NaN",
    "1e400", "-0", "1.50", "18446744073709551616", "true",
]  # fmt: skip


@given(VALUES.map(json.dumps) | st.lists(st.sampled_from(TOKENS), max_size=9).map("".join))
def test_the_fast_reading_says_what_the_careful_one_says(text):
    def read(decode):
        try:
            return repr(decode(text))
        except ValueError as refusal:
            return refusal.args

    assert read(strict.decode) == read(strict._DECODER.decode)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a":1,"a":1}', 'the key "a" comes twice'),
        ('{"a":{"b":1,"b":2}}', 'the key "b" comes twice'),
        ('{"a":NaN}', "NaN is no JSON"),
        ("[-Infinity]", "-Infinity is no JSON"),
        ("[1e400]", '"1e400" is beyond what a number can hold'),
        ('{"a":1', "Expecting"),
        ("\ufeff{}", "Expecting value"),
    ],
)
def test_what_is_no_strict_json_is_refused_with_its_reason(text, why):
    with pytest.raises(ValueError, match=why):
        strict.decode(text)


@pytest.mark.parametrize(
    "text", ["[18446744073709551616]", "[-0]", "[1.0]", "[1e2]", '["\\ud800"]', '["\\u00e9"]']
)
def test_unusual_numbers_and_texts_are_read_as_python_reads_them(text):
    assert repr(strict.decode(text)) == repr(json.loads(text))


def test_what_is_too_deep_is_not_followed():
    with pytest.raises(RecursionError):
        strict.decode("[" * 100_000)
