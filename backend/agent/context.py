"""The execution context of one run: made for it, immutable, shared with nobody."""

from dataclasses import dataclass

from backend.clock import Clock
from backend.compose import RunKey
from backend.store.people import Person
from backend.tiers import TierPolicy


@dataclass(frozen=True, slots=True)
class UserExecutionContext:
    """Everything that a run knows about whom it works for.

    Attributes:
        run_id: The run.
        user_id: The asker.
        organisation_id: Whose records the tools read.
        thread_id: The thread of the question.
        question: What was asked, code point for code point.
        policy: The asker's tier when the question was accepted.
        began: Monotonic time when it was accepted, in seconds.
    """

    run_id: str
    user_id: str
    organisation_id: str
    thread_id: str
    question: str
    policy: TierPolicy
    began: float

    @property
    def key(self) -> RunKey:
        """What the run's events say about where they belong."""
        return RunKey(self.run_id, self.user_id, self.thread_id)


class ContextFactory:
    """Makes a new context for each run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def make(self, person: Person, run_id: str, thread_id: str, question: str) -> UserExecutionContext:
        """Returns the context of an accepted question.

        Args:
            person: The asker as the database knows them now.
            run_id: The new run.
            thread_id: Its thread.
            question: What was asked.
        """
        return UserExecutionContext(
            run_id=run_id,
            user_id=person.id,
            organisation_id=person.organisation_id,
            thread_id=thread_id,
            question=question,
            policy=person.policy,
            began=self._clock.monotonic(),
        )
