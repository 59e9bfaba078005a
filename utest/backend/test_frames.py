"""What a client may send, and the exact reason why something else is not accepted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.compose import FrameError
from backend.ws.frames import CLIENT_FRAMES, FrameParser, shown

PARSER = FrameParser(8192)
NESTED = '{"type":"ping","data":' + "[" * 31 + "]" * 31 + "}"
TOO_NESTED = '{"type":"ping","data":' + "[" * 32 + "]" * 32 + "}"


def read(message):
    kind, document = PARSER.kind(message)
    if isinstance(document, FrameError):
        raise document
    return PARSER.frame(kind, document)


@pytest.mark.parametrize(
    ("message", "code", "field"),
    [
        ("", "invalid_json", None),
        ("  ", "invalid_json", None),
        ("{", "invalid_json", None),
        ('{"type":"ping"} x', "invalid_json", None),
        ("{'type':'ping'}", "invalid_json", None),
        ('\ufeff{"type":"ping"}', "invalid_json", None),
        ('{"type":"ping","type":"chat"}', "invalid_json", None),
        ('{"type":"ping","data":{"a":1,"a":1}}', "invalid_json", None),
        ('{"type":"ping","data":NaN}', "invalid_json", None),
        ('{"type":"ping","data":Infinity}', "invalid_json", None),
        ('{"type":"ping","data":-Infinity}', "invalid_json", None),
        ('{"type":"ping","data":1e400}', "invalid_json", None),
        ('{"type":"ping","data":-1e400}', "invalid_json", None),
        ('{"type":"ping","data":"\\ud800"}', "invalid_json", None),
        ('{"type":"ping","data":"\\udc00x"}', "invalid_json", None),
        ('{"type":"ping","\\ud800":1}', "invalid_json", None),
        ('{"type":"ping","data":9007199254740992}', "invalid_json", None),
        ('{"type":"ping","data":-9007199254740992}', "invalid_json", None),
        ('{"type":"ping","data":' + "9" * 5000 + "}", "invalid_json", None),
        (TOO_NESTED, "invalid_json", None),
        ("[" * 4000, "invalid_json", None),
        ("[" * 4000 + "]" * 4000, "invalid_json", None),
        ('{"type":"ping","data":"\n"}', "invalid_json", None),
        ("[]", "invalid_message", None),
        ("7", "invalid_message", None),
        ('"chat"', "invalid_message", None),
        ("true", "invalid_message", None),
        ("null", "invalid_message", None),
        (b'{"type":"ping"}', "invalid_message", None),
        ('{"type":"chat","content":"\\u0000"}', "invalid_message", "content"),
        ('{"type":"chat","content":"a\\u0000b","x":{"y":"z"}}', "invalid_message", "content"),
        ('{"type":"ping","data":["\\u0000"]}', "invalid_message", None),
        ('{"type":"ping","\\u0000":1}', "invalid_message", None),
        ("{}", "missing_field", "type"),
        ('{"content":"x"}', "missing_field", "type"),
        ('{"type":null}', "invalid_message", "type"),
        ('{"type":7}', "invalid_message", "type"),
        ('{"type":["chat"]}', "invalid_message", "type"),
        ('{"type":""}', "unknown_type", None),
        ('{"type":"Chat"}', "unknown_type", None),
        ('{"type":"agent_started"}', "unknown_type", None),
        ('{"type":"chat"}', "missing_field", "content"),
        ('{"type":"user_message"}', "missing_field", "content"),
        ('{"type":"chat","content":""}', "invalid_message", "content"),
        ('{"type":"chat","content":null}', "invalid_message", "content"),
        ('{"type":"chat","content":7}', "invalid_message", "content"),
        ('{"type":"chat","content":["x"]}', "invalid_message", "content"),
        ('{"type":"chat","content":"x","thread_id":7}', "invalid_message", "thread_id"),
        ('{"type":"chat","content":"x","thread_id":null}', "invalid_message", "thread_id"),
        ('{"type":"chat","content":"x","share":1}', "invalid_message", "share"),
        ('{"type":"chat","content":"x","share":"true"}', "invalid_message", "share"),
        ('{"type":"chat","content":"x","message_id":""}', "invalid_message", "message_id"),
        ('{"type":"chat","content":"x","message_id":7}', "invalid_message", "message_id"),
        ('{"type":"ping","message_id":"' + "x" * 65 + '"}', "invalid_message", "message_id"),
        ('{"type":"ping","sequence":"1"}', "invalid_message", "sequence"),
        ('{"type":"ping","sequence":1.5}', "invalid_message", "sequence"),
        ('{"type":"ping","sequence":true}', "invalid_message", "sequence"),
        ('{"type":"resume"}', "missing_field", "after_seq"),
        ('{"type":"resume","after_seq":"1"}', "invalid_message", "after_seq"),
        ('{"type":"resume","after_seq":-1}', "invalid_message", "after_seq"),
        ('{"type":"resume","after_seq":null}', "invalid_message", "after_seq"),
        ('{"type":"resume","after_seq":false}', "invalid_message", "after_seq"),
        ('{"type":"cancel"}', "missing_field", "run_id"),
        ('{"type":"cancel","run_id":7}', "invalid_message", "run_id"),
        ('{"type":"refresh_token"}', "missing_field", "token"),
        ('{"type":"refresh_token","token":{}}', "invalid_message", "token"),
    ],
)
def test_refused_with_the_agreed_code(message, code, field):
    with pytest.raises(FrameError) as refused:
        read(message)
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize(
    "message",
    [
        ' {"type":"ping"} ',
        NESTED,
        '{"type":"ping","sequence":-0}',
        '{"type":"ping","sequence":3.0,"data":null}',
        '{"type":"ping","sequence":9007199254740991}',
        '{"type":"ping","data":"\\ud83d\\ude00 \\u2028"}',
        '{"type":"ping","message_id":"' + "\U0001f4b0" * 64 + '"}',
        '{"type":"chat","content":" ","user_id":"u_somebody","org":7}',
        '{"type":"user_message","content":"x","share":false}',
        '{"type":"resume","after_seq":0}',
        '{"type":"cancel","run_id":"whatever"}',
        '{"type":"refresh_token","token":"x"}',
    ],
)
def test_accepted(message):
    assert read(message).type == json.loads(message)["type"]


@pytest.mark.parametrize("fill", ["x", "é", "€", "\U0001f4b0"])
@pytest.mark.parametrize(("size", "fits"), [(8191, True), (8192, True), (8193, False), (20_000, False)])
def test_the_size_is_counted_in_bytes(fill, size, fits):
    count, rest = divmod(size, len(fill.encode()))
    text = fill * count + "y" * rest
    assert len(text.encode()) == size
    if fits:
        PARSER.size(text)
        PARSER.size(text.encode())
    else:
        for message in (text, text.encode()):
            with pytest.raises(FrameError) as refused:
                PARSER.size(message)
            assert refused.value.code == "message_too_large"


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    ),
    st.booleans(),
)
def test_any_data_is_echoed_as_it_came(data, escaped):
    text = json.dumps({"type": "ping", "data": data}, ensure_ascii=escaped)
    if len(text.encode()) <= 8192:
        assert read(text).fields["data"] == data


@given(st.text(max_size=200))
def test_reading_never_fails_otherwise(text):
    kind, document = PARSER.kind(text)
    assert (kind is None) == isinstance(document, FrameError)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_unknown_type_is_shown_without_control_characters(kind):
    text = shown(kind)
    assert text.isprintable()
    assert len(text) <= 64 * 10


def test_an_unknown_type_is_cut_before_it_is_escaped():
    assert shown("\n" * 65) == "\\u000a" * 64


@pytest.mark.parametrize("kind", ["nonsense", *CLIENT_FRAMES])
def test_an_error_echoes_the_message_id_when_it_is_one(kind):
    for message_id, echoed in (("m", "m"), (7, None), ("", None), ("x" * 65, None)):
        with pytest.raises(FrameError) as refused:
            read(json.dumps({"type": kind, "message_id": message_id, "sequence": "wrong"}))
        assert refused.value.message_id == echoed
