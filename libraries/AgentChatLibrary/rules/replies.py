"""The order of replies: acks and pongs (contract: Frames; Order and delivery)."""

from __future__ import annotations

import json
from collections import deque

from ..frames import RECEIVED, SENT, Event
from ..transcript import Transcript
from ..verdict import Verdict, broken, short, undecided
from .reading import ASKING, seen_runs
from .story import counted, missing, moment, person, run_of, settle, shown, someone

ACKS = "replies.acks_come_first"
PONGS = "replies.pongs_answer_pings"


def acks_come_first(transcript: Transcript) -> Verdict:
    """Each ``ack`` comes before any event of its run, and acks come in the order of asking.

    A question that was asked again gets the same ack again; the first one counts. Questions without a
    ``message_id`` cannot be told apart by their acks, so their order is not judged.

    Args:
        transcript: The connection that asked.
    """
    if transcript.truncated:
        return undecided(ACKS, transcript, missing(transcript))
    for run in seen_runs(transcript).values():
        if run.ack is None:
            continue
        asked = run.question.index if run.question is not None else -1
        early = [e for e in run.events if asked < e.index < run.ack.index]
        # An event from before the question shows that the run is older: then this is a repeated ack.
        if early and not any(e.index < asked for e in run.events):
            story = f"{run_of(transcript, run.run_id)} was acknowledged after its {early[0].type} had come."
            return broken(
                ACKS,
                transcript,
                story,
                "the ack of a question comes before any event of its run.",
                [run.ack.frame],
                [e.frame for e in ([run.question] if run.question is not None else []) + early],
            )
    return _order_of_asking(transcript)


def _order_of_asking(transcript: Transcript) -> Verdict:
    asked: dict[str, deque[Event]] = {}
    last: tuple[Event, Event] | None = None
    for direction, event in transcript.exchanged():
        message_id = event.message_id
        if message_id is None:
            continue
        if direction is SENT and event.type in ASKING:
            asked.setdefault(message_id, deque()).append(event)
        elif direction is RECEIVED and event.type in ("ack", "error") and asked.get(message_id):
            question = asked[message_id].popleft()
            if event.type != "ack":
                continue
            if last is not None and question.index < last[0].index:
                story = (
                    f"{person(transcript)} asked {_quoted(question)} before {_quoted(last[0])}, "
                    "but was acknowledged the other way round."
                )
                expected = "acks come in the order of asking."
                return broken(
                    ACKS, transcript, story, expected, [event.frame], [e.frame for e in (question, *last)]
                )
            last = question, event
    return settle(ACKS, transcript)


def _quoted(question: Event) -> str:
    return shown(question.get("content"))


def pongs_answer_pings(transcript: Transcript, *, complete: bool = False) -> Verdict:
    """Pongs echo the pings' ``sequence`` and ``data``, in the order of the pings, each once.

    A ping that was refused with an ``error`` needs no pong.

    Args:
        transcript: The connection that pinged.
        complete: Whether every ping must have been answered by now; else the last ones may be on their way.
    """
    if transcript.truncated:
        return undecided(PONGS, transcript, missing(transcript))
    pings: deque[tuple[str, Event]] = deque()
    answered: dict[str, Event] = {}
    refused: set[str] = set()
    nameless_errors = 0
    expected = "each ping is answered by one pong with its own sequence and data, in the order of the pings."
    for direction, event in transcript.exchanged():
        if direction is SENT:
            if event.type == "ping":
                pings.append((_echo(event), event))
        elif event.type == "error":
            nameless_errors += event.message_id is None
            refused.add(event.message_id or "")
        elif event.type == "pong":
            echo = _echo(event)
            passed = next((i for i, (asked, _) in enumerate(pings) if asked == echo), None)
            if passed is None:
                before = answered.get(echo)
                who = someone(transcript)
                if before is not None:
                    story = f"{who} received the pong {_named(event)} again; the first came at "
                    story += f"{moment(transcript, before.frame)}."
                else:
                    story = f"{who} received the pong {_named(event)}, which answers no ping that was sent."
                near = [before] if before is not None else [ping for _, ping in list(pings)[:2]]
                return broken(PONGS, transcript, story, expected, [event.frame], [e.frame for e in near])
            skipped = [pings.popleft()[1] for _ in range(passed)]
            lost = [ping for ping in skipped if ping.message_id is None or ping.message_id not in refused]
            excused = sum(ping.message_id is None for ping in lost)
            if len(lost) > min(excused, nameless_errors):
                story = (
                    f"{someone(transcript)} received the pong {_named(event)} "
                    f"while {counted(len(lost), 'earlier ping')} had no answer."
                )
                near = [pings[0][1], *lost]
                return broken(PONGS, transcript, story, expected, [event.frame], [e.frame for e in near])
            nameless_errors -= len(lost)
            answered[echo] = event
            pings.popleft()
    waiting = [ping for _, ping in pings if ping.message_id is None or ping.message_id not in refused]
    if complete and len(waiting) > nameless_errors:
        story = f"{someone(transcript)} had no pong for {counted(len(waiting), 'ping')}."
        return broken(PONGS, transcript, story, expected, [ping.frame for ping in waiting])
    return settle(PONGS, transcript)


def _echo(event: Event) -> str:
    """What ties a pong to its ping, exactly: in JSON 1, 1.0 and true differ, which Python calls equal."""
    try:
        return json.dumps([event.get(field) for field in ("sequence", "data", "message_id")], sort_keys=True)
    except RecursionError:  # nested deeper than the contract allows
        return str(event.frame.data)


def _named(event: Event) -> str:
    if event.get("sequence") is not None:
        return shown(event["sequence"])
    if event.message_id is not None:
        return short(event.message_id)
    return shown(event.get("data"))
