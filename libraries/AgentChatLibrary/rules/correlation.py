"""Who and what a frame belongs to: message, run, thread, person (contract: Frames; Order and delivery)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final

from ..frames import MESSAGES, SENT, Event, Frame
from ..transcript import Transcript
from ..verdict import Verdict, broken, plain, short, undecided
from .reading import ASKING, SeenRun, chosen
from .story import counted, missing, person, place, run_of, same, settle, shown, someone, unseen, until, weigh

REPLIES = "correlation.replies_match_messages"
THREAD = "correlation.one_thread_and_person_per_run"
OWN = "correlation.user_id_is_own"
QUESTION = "correlation.one_run_per_question"
ONLY = "correlation.only_these_runs"

ANSWERED_BY: Final = {
    "ack": (*ASKING, "cancel"),
    "pong": ("ping",),
    "resumed": ("resume",),
    "token_refreshed": ("refresh_token",),
}
"""Which messages each reply answers; an ``error`` answers any (contract: Frames)."""


def replies_match_messages(transcript: Transcript) -> Verdict:
    """Each reply belongs to a message of its kind that this connection sent before, and each has one at most.

    So no message is both acknowledged and refused: ``error`` means that there is no run. An ack whose
    question had no ``message_id`` carries one that the server made. Broken also when a question or a
    cancellation got an ``error`` and an ``ack``.

    Args:
        transcript: The connection to judge.
    """
    if transcript.truncated:
        return undecided(REPLIES, transcript, missing(transcript))
    desk = _Desk(transcript)
    for frame in transcript.frames[:]:
        if frame.direction is SENT:
            if frame.kind in MESSAGES:
                desk.sent(frame)
            continue
        event = frame.event
        if event is not None and (event.type in ANSWERED_BY or event.type == "error"):
            wrong = desk.replied(event)
            if wrong is not None:
                return wrong
    return settle(REPLIES, transcript)


class _Desk:
    """What was sent, and what of it has been answered."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.by_id: dict[str, list[Event]] = {}
        self.replies: dict[str, list[Event]] = {}
        self.unnamed: Counter[str] = Counter()
        self.open = 0

    def sent(self, frame: Frame) -> None:
        self.open += 1
        event = frame.event
        if event is None:
            return
        if event.message_id is not None:
            self.by_id.setdefault(event.message_id, []).append(event)
        else:
            self.unnamed[event.type] += 1

    def replied(self, reply: Event) -> Verdict | None:
        self.open -= 1
        kinds = ANSWERED_BY.get(reply.type)
        who = someone(self.transcript)
        message_id = reply.message_id
        if message_id is None and "message_id" in reply:
            story = f"{who} received {reply.type} with {shown(reply['message_id'])} for a message_id."
            return self._broken(reply, story)
        messages = self.by_id.get(message_id, []) if message_id is not None else []
        if message_id is None or (reply.type == "ack" and not messages):
            return self._unnamed(reply, kinds)
        if not messages:
            story = f"{who} received {reply.type} for message {short(message_id)}, which was not sent before."
            return self._broken(reply, story)
        if kinds is not None and not any(m.type in kinds for m in messages):
            story = (
                f"{who} received {reply.type} for {short(message_id)}, which was a {plain(messages[0].type)}."
            )
            return self._broken(reply, story, messages)
        before = self.replies.setdefault(message_id, [])
        before.append(reply)
        if len(before) > len(messages):
            sent = _times(messages)
            story = f"{who} received {_both(before)} for message {short(message_id)}, which was sent {sent}."
            return self._broken(reply, story, [*messages, *before[:-1]])
        return None

    def _unnamed(self, reply: Event, kinds: tuple[str, ...] | None) -> Verdict | None:
        """A reply without a message_id of ours answers something that was sent without one."""
        who = someone(self.transcript)
        if kinds is None:
            if self.open < 0:
                return self._broken(reply, f"{who} received an error that answers nothing: all was answered.")
            return None
        kind = next((kind for kind in kinds if self.unnamed[kind] > 0), None)
        if kind is None:
            named = f" for message {short(reply.message_id)}" if reply.message_id is not None else ""
            story = f"{who} received {reply.type}{named}, which answers nothing that was sent before."
            return self._broken(reply, story)
        self.unnamed[kind] -= 1
        return None

    def _broken(self, reply: Event, story: str, near: Collection[Event] = ()) -> Verdict:
        expected = "each message gets one reply at the most, which echoes its message_id."
        return broken(REPLIES, self.transcript, story, expected, [reply.frame], [e.frame for e in near])


def _both(replies: list[Event]) -> str:
    match sorted({reply.type for reply in replies}):
        case [kind]:
            return f"{kind} {_times(replies)}"
        case kinds:
            return f"both {' and '.join(kinds)}"


def _times(messages: list[Event]) -> str:
    return "once" if len(messages) == 1 else f"{len(messages)} times"


def one_thread_and_person_per_run(transcript: Transcript, run_id: str | None = None) -> Verdict:
    """Every event of a run carries the ``thread_id`` of its ack, and one ``user_id``.

    The ack of a question that goes on with a conversation carries the ``thread_id`` of that one.

    Args:
        transcript: The connection to judge.
        run_id: The run to judge; all of them when omitted.
    """
    found: list[Verdict] = []
    runs = chosen(transcript, run_id)
    if run_id is not None and not any(run.events for run in runs):
        return unseen(THREAD, transcript, run_id)
    for run in runs:
        found.extend(_elsewhere(transcript, run))
        for field in ("thread_id", "user_id"):
            sources = ([run.ack] if run.ack is not None and field == "thread_id" else []) + list(run.events)
            expected = sources[0].get(field) if sources else None
            if isinstance(expected, str):  # as nearly always, and nothing else equals a text
                strange = [e for e in run.events if e.fields.get(field) != expected]
            else:
                strange = [e for e in run.events if not same(e.get(field), expected)]
            if strange:
                values = f"{_id(sources[0].get(field))} and {_id(strange[0].get(field))}"
                found.append(
                    broken(
                        THREAD,
                        transcript,
                        f"{run_of(transcript, run.run_id)} has two {field}s: {values}.",
                        f"every event of a run carries the same {field}.",
                        [e.frame for e in strange],
                        [sources[0].frame],
                    )
                )
    return weigh(THREAD, transcript, found)


def _elsewhere(transcript: Transcript, run: SeenRun) -> list[Verdict]:
    """What is to be said of a run that was not accepted into the conversation that its question named."""
    if run.question is None or run.ack is None or "thread_id" not in run.ack:
        return []
    wanted, came = run.question.get("thread_id"), run.ack.get("thread_id")
    if not isinstance(wanted, str) or same(came, wanted):
        return []
    story = f"{someone(transcript)} went on with the conversation {_id(wanted)}, and"
    story += f" {short(run.run_id)} was accepted into another one: {_id(came)}."
    expected = "a question with a thread_id goes on with that conversation."
    return [broken(THREAD, transcript, story, expected, [run.ack.frame], [run.question.frame])]


def user_id_is_own(transcript: Transcript) -> Verdict:
    """Every ``user_id`` received is that of the person whose connection it is (contract: Durable frames).

    Undecided where the person is not known: neither by the owner nor by ``connection_established``.
    """
    own = own_user_id(transcript)
    if own is None:
        story = f"Nobody knows the user_id of {someone(transcript)}, so no other can be told from it."
        return undecided(OWN, transcript, story)
    strange = [e for e in transcript.events() if e.fields.get("user_id", own) != own]
    if strange:
        first = strange[0]
        came = f"{plain(first.type)} of another: {_id(first['user_id'])}"
        return broken(
            OWN,
            transcript,
            f"{someone(transcript)} ({short(own)}) received {came}.",
            "every frame with a user_id carries the session's own.",
            [e.frame for e in strange],
        )
    return settle(OWN, transcript)


def own_user_id(transcript: Transcript) -> str | None:
    """The person's id: the owner's, or what ``connection_established`` says; None when neither tells."""
    if transcript.owner.user_id:
        return transcript.owner.user_id
    established = transcript.established
    return established.user_id if established is not None else None


def one_run_per_question(transcript: Transcript) -> Verdict:
    """Each question has one run and each run one question: no end answers two, no message starts two.

    The same message asked again is acknowledged with the same run (contract: Order and delivery).
    """
    asked = {e.message_id for e in transcript.sent(*ASKING)}
    cancels = {e.message_id for e in transcript.sent("cancel")}
    run_of_message: dict[str, tuple[str, Event]] = {}
    message_of_run: dict[str, tuple[str, Event]] = {}
    for ack in transcript.received("ack"):
        message_id, run_id = ack.message_id, ack.run_id
        if message_id is None or run_id is None or (message_id in cancels and message_id not in asked):
            continue
        run, first = run_of_message.setdefault(message_id, (run_id, ack))
        if run != run_id:
            which = f"message {short(message_id)}{place(transcript)}"
            runs = f"{short(run)} and {short(run_id)}"
            story = f"{person(transcript)}'s {which} began two runs: {runs}."
            return _two(transcript, story, ack, first)
        message, first = message_of_run.setdefault(run_id, (message_id, ack))
        if message != message_id and message_id in asked:
            story = f"{run_of(transcript, run_id)} answers two questions: messages "
            story += f"{short(message)} and {short(message_id)}."
            return _two(transcript, story, ack, first)
    return settle(QUESTION, transcript)


def _two(transcript: Transcript, story: str, ack: Event, first: Event) -> Verdict:
    expected = "every question has a run of its own, and every run answers one question."
    return broken(QUESTION, transcript, story, expected, [ack.frame], [first.frame])


def only_these_runs(transcript: Transcript, run_ids: Collection[str]) -> Verdict:
    """Every run event received belongs to one of these runs: there are no strangers among them.

    Args:
        transcript: The connection to judge.
        run_ids: The runs that the person may see on it.
    """
    strange = [e for e in transcript.events() if e.durable and e.run_id not in run_ids]
    if strange:
        first = strange[0]
        story = f"{someone(transcript)} received {counted(len(strange), 'event')} of a strange run: "
        story += f"first {first.type} of {_id(first.get('run_id'))}."
        expected = f"only events of {counted(len(run_ids), 'known run')}."
        return broken(ONLY, transcript, story, expected, [e.frame for e in strange])
    return settle(ONLY, transcript, f"{someone(transcript)} received no strange run {until(transcript)}.")


def _id(value: object) -> str:
    return short(value) if isinstance(value, str) else shown(value)
