"""What the rules say of what is broken, whole: the sentence, the frames that show it, and the expectation."""

import pytest
from AgentChatLibrary.rules import secrets
from AgentChatLibrary.rules.needles import Needles
from scripted import greeted, scripted, stories, told

PASSWORD = "correct-horse-battery"


@stories(
    (
        "a secret in one frame",
        lambda: secrets.holds_no_secret(scripted(greeted(), f"< ack x={PASSWORD}"), [PASSWORD]),
        [
            "Ana received ack with an issued secret in it (plain).",
            "  #1       +0.250 s  ack   <- offending",
            "Expected: no frame holds a token or a password, in whatever encoding.",
        ],
    ),
    (
        "a secret in three frames",
        lambda: secrets.holds_no_secret(
            scripted(
                greeted(), f"< ack x={PASSWORD}", f"< agent_started x={PASSWORD}", f"< error x={PASSWORD}"
            ),
            [PASSWORD],
        ),
        [
            "Ana received ack with an issued secret in it (plain), and 2 more frames like it.",
            "  #1       +0.250 s  ack   <- offending",
            "  #2       +0.375 s  agent_started   <- offending",
            "  #3       +0.500 s  error   <- offending",
            "Expected: no frame holds a token or a password, in whatever encoding.",
        ],
    ),
)
def test_what_is_broken_is_told_with_its_frames(judge, lines):
    told(judge(), *lines)


def test_the_forms_of_a_secret_are_exact():
    assert list(secrets.forms('pä"s/1')) == [
        ("cMOkInMvM", "base64"),
        ("DDpCJzLz", "base64"),
        ("ww6Qicy8x", "base64"),
        ("p%C3%A4%22s%2F1", "URL-encoded"),
        ('p\\u00e4\\"s/1', "JSON-escaped"),
        ('pä\\"s/1', "JSON-escaped"),
        ('pä"s/1', "plain"),
    ]


def test_the_two_alphabets_of_base64_are_told_apart_where_they_differ():
    forms = list(secrets.forms("~~>>>"))
    assert forms[:2] == [("fn4+Pj", "base64"), ("fn4-Pj", "base64url")]
    assert {name for _, name in forms[:6]} == {"base64", "base64url"}


def test_a_frame_that_is_no_pong_may_not_quote_a_ping():
    ping = f"> ping sequence=1 data={PASSWORD}"
    assert secrets.holds_no_secret(
        scripted(greeted(), ping, f"< pong sequence=1 data={PASSWORD}"), [PASSWORD]
    )
    for kind in ("resumed", "error", "tool_completed"):
        quoting = scripted(greeted(), ping, f"< {kind} sequence=1 data={PASSWORD}")
        assert secrets.holds_no_secret(quoting, [PASSWORD]).broken


def test_a_pong_may_quote_the_names_of_the_data_in_another_order():
    ping, pong = f'{{"a":"{PASSWORD}","b":1}}', f'{{"b":1,"a":"{PASSWORD}"}}'
    quoting = scripted(greeted(), f"> ping data={ping}", f"< pong data={pong}")
    assert secrets.holds_no_secret(quoting, [PASSWORD])


@pytest.mark.parametrize("beside", ["päss-word-with-ä", "päss-word-with-\\u00e4"])
def test_a_pong_that_quotes_may_hold_no_secret_beside_the_data(beside):
    secret = "päss-word-with-ä"
    text = f'{{"type": "pong", "data": "{secret}", "message_id": "{beside}"}}'
    quoting = scripted(greeted(), f'> ping data="{secret}"', ("<", text))
    assert secrets.holds_no_secret(quoting, [secret]).broken


def test_short_texts_and_texts_with_quotes_do_not_keep_the_others_from_being_found():
    needles = Needles(["short", 'a "quoted" text', "another-long-text", "one-more-long-text"])
    hay = ['he said a "quoted" text', "short", "another-long-text and one-more-long-text"]
    assert sorted(needles.found_in(hay)) == ['a "quoted" text', "another-long-text", "one-more-long-text"]
    assert Needles(["eleven-char"]).found_in(["eleven-char"]) == []
    assert Needles(["twelve-chars"]).found_in(["twelve-chars"]) == ["twelve-chars"]


@pytest.mark.parametrize("length", [12, 13, 30, 31, 32, 93, 94, 95, 96, 99, 150])
def test_a_text_of_any_length_is_found_wherever_it_begins(length):
    text = "".join(chr(0x4E00 + at) for at in range(length))
    needles = Needles([text])
    for before in range(100):
        assert needles.found_in([f"{'x' * before}{text}"]) == [text]
        assert needles.found_in([f"{'x' * before}{text}y"]) == [text]
    assert needles.found_in([text[1:], text[:-1]]) == []
