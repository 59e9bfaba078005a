"""How a story names things: people, places, moments, lists and values."""

import pytest
from AgentChatLibrary.rules import story
from AgentChatLibrary.transcript import Owner
from AgentChatLibrary.verdict import broken, undecided
from scripted import greeted, scripted


@pytest.mark.parametrize(
    ("owner", "session", "connection", "person", "place", "someone"),
    [
        ("Ana", "Ana", 1, "Ana", "", "Ana"),
        ("Ana", "Ana", 2, "Ana", " (connection 2)", "Ana (connection 2)"),
        ("Ana", "Ana's phone", 1, "Ana", " on Ana's phone", "Ana's phone"),
        ("Ana", "Ana's phone", 3, "Ana", " on Ana's phone (connection 3)", "Ana's phone (connection 3)"),
        ("Ana", "tablet", 1, "Ana", " on tablet", "Ana on tablet"),
        ("Ana", "Boris", 2, "Ana", " on Boris (connection 2)", "Ana on Boris (connection 2)"),
        ("Ana", "Aaron", 1, "Ana", " on Aaron", "Ana on Aaron"),
        ("", "tablet", 1, "tablet", "", "tablet"),
        ("", "", 1, "somebody", "", "somebody"),
    ],
)
def test_who_and_where(owner, session, connection, person, place, someone):
    transcript = scripted(greeted(), owner=Owner(owner), session=session, connection=connection)
    assert story.person(transcript) == person
    assert story.place(transcript) == place
    assert story.someone(transcript) == someone


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d"], "a, b, c and d"),
    ],
)
def test_a_list_is_told_with_its_conjunction(words, told):
    assert story.listing(words) == told
    assert story.listing(iter(words), "or") == told.replace("and", "or")


def test_a_number_is_told_with_its_noun():
    assert [story.counted(number, "frame") for number in (0, 1, 2)] == ["0 frames", "1 frame", "2 frames"]


def test_a_value_is_told_as_json_as_people_write_it():
    assert story.shown({"ä": [None, True, 1.5]}) == '{"ä": [null, true, 1.5]}'
    assert story.shown("x" * 60) == f'"{"x" * 38}…'


def test_texts_are_the_same_whole_and_values_as_json_is():
    long = "x" * 100
    assert story.same(long + "1", "".join([*long, "1"]))
    for one, other in ((long + "1", long + "2"), ("1", 1), (True, 1), (1, 1.0), (None, "null")):
        assert not story.same(one, other)
        assert not story.same(other, one)
    assert story.same(None, None)


def test_a_moment_is_told_from_the_opening_on_and_nothing_was_watched_before():
    transcript = scripted(greeted(), "> ping", first=7.0)
    assert story.moment(transcript, transcript.frames[1]) == "+0.250 s (#1)"
    assert story.until(transcript) == "until +0.250 s (#1)"
    assert story.until(transcript, transcript.frames[0]) == "until +0.125 s (#0)"
    assert story.until(scripted()) == "until the connection opened"
    assert story.until(scripted(), transcript.frames[0]) == "until +7.125 s (#0)"


def test_of_several_verdicts_the_first_broken_one_counts_else_the_first():
    transcript = scripted(greeted())
    maybe = [undecided("rule", transcript, why) for why in ("first", "second")]
    wrong = [broken("rule", transcript, why, "") for why in ("third", "fourth")]
    assert story.weigh("rule", transcript, [*maybe, *wrong]).story == "third"
    assert story.weigh("rule", transcript, maybe).story == "first"
    assert story.weigh("rule", transcript, [])
