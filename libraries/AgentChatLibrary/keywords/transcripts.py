"""Transcripts as files: kept from a session, and loaded again, so that a bug report becomes a test."""

from __future__ import annotations

from pathlib import Path

from robot.api.deco import keyword

from .. import filing
from ..chat import Chat, Question, Unexpected
from ..engine.session import LoadedSession
from ..identity import Organisation, Person
from ..kit import Kit
from ..recordings import read
from ..redaction import issued, masked
from ..rules.ambient import ambient
from ..transcript import Owner, Transcript
from .promises import demand


class Transcripts:
    """Keywords that keep and load transcripts."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Transcripts",))
    def save_transcript(self, file: Path, *sessions: str) -> str:
        """Writes what sessions have recorded so far to a file of JSON Lines, without any secret.

        A failed test's transcripts are kept by themselves; use this to keep others.

        Args:
            file: Where to; its folder must exist.
            sessions: Aliases of the sessions.

        Returns:
            The file's path.

        Raises:
            UnknownName: There is no such session.

        Example:
        | Ask | Ana | What did we spend in total? |
        | Wait For Answer | Ana |
        | Save Transcript | ${OUTPUT DIR}/ana.jsonl | Ana |
        | Load Transcript | ${OUTPUT DIR}/ana.jsonl | prefix=Recorded${SPACE} |
        | Run Should Be Complete | Recorded Ana |
        | Recording Should Keep What Always Holds | Recorded Ana |
        """
        transcripts = [t for alias in sessions for t in self.kit.world.chat(alias).session.transcripts]
        filing.write(file, masked(transcripts))
        return str(file)

    @keyword(tags=("Transcripts",))
    def load_transcript(self, file: Path, prefix: str = "") -> list[str]:
        """Loads recorded sessions from a file, so that every judging keyword works on them.

        A loaded session has ended: nothing can be sent on it, and what is missing is missing at once. It is
        not judged at the test's end as live ones are; see `Recording Should Keep What Always Holds`.

        Args:
            file: The file: a transcript that `Save Transcript` or a report has written, other JSON Lines of
                frames, or a HAR file in which a browser has saved WebSocket messages.
            prefix: Put in front of the recorded aliases, where a live session has the same.

        Returns:
            The aliases of the sessions, in the order of the file.

        Raises:
            Unexpected: An alias exists already.
            RecordingProblem: The file cannot be used; the message says why and what to do.

        Example:
        | Ask | Ana | What did we spend in total? |
        | Wait For Answer | Ana |
        | Save Transcript | ${OUTPUT DIR}/ana.jsonl | Ana |
        | Load Transcript | ${OUTPUT DIR}/ana.jsonl | prefix=Recorded${SPACE} |
        | Run Should Be Complete | Recorded Ana |
        | Recording Should Keep What Always Holds | Recorded Ana |
        """
        sessions: dict[str, LoadedSession] = {}
        for transcript in read(file).transcripts:
            alias = f"{prefix}{transcript.session}"
            if alias not in sessions:
                if self.kit.world.has_chat(alias):
                    raise Unexpected(f"There is a session {alias!r} already; load with a prefix.")
                sessions[alias] = LoadedSession(alias, transcript.owner)
            sessions[alias].transcripts.append(transcript)
        for session in sessions.values():
            chat = Chat(session, self._person(session.owner), self.kit.environment)
            chat.questions += [q for t in session.transcripts for q in _questions(t)]
            self.kit.world.add_chat(chat)
        return list(sessions)

    @keyword(tags=("Transcripts", "Judging"))
    def recording_should_keep_what_always_holds(self, *sessions: str) -> None:
        """Judges loaded sessions by the rules that every live session is judged by at its test's end.

        Where frames are missing from a recording it proves nothing, so it does not pass.

        Args:
            sessions: Aliases of the sessions; judged together, so that devices of a person are compared.

        Raises:
            BrokenPromise: A rule is broken; the message shows the offending frames. Or it cannot be decided,
                because frames were not recorded.

        Example:
        | Ask | Ana | What did we spend in total? |
        | Wait For Answer | Ana |
        | Save Transcript | ${OUTPUT DIR}/ana.jsonl | Ana |
        | Load Transcript | ${OUTPUT DIR}/ana.jsonl | prefix=Recorded${SPACE} |
        | Run Should Be Complete | Recorded Ana |
        | Recording Should Keep What Always Holds | Recorded Ana |
        """
        transcripts: list[Transcript] = []
        for alias in sessions:
            transcripts += self.kit.world.chat(alias).session.transcripts
        verdicts = ambient(transcripts, self.kit.contract, issued())
        for verdict in (*(v for v in verdicts if v.broken), *(v for v in verdicts if v.cut)):
            demand(verdict)

    def _person(self, owner: Owner) -> Person:
        return Person(
            name=owner.name,
            email="",
            password="",  # nobody signs in with a recording
            user_id=owner.user_id,
            organisation=Organisation("", owner.organisation_id),
            tier=owner.tier,
            permissions=(),
            service=self.kit.service,
        )


def _questions(transcript: Transcript) -> list[Question]:
    """The questions that were accepted on a connection, in order."""
    return [
        Question(
            str(run.question.get("content")),
            run.ack.message_id or "",
            run.run_id,
            run.ack.thread_id or "",
            run.question,
            run.ack,
        )
        for run in transcript.runs().values()
        if run.question is not None and run.ack is not None
    ]
