"""The tool ``compare_models``: what each task would cost with its cheapest model."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import Connection

from backend.agent.tools.base import FindingDraft, Tool, ToolResult
from backend.store.record_set import ModelCallRow
from backend.store.records import Records


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What one model did for one task in one month."""

    model: str
    calls: int
    cost_cents: int

    @property
    def cents_per_call(self) -> Fraction:
        """The exact price: two prices that differ by a millionth of a cent are not equal."""
        return Fraction(self.cost_cents, self.calls)

    def saving_with(self, cheapest: "ModelUse") -> int:
        """Returns what these calls would have saved, in cents, at the price of ``cheapest``."""
        return max(0, self.cost_cents - (self.calls * cheapest.cost_cents) // cheapest.calls)


@dataclass(frozen=True, slots=True)
class TaskComparison:
    """The models of one task: the cheapest, and what leaving each other one would save."""

    task: str
    cheapest: ModelUse
    alternatives: tuple[tuple[ModelUse, int], ...]

    @property
    def saving_cents(self) -> int:
        """What the task saves in a month when the cheapest model does all of it."""
        return sum(saving for _, saving in self.alternatives)


class CompareModels(Tool):
    """Compares the models of each task by their price in the latest month."""

    name = "compare_models"
    filters = ("team",)

    def run(
        self, records: Records, connection: Connection, organisation_id: str, arguments: Mapping[str, object]
    ) -> ToolResult:
        """Compares the models that were called in the latest month with a call."""
        tasks = compare(records.model_calls(connection, organisation_id, self.filters_in(arguments)))
        return ToolResult(
            result={
                "tasks": [_as_dict(task) for task in tasks],
                "monthly_saving_cents": sum(task.saving_cents for task in tasks),
            },
            findings=tuple(
                FindingDraft(f"Use {task.cheapest.model} for all of {task.task}", task.saving_cents)
                for task in tasks
                if task.saving_cents > 0
            ),
        )


def compare(rows: Iterable[ModelCallRow]) -> list[TaskComparison]:
    """Compares models task by task, over the rows of the latest month among ``rows``.

    Args:
        rows: Model calls of any months; rows without a call are ignored.

    Returns:
        The tasks, highest saving first, then by name.
    """
    called = [row for row in rows if row.calls > 0]
    latest = max((row.month for row in called), default="")
    uses: defaultdict[str, dict[str, ModelUse]] = defaultdict(dict)
    for row in called:
        if row.month == latest:
            before = uses[row.task].get(row.model, ModelUse(row.model, 0, 0))
            uses[row.task][row.model] = ModelUse(
                row.model, before.calls + row.calls, before.cost_cents + row.cost_cents
            )
    tasks = [_compared(task, list(models.values())) for task, models in uses.items()]
    return sorted(tasks, key=lambda task: (-task.saving_cents, task.task))


def _compared(task: str, uses: list[ModelUse]) -> TaskComparison:
    cheapest = min(uses, key=lambda use: (use.cents_per_call, use.model))
    others = [(use, use.saving_with(cheapest)) for use in uses if use is not cheapest]
    others.sort(key=lambda other: (-other[1], other[0].model))
    return TaskComparison(task, cheapest, tuple(others))


def _as_dict(task: TaskComparison) -> dict[str, object]:
    return {
        "task": task.task,
        "cheapest_model": task.cheapest.model,
        "cheapest_cost_cents_per_1000_calls": task.cheapest.cost_cents * 1000 // task.cheapest.calls,
        "alternatives": [
            {"model": use.model, "calls": use.calls, "cost_cents": use.cost_cents, "saving_cents": saving}
            for use, saving in task.alternatives
        ],
        "saving_cents": task.saving_cents,
    }
