"""No secret comes back, in whatever frame and encoding; the story never repeats it."""

import base64
import json
from urllib.parse import quote

import pytest
from AgentChatLibrary.frames import Kind
from AgentChatLibrary.rules.needles import SHORTEST, Needles
from AgentChatLibrary.rules.secrets import holds_no_secret
from hypothesis import given
from hypothesis import strategies as st
from strategies import Server, changed, dropped, inserted, quick, scenes, sessions

JWT = ".".join(
    (
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJzdWIiOiJ1XzQyIiwidG9rZW5fdHlwZSI6ImFjY2VzcyJ9",
        "Zk9-_aB3dEf6hIjKlMnOpQrStUvWxYz0",
    )
)
PASSWORD = 'correct "horse" / ä battery+staple'
ENCODINGS = {
    "plain": lambda s: s,
    "URL-encoded": lambda s: quote(s, safe=""),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64url": lambda s: base64.urlsafe_b64encode(s.encode()).decode().rstrip("="),
}


def blamed(verdict):
    return {frame.index for frame in verdict.offending}


@quick
@given(scenes(), st.lists(st.text("ABCXYZ089", min_size=12, max_size=60), max_size=9))
def test_valid_scenes_hold(scene, secrets):
    for transcript in scene.transcripts:
        verdict = holds_no_secret(transcript, [JWT, PASSWORD, *secrets])
        assert verdict, verdict.text()


WITHIN = {"base64": base64.b64encode, "base64url": base64.urlsafe_b64encode}


@quick
@given(
    sessions(pings=1),
    st.sampled_from([JWT, PASSWORD, "pass-word-12"]) | st.text(min_size=12, max_size=40),
    st.binary(max_size=5),
    st.binary(max_size=5),
    st.sampled_from(sorted(WITHIN)),
)
def test_a_secret_is_told_in_base64_of_something_longer(scene, secret, before, after, alphabet):
    (transcript,) = scene.transcripts
    coded = WITHIN[alphabet](before + secret.encode("utf-8", "surrogatepass") + after).decode()
    frame = transcript.received()[-1]
    leak = changed(transcript, frame.index, leak=coded)
    verdict = holds_no_secret(leak, ["another-secret-of-somebody", secret])
    assert blamed(verdict) == {frame.index}
    assert "(base64" in verdict.story
    assert holds_no_secret(leak, ["another-secret-of-somebody"])


@quick
@given(
    sessions(pings=1),
    st.data(),
    st.sampled_from([JWT, PASSWORD, "pass-word-12"]),
    st.sampled_from(sorted(ENCODINGS)),
)
def test_a_secret_is_told_in_every_frame_and_encoding(scene, data, secret, encoding):
    (transcript,) = scene.transcripts
    frame = data.draw(st.sampled_from(transcript.received()))
    around = data.draw(st.text("xyz.=-_ ", max_size=9))
    leak = changed(transcript, frame.index, leak=around + ENCODINGS[encoding](secret) + around)
    verdict = holds_no_secret(leak, ["another-secret-of-somebody", secret])
    assert blamed(verdict) == {frame.index}
    assert secret not in verdict.text()
    assert holds_no_secret(leak, ["another-secret-of-somebody"])


@given(st.text(min_size=SHORTEST, max_size=80), st.text(max_size=80), st.text(max_size=80), st.booleans())
def test_a_needle_is_found_wherever_it_lies(needle, before, after, noise):
    needles = Needles([needle, *(f"{n:0{20 + n}d}" for n in range(30 if noise else 0))])
    assert needle in needles.found_in([before, f"{before}{needle}{after}"])
    assert needles.found_in([]) == []


@given(st.text('ab"', min_size=SHORTEST, max_size=20), st.lists(st.text('ab"', max_size=40), max_size=5))
def test_needles_find_exactly_what_is_there(needle, haystack):
    assert bool(Needles([needle]).found_in(haystack)) == any(needle in hay for hay in haystack)


def test_a_secret_is_told_in_bytes_escapes_and_close_reasons():
    server = Server()
    here = server.connect("Ana")
    escaped = json.dumps({"x": PASSWORD})
    assert "\\u00e4" in escaped
    assert holds_no_secret(inserted(here.transcript, 1, escaped), [PASSWORD]).broken
    assert holds_no_secret(inserted(here.transcript, 1, JWT.encode(), kind=Kind.BINARY), [JWT]).broken
    assert holds_no_secret(inserted(here.transcript, 1, f"no {JWT}", kind=Kind.CLOSE), [JWT]).broken
    assert holds_no_secret(inserted(here.transcript, 1, f"broken {JWT}"), [JWT]).broken


def test_what_the_person_sends_is_no_leak():
    server = Server()
    here = server.connect("Ana")
    server.send(here, "refresh_token", token=JWT)
    assert holds_no_secret(here.transcript, [JWT])


def test_a_pong_may_quote_its_own_ping_and_no_more():
    server = Server()
    here = server.connect("Ana")
    server.send(here, "ping", sequence=1, data={"deep": [JWT]})
    server.reply(here, "pong", sequence=1, data={"deep": [JWT]})
    server.deliver(here)
    assert holds_no_secret(here.transcript, [JWT])
    assert holds_no_secret(changed(here.transcript, 2, note=JWT), [JWT]).broken
    assert holds_no_secret(changed(here.transcript, 2, data=JWT), [JWT]).broken
    assert holds_no_secret(changed(here.transcript, 2, type="error"), [JWT]).broken
    assert holds_no_secret(dropped(here.transcript, 1), [JWT]).broken


@pytest.mark.parametrize("short", ["", "a", "Ana", "message_id"])
def test_what_is_too_short_for_a_secret_is_not_looked_for(short):
    server = Server()
    here = server.connect("Ana")
    assert holds_no_secret(here.transcript, [short])


def test_all_leaks_are_counted_and_a_truncated_recording_is_undecided():
    server = Server()
    here = server.connect("Ana")
    leak = inserted(inserted(here.transcript, 1, {"type": "error", "x": JWT}), 2, {"type": "error", "x": JWT})
    verdict = holds_no_secret(leak, [JWT])
    assert blamed(verdict) == {1, 2}
    assert (
        verdict.story == "Ana received error with an issued secret in it (plain), and 1 more frame like it."
    )
    here.transcript.truncated = 1
    assert not holds_no_secret(here.transcript, [JWT])
    assert not holds_no_secret(here.transcript, [JWT]).broken
