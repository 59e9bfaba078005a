"""Rounds of use: people who come, ask and go within one keyword, and are judged before they are forgotten."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ..chat import Unexpected
from ..contract import Contract
from ..engine.crowd import close_many, open_many, send_together
from ..engine.offer import Offer, Refused
from ..engine.session import Session
from ..environment import Environment
from ..frames import Event
from ..identity import Person
from ..outgoing import encoded, new_message_id
from ..redaction import issued
from ..rules.ambient import ambient
from ..transcript import Transcript
from .promises import BrokenPromise


def until_welcome(session: Session, offer: Offer, environment: Environment) -> float:
    """Connects, and returns how long it took to be welcomed, in seconds.

    Args:
        session: What connects.
        offer: What it connects with.
        environment: How long anything may take.

    Raises:
        Unexpected: It was refused, or not welcomed.
    """
    before = time.monotonic()
    try:
        session.open(offer, environment.timeout("connect"))
    except Refused as refused:
        raise Unexpected(f"the connection was refused: {refused}") from None
    welcome = session.wait(
        lambda t: next(iter(t.received("connection_established")), None), environment.timeout("silence")
    )
    if welcome is None:
        raise Unexpected("there was no welcome.")
    return welcome.at - before


def judge_what_came(sessions: Sequence[Session], contract: Contract) -> None:
    """Judges sessions that no test keeps by what holds in every test.

    Args:
        sessions: The sessions, closed.
        contract: What knows the contract.

    Raises:
        BrokenPromise: One has received what it should not.
    """
    transcripts = [transcript for session in sessions for transcript in session.transcripts]
    broken = next((v for v in ambient(transcripts, contract, issued()) if v.broken), None)
    if broken is not None:
        raise BrokenPromise(broken.text(), broken)


def go_round(
    people: Sequence[Person],
    offers: Sequence[Offer],
    question: str,
    environment: Environment,
    contract: Contract,
) -> None:
    """Lets people connect, ask, get the answer to their own question and leave, all of them together.

    What they have recorded is judged, and then forgotten, so that many rounds need the memory of one.

    Args:
        people: Who they are.
        offers: What each of them connects with.
        question: What they ask.
        environment: How long anything may take.
        contract: What knows the contract.

    Raises:
        Unexpected: Somebody was refused, or got no answer.
        BrokenPromise: Somebody has received what they should not.
    """
    sessions = [Session(person.name, person.owner) for person in people]
    try:
        open_many(sessions, offers, environment.timeout("connect"))
        ids = [new_message_id() for _ in sessions]
        texts = [encoded("chat", message_id, {"content": question}) for message_id in ids]
        send_together(list(zip(sessions, texts, strict=True)))
        for session, message_id in zip(sessions, ids, strict=True):
            _see_the_answer(session, message_id, environment.timeout("answer"))
    except Refused as refused:
        raise Unexpected(f"In the middle of much use somebody could not connect: {refused}") from None
    finally:
        close_many(sessions)
    judge_what_came(sessions, contract)


def _see_the_answer(session: Session, message_id: str, patience: float) -> None:
    end = session.wait(_end_of(message_id), patience)
    if end is None or end.type != "agent_completed":
        how = str(end.get("code")) if end is not None else "nothing came in the time of an answer"
        raise Unexpected(f"In the middle of much use {session.alias} got no answer: {how}.")


def _end_of(message_id: str) -> Callable[[Transcript], Event | None]:
    """What finds the refusal of a question, or the end of the run that it was accepted as."""

    def look(transcript: Transcript) -> Event | None:
        replies = transcript.received("ack", "error")
        reply = next((e for e in replies if e.message_id == message_id), None)
        if reply is None or reply.type == "error":
            return reply
        return next((e for e in transcript.durable if e.run_id == reply.run_id and e.ends_run), None)

    return look
