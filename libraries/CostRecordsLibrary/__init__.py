"""Keywords for the assistant's subject: records of cloud costs to plant, and the truth they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from robot.api.deco import keyword, library

from . import awkward, found, pairing, planting, questions, truth
from .amounts import amount_behind, money
from .headlines import headlines


class NotTrue(AssertionError):
    """An answer departs from the records; the message says where."""

    ROBOT_SUPPRESS_NAME = True


@library(scope="GLOBAL")
class CostRecordsLibrary:
    """Makes an organisation's cost records, and checks answers against them.

    The figures are recomputed from the planted rows by arithmetic of the tests' own; nothing is taken from
    the backend that is being tested.
    """

    @keyword
    def make_records(self, mark: str) -> dict[str, Any]:
        """Returns small records with amounts that nobody can guess.

        Args:
            mark: The organisation's canary; it stands in names, so that tool results and answers carry it.

        Example:
        | ${northwind}    | Get Organisation | Northwind |
        | ${mark}         | Make Canary      | organisation | ${northwind.id} |
        | ${records}      | Make Records     | ${mark} |
        | Replace Records | Northwind        | ${records} |
        """
        return planting.records(mark)

    @keyword
    def make_awkward_records(self, kind: str) -> dict[str, Any]:
        """Returns records that arithmetic stumbles over.

        Args:
            kind: ``nothing``, ``one of each``, ``equal``, ``zeros``, ``odd``, ``falling``, ``rising``,
                ``long``, ``huge``, ``names``, ``alike`` or ``many``.

        Raises:
            ValueError: There is no such kind.

        Example:
        | ${records}      | Make Awkward Records | zeros |
        | Replace Records | Northwind            | ${records} |
        """
        return awkward.books(kind)

    @keyword
    def calls_should_be(self, events: Sequence[Mapping[str, Any]], *calls: str) -> None:
        """Checks which tools a run used, in which order, and with exactly which arguments.

        Args:
            events: The run's events.
            calls: What is expected, a tool and its arguments each, such as ``query_spend group_by=team``.

        Raises:
            NotTrue: The run made other calls.

        Example:
        | Ask             | Ana            | What did we spend by team? |
        | Wait For Answer | Ana |
        | ${events}       | Get Run Events | Ana |
        | Calls Should Be | ${events}      | query_spend group_by=team |
        """
        made = questions.calls(events)
        if made != [questions.parsed(call) for call in calls]:
            raise NotTrue(
                f"{questions.quoted(events)} needs {'; '.join(calls)}."
                f" The agent called {questions.shown(made)}."
            )

    @keyword
    def reasoning_should_lead_to_each_call(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Checks that the agent thinks once before each tool, naming it, and once before the answer.

        Args:
            events: The run's events.

        Raises:
            NotTrue: A thought is missing, too many, or about another tool.

        Example:
        | Ask                                | Ana            | Which resources are idle? |
        | Wait For Answer                    | Ana |
        | ${events}                          | Get Run Events | Ana |
        | Reasoning Should Lead To Each Call | ${events} |
        """
        if wrong := questions.unreasoned(events):
            raise NotTrue(wrong)

    @keyword
    def tool_results_should_be_true(
        self, events: Sequence[Mapping[str, Any]], records: Mapping[str, Any]
    ) -> int:
        """Checks every tool result of a run against the records.

        Args:
            events: The run's events.
            records: The organisation's records.

        Returns:
            How many results were checked.

        Raises:
            NotTrue: A result departs from the records, or there is none.

        Example:
        | Ask                         | Ana            | Which resources are idle? |
        | Wait For Answer             | Ana |
        | ${events}                   | Get Run Events | Ana |
        | ${records}                  | Records Of     | Northwind |
        | Tool Results Should Be True | ${events}      | ${records} |
        | Findings Should Be True     | ${events}      | ${records} |
        """
        asked = {e["tool_call_id"]: e for e in events if e["type"] == "tool_executing"}
        results = [e for e in events if e["type"] == "tool_completed"]
        if not results:
            raise NotTrue("The run delivered no tool result.")
        for event in results:
            call = asked.get(event["tool_call_id"])
            if call is None:
                raise NotTrue(f"A result of {event['tool_name']} came for a call that was never begun.")
            wrong = truth.differences(records, call["tool_name"], call["arguments"], event["result"] or {})
            if wrong:
                raise NotTrue(
                    f"The result of {call['tool_name']}({_given(call['arguments'])}) does not follow from the"
                    f" records that it was compared with.\n{wrong[0]}"
                )
        return len(results)

    @keyword
    def findings_should_be_true(
        self, events: Sequence[Mapping[str, Any]], records: Mapping[str, Any]
    ) -> list[int]:
        """Checks the answer of a run: its findings are exactly those that follow from the records.

        Each finding belongs to a tool call of this run, and its amount is that of the resource or the task
        that its title names. The text gives each title its amount. No saving that the tools must find is left
        out.

        Args:
            events: The run's events.
            records: The organisation's records.

        Returns:
            The findings' amounts in cents.

        Raises:
            NotTrue: A finding is wrong, missing or too many, or the text does not give it its amount.

        Example:
        | Ask                         | Ana            | Which resources are idle? |
        | Wait For Answer             | Ana |
        | ${events}                   | Get Run Events | Ana |
        | ${records}                  | Records Of     | Northwind |
        | Tool Results Should Be True | ${events}      | ${records} |
        | Findings Should Be True     | ${events}      | ${records} |
        """
        answer = next((e for e in events if e["type"] == "agent_completed"), None)
        if answer is None:
            raise NotTrue("The run has no answer.")
        asked = {e["tool_call_id"]: e for e in events if e["type"] == "tool_executing"}
        findings = answer["result"]["findings"]
        for call_id, call in asked.items():
            of_call = [f for f in findings if f["tool_call_id"] == call_id]
            said = sorted(f["monthly_saving_cents"] for f in of_call)
            savings = truth.savings(records, call["tool_name"], call["arguments"])
            expected = sorted(cents for _, cents in savings)
            if said != expected:
                raise NotTrue(
                    f"The answer's findings of {call['tool_name']} are not true. By the records a month saves"
                    f" {_amounts(expected)}; the answer said {_amounts(said)}."
                )
            names = truth.savable(records, call["tool_name"])
            if wrong := pairing.misplaced(of_call, savings, names):
                raise NotTrue(wrong)
        if len({f["id"] for f in findings}) < len(findings):
            raise NotTrue(f"Two findings of the answer have one id: {sorted(f['id'] for f in findings)}.")
        for finding in findings:
            if finding["tool_call_id"] not in asked:
                raise NotTrue(f"The finding {finding['title']!r} belongs to no tool call of this run.")
            for part in (finding["title"], money(finding["monthly_saving_cents"])):
                if part not in answer["response"]:
                    raise NotTrue(f"The answer's text does not name {part!r}: {answer['response'][:300]!r}")
        told = [(finding["title"], money(finding["monthly_saving_cents"])) for finding in findings]
        if pair := pairing.unpaired(answer["response"], told):
            raise NotTrue(_another_amount(events, pair, answer["response"]))
        return [f["monthly_saving_cents"] for f in findings]

    @keyword
    def spend_should_be_true(
        self, said: Mapping[str, Any], records: Mapping[str, Any], asked: Mapping[str, str] | None = None
    ) -> None:
        """Checks a spend table, from a tool or from the usage summary, against the records.

        Args:
            said: A table with ``group_by``, ``filters``, ``total_cents`` and ``rows``.
            records: The organisation's records.
            asked: The grouping and the filters that were asked for; those that the table names when omitted.

        Raises:
            NotTrue: A figure differs, or the table is of something else than was asked for.

        Example:
        | Ask                  | Ana             | What did we spend by team? |
        | Wait For Answer      | Ana |
        | ${spend}             | Get Tool Result | Ana | query_spend |
        | ${records}           | Records Of      | Northwind |
        | Spend Should Be True | ${spend}        | ${records} |
        """
        arguments = {"group_by": said["group_by"], **said["filters"]} if asked is None else asked
        wrong = truth.differences(records, "query_spend", arguments, said)
        if wrong:
            raise NotTrue(f"The spend that is told for {_given(arguments)} is not true.\n{wrong[0]}")

    @keyword
    def text_should_name_total_spend(self, text: str, records: Mapping[str, Any]) -> str:
        """Checks that a text names the organisation's total spend, and returns it as people read it.

        Args:
            text: The text, for example an answer's ``response``.
            records: The organisation's records.

        Returns:
            The amount, for example ``$1,234.56``.

        Raises:
            NotTrue: The amount is not in the text.

        Example:
        | Ask                          | Ana                 | What did we spend in total? |
        | ${answer}                    | Wait For Answer     | Ana |
        | ${records}                   | Records Of          | Northwind |
        | Text Should Name Total Spend | ${answer}[response] | ${records} |
        """
        amount = money(truth.spend(records, {})["total_cents"])
        if amount not in text:
            raise NotTrue(f"The text does not name the total spend {amount}: {text[:300]!r}")
        return amount

    @keyword
    def text_should_list_the_spend(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Checks that an answer names the total of what was asked about, and each row of its spend tables.

        Args:
            events: The run's events.

        Raises:
            NotTrue: An amount or a name is not in the text, or a name has another amount there than its own.

        Example:
        | Ask                        | Ana            | What did we spend by team? |
        | Wait For Answer            | Ana |
        | ${events}                  | Get Run Events | Ana |
        | Text Should List The Spend | ${events} |
        """
        text = next(str(e["response"]) for e in events if e["type"] == "agent_completed")
        tables = [
            e["result"] for e in events if e["type"] == "tool_completed" and e["tool_name"] == "query_spend"
        ]
        amounts = [sum(table["total_cents"] for table in tables)]
        amounts += [row["amount_cents"] for table in tables for row in table["rows"]]
        names = [row["key"] for table in tables for row in table["rows"]]
        for part in [*map(money, amounts), *names]:
            if part not in text:
                raise NotTrue(
                    f"{questions.quoted(events)}: the answer's text does not name {part!r}: {text!r}"
                )
        rows = [(row["key"], money(row["amount_cents"])) for table in tables for row in table["rows"]]
        if pair := pairing.unpaired(text, rows):
            raise NotTrue(_another_amount(events, pair, text))

    @keyword
    def text_should_name_no_other_amounts(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Checks that each amount in an answer's text is one that the run has found.

        It is one of a tool's result, of a finding or of the offer, or what all findings or all results of one
        kind come to; or the question itself names it.

        Args:
            events: The run's events.

        Raises:
            NotTrue: The text names another amount.

        Example:
        | Ask                               | Ana            | Which resources are idle? |
        | Wait For Answer                   | Ana |
        | ${events}                         | Get Run Events | Ana |
        | Text Should Name No Other Amounts | ${events} |
        """
        if wrong := found.invented_in_the_text(events):
            raise NotTrue(f"{questions.quoted(events)}: {wrong}")

    @keyword
    def text_should_name_savings_and_forecasts(
        self, events: Sequence[Mapping[str, Any]], records: Mapping[str, Any]
    ) -> None:
        """Checks that an answer names what all its findings save, and each forecast with its range and mean.

        The sum and the mean follow from the records; a forecast is drawn by chance, so its figures are those
        of the tool, which `Tool Results Should Be True` holds against the records.

        Args:
            events: The run's events.
            records: The organisation's records.

        Raises:
            NotTrue: An amount is not in the text.

        Example:
        | Ask                                    | Ana            | What will we spend next quarter? |
        | Wait For Answer                        | Ana |
        | ${events}                              | Get Run Events | Ana |
        | ${records}                             | Records Of     | Northwind |
        | Tool Results Should Be True            | ${events}      | ${records} |
        | Text Should Name Savings And Forecasts | ${events}      | ${records} |
        """
        text = next(str(e["response"]) for e in events if e["type"] == "agent_completed")
        for what, cents in headlines(events, records):
            if money(cents) not in text:
                raise NotTrue(
                    f"{questions.quoted(events)}: {what} is {money(cents)}, which the answer's text does not"
                    f" name: {text!r}"
                )

    @keyword
    def reasoning_should_tell_the_amounts_found(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Checks what the agent thinks of the results that it has got.

        Each amount is one that its tools have found by then, or what their results come to together; or the
        question itself names it. One that stands in brackets behind the name of a row of the spend table that
        has just come is that row's.

        Args:
            events: The run's events.

        Raises:
            NotTrue: An amount is another one, or was not found.

        Example:
        | Ask                                     | Ana            | What did we spend by team? |
        | Wait For Answer                         | Ana |
        | ${events}                               | Get Run Events | Ana |
        | Reasoning Should Tell The Amounts Found | ${events} |
        """
        table: Mapping[str, Any] | None = None
        for event in events:
            if event["type"] == "tool_completed":
                table = event["result"] if event["tool_name"] == "query_spend" else None
            if event["type"] == "agent_thinking" and table:
                for row in table["rows"]:
                    said = amount_behind(row["key"], event["reasoning"])
                    if said not in {None, money(row["amount_cents"])}:
                        raise NotTrue(
                            f"{questions.quoted(events)}: the agent thinks of {said} for {row['key']!r}; the "
                            f"tool has found {money(row['amount_cents'])}."
                        )
        if wrong := found.invented_in_a_thought(events):
            raise NotTrue(f"{questions.quoted(events)}: {wrong}")

    @keyword
    def withheld_savings(self, records: Mapping[str, Any], *tools: str) -> int:
        """Returns the monthly savings in cents that these tools would find in the records.

        Args:
            records: The organisation's records.
            tools: The tools' names.

        Example:
        | ${records} | Records Of       | Northwind |
        | ${cents}   | Withheld Savings | ${records} | find_idle_resources | rightsize_resources |
        | ${amount}  | Amount In Text   | ${cents} |
        """
        return sum(cents for tool in tools for _, cents in truth.savings(records, tool, {}))

    @keyword
    def amount_in_text(self, cents: int) -> str:
        """Returns an amount in cents as people read it: ``$1,234.56``.

        Args:
            cents: The amount in cents.

        Example:
        | ${records} | Records Of       | Northwind |
        | ${cents}   | Withheld Savings | ${records} | find_idle_resources | rightsize_resources |
        | ${amount}  | Amount In Text   | ${cents} |
        """
        return money(cents)


def _amounts(cents: Sequence[int]) -> str:
    """Amounts as people read them."""
    return ", ".join(money(one) for one in cents) or "nothing"


def _another_amount(events: Sequence[Mapping[str, Any]], pair: tuple[str, str], text: str) -> str:
    """What is wrong with a text that does not give a name its amount."""
    name, amount = pair
    return f"{questions.quoted(events)}: the answer's text does not give {name!r} its {amount}: {text!r}"


def _given(arguments: Mapping[str, Any]) -> str:
    """Arguments as people write them."""
    return ", ".join(f"{name}={value}" for name, value in arguments.items())
