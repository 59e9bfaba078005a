"""Refused web requests: when they say to come back."""

import pytest
from AgentChatLibrary.keywords.doors import Doors
from AgentChatLibrary.keywords.promises import BrokenPromise
from AgentChatLibrary.service import Answer


def refusal(wait, header):
    error = {"code": "rate_limited", **({} if wait is None else {"retry_after": wait})}
    return Answer(429, {} if header is None else {"retry-after": header}, {"error": error})


@pytest.mark.parametrize(("wait", "header"), [(59.2, "60"), (60, "60"), (0.01, "1")])
def test_a_time_in_both_places_is_returned(wait, header):
    assert Doors(None).answer_should_say_when_to_come_back(refusal(wait, header), most=60) == wait


@pytest.mark.parametrize(
    ("wait", "header", "told"),
    [
        (None, None, "it has no retry_after and no Retry-After"),
        (None, "60", "it has no retry_after."),
        (3.5, None, "it has no Retry-After."),
        (0, "0", "after at most 60 s; it says 0 s"),
        (60.5, "61", "after at most 60 s; it says 60.5 s"),
        (3.5, "3", "its retry_after is 3.5 s and its Retry-After '3'"),
        (3.5, "soon", "its retry_after is 3.5 s and its Retry-After 'soon'"),
    ],
)
def test_anything_else_is_told(wait, header, told):
    with pytest.raises(BrokenPromise) as caught:
        Doors(None).answer_should_say_when_to_come_back(refusal(wait, header), most=60)
    assert told in str(caught.value)
    assert str(caught.value).startswith("The refusal with 429 rate_limited should say when to come back")


def test_without_a_longest_time_any_will_do():
    doors = Doors(None)
    assert doors.answer_should_say_when_to_come_back(refusal(86_400, "86400")) == 86_400
    with pytest.raises(BrokenPromise, match="after some seconds; it says -1 s"):
        doors.answer_should_say_when_to_come_back(refusal(-1, "-1"))
