"""Nobody receives what is another's; absence is said with its until-when (contract: Order and delivery)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..frames import RECEIVED, Frame, Kind
from ..transcript import Transcript
from ..verdict import Verdict, broken, plain, short, undecided
from .canary import Canary, Sender, canaries, first_senders, who
from .correlation import own_user_id
from .story import counted, listing, moment, settle, shown, someone, until

CANARY = "isolation.no_foreign_canary"
FOREIGN = "isolation.no_foreign_events"
EVENTS_OF = "isolation.no_events_of"
NOTHING = "isolation.nothing_received_between"

NAMED = 3
"""How many runs a story names."""


def no_foreign_canary(transcript: Transcript, senders: Mapping[str, Sender] | None = None) -> Verdict:
    """No received frame holds a canary of an audience that the person does not belong to.

    Who sent a canary first may see it from then on. Found in any text, binary frame or close reason, also
    where JSON escapes hide it.

    Args:
        transcript: The connection to judge.
        senders: Who sent each canary first, over all connections of the test (``canary.first_senders``);
            this connection alone when omitted.
    """
    first = first_senders([transcript]) if senders is None else senders
    own, organisation = own_user_id(transcript) or "", transcript.owner.organisation_id
    unknown: Canary | None = None
    leaks: list[tuple[Frame, Canary]] = []
    heard = transcript.wire or transcript  # a leak may stand where a dialect does not look
    for frame in heard.frames[:]:
        for canary in canaries(frame) if frame.direction is RECEIVED else ():
            sender = first.get(canary.text)
            if canary.may_be_seen_by(own, organisation) or (
                sender is not None and sender.person == who(transcript) and sender.wall <= heard.wall(frame)
            ):
                continue
            if not (own if canary.audience == "person" else organisation):
                unknown = canary
            else:
                leaks.append((frame, canary))
    if leaks:
        frame, canary = leaks[0]
        audience = {
            "person": f"only for person {short(canary.owner_id)}",
            "organisation": f"only for people of organisation {short(canary.owner_id)}",
            "sharers": f"only for sharers in organisation {short(canary.owner_id)}",
        }[canary.audience]
        return broken(
            CANARY,
            heard,
            f"{someone(transcript)} received {plain(frame.type)} with a canary that is {audience}.",
            f"nothing of another's reaches {someone(transcript)}.",
            dict.fromkeys(f for f, _ in leaks),
        )
    if unknown is not None:
        kind = "user_id" if unknown.audience == "person" else "organisation"
        story = f"{someone(transcript)} received a canary, but nobody knows the {kind} it must be judged by."
        return undecided(CANARY, transcript, story)
    story = f"{someone(transcript)} received no foreign canary {until(transcript)}."
    return settle(CANARY, transcript, story)


def no_foreign_events(transcript: Transcript) -> Verdict:
    """No run event received carries another person's ``user_id`` (contract: Durable frames)."""
    own = own_user_id(transcript)
    if own is None:
        story = f"Nobody knows the user_id of {someone(transcript)}, so no other can be told from it."
        return undecided(FOREIGN, transcript, story)
    foreign = [e for e in transcript.durable if e.fields.get("user_id") != own]
    if foreign:
        value = foreign[0].get("user_id")
        whose = short(value) if isinstance(value, str) else shown(value)
        story = f"{someone(transcript)} ({short(own)}) received {counted(len(foreign), 'event')} of {whose}."
        expected = "every run event received is the person's own."
        return broken(FOREIGN, transcript, story, expected, [e.frame for e in foreign])
    story = f"{someone(transcript)} received no foreign event {until(transcript)}."
    return settle(FOREIGN, transcript, story)


def no_events_of(transcript: Transcript, run_ids: Collection[str]) -> Verdict:
    """No event or ack of these runs was received; holds until the last frame recorded, and says so.

    Args:
        transcript: The connection that must not see them.
        run_ids: The runs of others.
    """
    leaks = [e.frame for e in transcript.events() if (e.durable or e.type == "ack") and e.run_id in run_ids]
    few = sorted(run_ids)[:NAMED]
    names = listing([*map(short, few), *([f"{len(run_ids) - NAMED} more"] if len(run_ids) > NAMED else [])])
    if leaks:
        story = f"{someone(transcript)} received {counted(len(leaks), 'frame')} of run {names}."
        return broken(EVENTS_OF, transcript, story, f"nothing of run {names}.", leaks)
    return settle(
        EVENTS_OF, transcript, f"{someone(transcript)} received nothing of run {names} {until(transcript)}."
    )


def nothing_received_between(
    transcript: Transcript, start: int, end: int, except_types: Collection[str] = ()
) -> Verdict:
    """Nothing was received from frame index ``start`` up to, not including, ``end``; says until when.

    The heartbeat's PING and PONG do not count; the connection's end does. Undecided when no frame at all lies
    in between: the fence's own ping does.

    Args:
        transcript: The connection to judge.
        start: Index of the first frame to judge.
        end: Index of the first frame not to judge, for example that of the fence's pong.
        except_types: Types that may come, for example ``pong``; ``<close>`` for the end.
    """
    watched = transcript.frames[max(0, start) : max(0, end)]
    came = [
        frame
        for frame in watched
        if frame.received and frame.kind not in (Kind.PING, Kind.PONG) and frame.type not in except_types
    ]
    since = f"from {moment(transcript, watched[0])} " if watched else ""
    but = f" but {listing(sorted(except_types))}" if except_types else ""
    span = f"{since}{until(transcript, watched[-1] if watched else None)}"
    if not watched:
        story = f"{someone(transcript)} was not watched: no frame lies from #{start} to #{end}."
        return undecided(NOTHING, transcript, story)
    if came:
        types = listing(dict.fromkeys(plain(frame.type) for frame in came))
        story = f"{someone(transcript)} received {counted(len(came), 'frame')} {span}: {types}."
        return broken(NOTHING, transcript, story, f"nothing{but} {span}.", came)
    return settle(NOTHING, transcript, f"{someone(transcript)} received nothing{but} {span}.")
