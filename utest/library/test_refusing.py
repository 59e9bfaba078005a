"""Refused handshakes, by a real server: what repeats a secret is seen, and told without it."""

from __future__ import annotations

import http
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import jwt
import pytest
from AgentChatLibrary.chat import Unexpected
from AgentChatLibrary.deployment import Deployment
from AgentChatLibrary.environment import DEFAULT_TIMEOUTS, Environment
from AgentChatLibrary.identity import Organisation, Person
from AgentChatLibrary.keywords.inside import Inside
from AgentChatLibrary.keywords.promises import BrokenPromise
from AgentChatLibrary.keywords.refusing import Refusal, Refusing
from AgentChatLibrary.kit import Kit
from AgentChatLibrary.redaction import MASK, issue
from AgentChatLibrary.service import Service
from hypothesis import given
from hypothesis import strategies as st
from robot.api.types import Secret
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

TOKEN = issue(jwt.encode({"sub": "u_" + "0" * 16}, "nobody's key " * 3, "HS256"))
CHALLENGE = 'Bearer realm="chat", error="invalid_token"'

Say = Callable[[str], tuple[str, str]]
"""Makes of the presented credential the message and the challenge of the refusal."""


class Door:
    """A server that lets nobody in, and says of it what a test wants said."""

    def __init__(self) -> None:
        self.say: Say = lambda _: ("The token is not accepted.", CHALLENGE)
        self.server = serve(self._never, "127.0.0.1", 0, process_request=self._refuse)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _never(self, _: ServerConnection) -> None:
        raise AssertionError("nobody is let in")

    def _refuse(self, _: ServerConnection, request: Request) -> Response:
        message, challenge = self.say(request.headers["Authorization"].removeprefix("Bearer "))
        body = json.dumps({"error": {"code": "invalid_token", "message": message}}).encode()
        headers = Headers({"WWW-Authenticate": challenge, "Content-Length": str(len(body))})
        return Response(http.HTTPStatus.UNAUTHORIZED, "Unauthorized", headers, body)


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    started = Door()
    yield started
    started.server.shutdown()


@pytest.fixture
def kit(door: Door) -> Kit:
    kit = Kit()
    kit._environment = Environment(
        "here", Path(), None, capabilities=frozenset({"refusal_codes"}), timeouts=DEFAULT_TIMEOUTS
    )
    port = door.server.socket.getsockname()[1]
    service = Service(Deployment(f"http://127.0.0.1:{port}"))
    home = Organisation("Northwind", "o_1")
    kit.world.scope.people["Ana"] = Person("Ana", "a@example", "secret", "u_1", home, "pro", (), service)
    return kit


def refused(kit: Kit) -> Refusal:
    return Refusing(kit).connection_should_be_refused(
        "Ana", 401, "invalid_token", token=Secret(TOKEN), presenting="a bad token"
    )


def test_a_refusal_that_tells_nothing_is_returned_as_it_came(door, kit):
    door.say = lambda _: ("The token is not accepted.", CHALLENGE)
    refusal = refused(kit)
    assert json.loads(refusal.body)["error"]["message"] == "The token is not accepted."
    assert str(refusal) == f"401 invalid_token: {refusal.body}"


@pytest.mark.parametrize(
    ("say", "told"),
    [
        (lambda token: (f"bad token {token}", CHALLENGE), "repeats a secret: 401 invalid_token: "),
        (lambda token: ("It is bad.", f'{CHALLENGE}, token="{token}"'), "in its header www-authenticate: "),
        (lambda token: (f"{'so ' * 60}bad: {token}", CHALLENGE), "repeats a secret: 401 invalid_token: "),
    ],
    ids=["in the body", "in the challenge", "where the message is cut"],
)
def test_a_refusal_that_repeats_the_token_is_told_without_it(door, kit, say, told):
    door.say = say
    with pytest.raises(Unexpected) as caught:
        refused(kit)
    story = str(caught.value)
    assert story.startswith("Ana came with a bad token and was refused, but the answer ")
    assert told in story
    assert not any(TOKEN[at : at + 12] in story for at in range(len(TOKEN) - 12))


def test_bad_tokens_that_are_told_apart_are_told_so(door, kit):
    door.say = lambda _: ("The token is not accepted.", CHALLENGE)
    refused(kit)
    door.say = lambda _: ("The signature is wrong.", CHALLENGE)
    with pytest.raises(Unexpected, match=r"Bad tokens are told apart: .*signature is wrong.*not accepted"):
        refused(kit)


def test_bad_tokens_that_are_told_apart_in_the_challenge_are_told_so(door, kit):
    door.say = lambda _: ("The token is not accepted.", CHALLENGE)
    refused(kit)
    door.say = lambda _: ("The token is not accepted.", f'{CHALLENGE}, error_description="audience"')
    with pytest.raises(Unexpected, match=r"Bad tokens are told apart: .*audience.* in the challenge; "):
        refused(kit)


@given(st.text(max_size=300), st.text(max_size=300))
def test_what_is_told_of_a_refusal_never_holds_the_secret(before, after):
    refusal = Refusal(401, "invalid_token", {"x": TOKEN}, f"{before}{TOKEN}{after}")
    for text in (str(refusal), repr(refusal), refusal.shown):
        assert TOKEN[:12] not in text
    if len(before) < 100:
        assert MASK in str(refusal)


def test_refusals_that_say_the_same_are_alike_whatever_they_are_about_and_whenever_they_came(kit):
    first = {"code": "not_found", "message": "None.", "message_id": "1", "timestamp": 1.5}
    Inside(kit).refusals_should_be_alike("Ana can", first, {**first, "message_id": "2", "timestamp": 2.5})


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"code": "not_found"}, "field is 'thread_id' in the one refusal and absent in the other"),
        ({"code": "not_found", "field": None}, "field is 'thread_id' in the one refusal and None in"),
        ({"code": "gone", "field": "thread_id"}, "code is 'not_found' in the one refusal and 'gone' in"),
    ],
    ids=["a field less", "an empty field", "another code"],
)
def test_refusals_that_are_told_apart_by_a_field_are_told_so(kit, other, told):
    first, inside = {"code": "not_found", "field": "thread_id"}, Inside(kit)
    with pytest.raises(BrokenPromise, match=rf"^Ana can tell them apart: {told}"):
        inside.refusals_should_be_alike("Ana can tell them apart", first, other)
    with pytest.raises(BrokenPromise, match=r"^Ana can tell them apart: "):
        inside.refusals_should_be_alike("Ana can tell them apart", other, first)


def test_an_answer_judged_for_what_it_tells_of_the_inside_may_hold_no_secret(kit):
    inside = Inside(kit)
    inside.answer_should_tell_nothing_about_the_inside("The refusal", '{"error": {"code": "invalid_token"}}')
    with pytest.raises(BrokenPromise, match=r"^The refusal holds an issued secret"):
        inside.answer_should_tell_nothing_about_the_inside("The refusal", f"not {issue('a-password-of-Ana')}")
