"""Nobody receives what is another's: canaries, events, and absence with its until-when."""

import json

import pytest
from AgentChatLibrary.frames import Direction, Frame, Kind
from AgentChatLibrary.rules import isolation
from AgentChatLibrary.rules.canary import ESCAPED, SHAPE, canaries, first_senders
from AgentChatLibrary.transcript import Owner
from hypothesis import given
from hypothesis import strategies as st
from scripted import scripted
from strategies import Server, an_id, changed, inserted, quick, retold, scenes, sessions, with_frames

NOBODY = an_id("u", "Boris")
ELSEWHERE = an_id("o", "Boris", "org")
canary_rule = isolation.no_foreign_canary


def blamed(verdict):
    return {frame.index for frame in verdict.offending}


def canary(audience, owner, mark="0badcafe"):
    return f"canary-{audience}-{owner}-{mark}"


FOREIGN = [canary("person", NOBODY), canary("organisation", ELSEWHERE), canary("sharers", ELSEWHERE)]


@quick
@given(scenes())
def test_valid_scenes_hold(scene):
    for transcript in scene.transcripts:
        for rule in (canary_rule, isolation.no_foreign_events):
            verdict = rule(transcript)
            assert verdict, verdict.text()
            assert "until" in verdict.story


def hidden(word, how):
    match how:
        case "plain":
            return word
        case "inside a word":
            return f"x{word}y"
        case "upper case":
            return word.upper()
        case "twice encoded":
            return json.dumps(json.dumps("\\u0063" + word[1:]))


PIECES = [
    *FOREIGN, FOREIGN[0].upper(), "CaNaRy-", "canary", "-person-u_1-", "0badcafe", "\\", "\\u0063", "\\U0043",
    "anary-person-u_1-0badcafe", "\u212a", "\u0130", "\ud800",
]  # fmt: skip
"""Canaries, their parts and escapes, and letters whose lower case is another letter, or that is none."""


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=8).map("".join))
def test_what_is_told_sooner_is_what_the_whole_text_says(text):
    said = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text.lower()).lower()
    frame = Frame(0, 0.0, Direction.RECEIVED, Kind.TEXT, text)
    assert [c.text for c in canaries(frame)] == [found[0] for found in SHAPE.finditer(said)]


@quick
@given(
    sessions(pings=1),
    st.data(),
    st.sampled_from(FOREIGN),
    st.sampled_from(["plain", "inside a word", "upper case", "twice encoded"]),
)
def test_a_foreign_canary_is_told_in_whatever_frame_and_disguise(scene, data, word, how):
    (transcript,) = scene.transcripts
    frame = data.draw(st.sampled_from(transcript.received()))
    verdict = canary_rule(changed(transcript, frame.index, leak={"deep": [hidden(word, how)]}))
    assert blamed(verdict) == {frame.index}
    assert "0badcafe" not in verdict.story


@pytest.mark.parametrize("word", FOREIGN)
def test_a_foreign_canary_is_told_in_escapes_bytes_keys_and_close_reasons(word):
    server = Server()
    here = server.connect("Ana")
    escaped = "".join(f"\\u{ord(c):04X}" for c in word)
    assert canary_rule(retold(here.transcript, {0: f'{{"x": "{escaped}"}}'})).broken
    assert canary_rule(retold(here.transcript, {0: f'{{"{word}": 1}}'})).broken
    assert canary_rule(inserted(here.transcript, 1, word.encode(), kind=Kind.BINARY)).broken
    assert canary_rule(inserted(here.transcript, 1, word.encode(), kind=Kind.PING)).broken
    assert canary_rule(inserted(here.transcript, 1, f"because of {word}", kind=Kind.CLOSE)).broken
    assert canary_rule(inserted(here.transcript, 1, f"broken {word}")).broken


@quick
@given(sessions(), st.data(), st.sampled_from(["person", "organisation", "sharers"]))
def test_ones_own_canary_and_that_of_ones_organisation_may_be_seen(scene, data, audience):
    (transcript,) = scene.transcripts
    owner = transcript.owner.user_id if audience == "person" else transcript.owner.organisation_id
    frame = data.draw(st.sampled_from(transcript.received()))
    assert canary_rule(changed(transcript, frame.index, leak=canary(audience, owner)))
    wrong_kind = transcript.owner.organisation_id if audience == "person" else transcript.owner.user_id
    assert canary_rule(changed(transcript, frame.index, leak=canary(audience, wrong_kind))).broken


@quick
@given(sessions(), st.sampled_from(FOREIGN))
def test_who_sent_a_canary_first_may_see_it_afterwards(scene, word):
    (transcript,) = scene.transcripts
    asked, started = transcript.sent("chat")[0], transcript.durable[0]
    said = changed(transcript, asked.index, content=f"What is {word}?")
    assert canary_rule(changed(said, started.index, message=f"About {word}"))
    assert canary_rule(changed(said, 0, instance=word)).broken, "received before it was sent"
    other = canary("person", NOBODY, "deadbeef")
    assert canary_rule(changed(said, started.index, message=other)).broken


def test_a_canary_that_another_sent_first_is_not_ones_own():
    boris, ana = Server(name="Boris"), Server(name="Ana", clock=5.0)
    his, hers = boris.connect("Boris"), ana.connect("Ana")
    phone = ana.connect("Ana's phone")
    word = canary("person", boris.owner.user_id)
    boris.send(his, "chat", content=word)
    ana.send(hers, "chat", content=f"Tell me about {word}")
    ana.reply(hers, "pong", data=word)
    ana.deliver(hers)
    ana.reply(phone, "pong", data=word)
    ana.deliver(phone)
    assert canary_rule(hers.transcript)
    assert canary_rule(phone.transcript).broken
    hers_alone = first_senders([hers.transcript, phone.transcript])
    assert canary_rule(phone.transcript, hers_alone), "who sent it may see it on every device"
    all_of_them = first_senders([hers.transcript, phone.transcript, his.transcript])
    assert canary_rule(hers.transcript, all_of_them).broken
    assert canary_rule(phone.transcript, all_of_them).broken


@pytest.mark.parametrize(("later", "first"), [(0.0, "Ana"), (1.0, "Ana"), (-1.0, "Boris")])
def test_the_first_sender_is_the_one_who_sent_first_and_of_two_at_once_the_one_named_first(later, first):
    said = f"> chat content={canary('person', NOBODY)}"
    hers = scripted(said)
    his = scripted(said, session="Boris", owner=Owner("Boris", "u_2", "o_1", "pro"), first=later)
    (sender,) = first_senders([hers, his]).values()
    assert any(sender.frame is frame for frame in {"Ana": hers, "Boris": his}[first].frames)


def test_a_canary_that_cannot_be_judged_is_undecided():
    server = Server()
    here = server.connect("Ana")
    here.transcript.owner = Owner("Ana")
    for audience in ("organisation", "sharers"):
        leak = changed(here.transcript, 0, leak=canary(audience, ELSEWHERE))
        verdict = canary_rule(leak)
        assert not verdict
        assert not verdict.broken
    assert canary_rule(changed(here.transcript, 0, leak=canary("person", NOBODY))).broken


@given(
    st.sampled_from(["person", "organisation", "sharers"]),
    st.sampled_from([NOBODY, "8f14e45f-ceea-467f-a0e6-1b2c3d4e5f60", "42", "o_x.y:z"]),
    st.integers(0, 2**32 - 1),
    st.text(max_size=5),
    st.sampled_from(["", " ", '"', ".", "-", "x"]),
)
def test_a_canary_is_read_as_it_was_made(audience, owner, mark, before, after):
    server = Server()
    here = server.connect("Ana")
    frame = here.transcript.append(
        0.0, Direction.RECEIVED, Kind.TEXT, f"{before}{canary(audience, owner, f'{mark:08x}')}{after}"
    )
    (found,) = canaries(frame)
    assert (found.audience, found.owner_id) == (audience, owner)
    assert found.text == canary(audience, owner, f"{mark:08x}")


@quick
@given(sessions(), st.data(), st.sampled_from([NOBODY, "", None, 7, ...]))
def test_an_event_of_another_person_is_told(scene, data, value):
    (transcript,) = scene.transcripts
    event = data.draw(st.sampled_from(transcript.durable))
    verdict = isolation.no_foreign_events(changed(transcript, event.index, user_id=value))
    assert blamed(verdict) == {event.index}


def test_whose_events_are_foreign_is_undecided_for_a_person_nobody_knows():
    server = Server()
    here = server.connect("Ana")
    here.transcript.owner = Owner("Ana")
    verdict = isolation.no_foreign_events(with_frames(here.transcript, []))
    assert not verdict
    assert not verdict.broken


@quick
@given(sessions(runs=(2, 3)))
def test_events_of_runs_that_must_not_be_seen_are_told(scene):
    (transcript,) = scene.transcripts
    assert isolation.no_events_of(transcript, ["r_other"])
    assert "until" in isolation.no_events_of(transcript, ["r_other"]).story
    verdict = isolation.no_events_of(transcript, scene.runs[:1])
    assert blamed(verdict) == {e.index for e in transcript.received() if e.run_id == scene.runs[0]}


@quick
@given(sessions(pings=2), st.data())
def test_silence_is_judged_between_two_frames_and_says_until_when(scene, data):
    (transcript,) = scene.transcripts
    nothing = isolation.nothing_received_between
    last = len(transcript.frames)
    start, end = sorted(data.draw(st.tuples(st.integers(0, last), st.integers(0, last))))
    came = {f.index for f in transcript.frames[start:end] if f.received}
    verdict = nothing(transcript, start, end)
    assert blamed(verdict) == came
    if start == end:
        assert not verdict
        assert not verdict.broken
        return
    assert bool(verdict) == (not came)
    types = {transcript.frames[i].type for i in came}
    excepted = nothing(transcript, start, end, types)
    assert excepted
    assert "until" in excepted.story
    heartbeat = inserted(transcript, start, b"", kind=Kind.PING)
    assert blamed(nothing(heartbeat, start, start + 1)) == set()
    closed = inserted(transcript, start, "", kind=Kind.CLOSE)
    assert blamed(nothing(closed, start, start + 1)) == {start}
    assert nothing(closed, start, start + 1, ["<close>"])


@quick
@given(sessions())
def test_a_truncated_recording_is_undecided_but_what_is_broken_stays_broken(scene):
    (transcript,) = scene.transcripts
    leak = changed(transcript, transcript.durable[0].index, leak=FOREIGN[0], user_id=NOBODY)
    for one in (transcript, leak):
        one.truncated = 2
    for rule in (canary_rule, isolation.no_foreign_events):
        assert not rule(transcript)
        assert not rule(transcript).broken
        assert rule(leak).broken
    assert not isolation.no_events_of(transcript, ["r_other"])
    assert not isolation.nothing_received_between(transcript, 0, 0)
