"""Amounts of an answer belong to what it says they are of, and none is made up."""

import copy
from itertools import permutations

import pytest
from CostRecordsLibrary import CostRecordsLibrary, NotTrue, awkward, found, pairing, truth
from CostRecordsLibrary.amounts import AMOUNT, money
from hypothesis import assume, given
from hypothesis import strategies as st

# Names are of other letters than the words around them, so that none of them stands there by chance.
names = st.text("XYZ-", min_size=1, max_size=4)
amounts = st.integers(1, 10**12)


@st.composite
def priced(draw, least=1, most=5):
    """Names, and as many amounts that all differ."""
    told = draw(st.lists(names, min_size=least, max_size=most, unique=True))
    cents = draw(st.lists(amounts, min_size=len(told), max_size=len(told), unique=True))
    return list(zip(told, cents, strict=True))


FORMS = {
    "lines": ("In all $0.00:\n- ", "{name}: {amount}", "\n- "),
    "one sentence": ("In all $0.00: ", "{name} {amount}", ", "),
    "a table": ("| cents | are |\n| ", "{name} | {amount}", " |\n| "),
    "in brackets": ("You pay for ", "{name} ({amount}, see there)", " and "),
    "amounts first": ("In all $0.00: ", "{amount} for {name}", ", "),
    "amounts first, by lines": ("You pay:\n", "{amount} {name}", "\n"),
    "with more of each": ("Now: ", "{name} (once $0.01): {amount}", "; "),
    "more, amounts first": ("Now: ", "{amount} for {name} (it was {name} before)", "; "),
}


def listed(form, pairs):
    begin, each, between = FORMS[form]
    return begin + between.join(each.format(name=name, amount=money(cents)) for name, cents in pairs) + "."


def as_read(pairs):
    return [(name, money(cents)) for name, cents in pairs]


@pytest.mark.parametrize("form", FORMS)
@given(pairs=priced(), data=st.data())
def test_a_text_that_gives_each_name_its_amount_is_right_in_any_form_and_order(form, pairs, data):
    told = data.draw(st.permutations(pairs))
    assert pairing.unpaired(listed(form, told), as_read(pairs)) is None


@pytest.mark.parametrize("form", FORMS)
@given(pairs=priced(least=2), data=st.data())
def test_amounts_that_have_changed_places_are_noticed_in_any_form(form, pairs, data):
    assume(all(cents > 1 for _, cents in pairs))  # one cent stands beside each name in one of the forms
    told, true = zip(*pairs, strict=True)
    moved = data.draw(st.permutations(true).filter(lambda other: tuple(other) != true))
    text = listed(form, zip(told, moved, strict=True))
    assert pairing.unpaired(text, as_read(pairs)) in as_read(pairs)


@given(priced(least=2), st.data())
def test_a_name_or_an_amount_that_is_missing_is_noticed(pairs, data):
    left_out = data.draw(st.sampled_from(pairs))
    others = [pair for pair in pairs if pair != left_out]
    assume(not any(left_out[0] in name for name, _ in others))
    assert pairing.unpaired(listed("lines", others), as_read(pairs))
    assert pairing.unpaired("Nothing at all.", as_read(pairs)) == as_read(pairs)[0]


def test_names_that_share_an_amount_may_stand_together_and_nothing_is_right_about_nothing():
    pairs = [("alpha", "$2.00"), ("bravo", "$2.00"), ("charlie", "$3.00")]
    assert pairing.unpaired("alpha and bravo $2.00 each, charlie $3.00", pairs) is None
    assert pairing.unpaired("alpha and charlie $2.00 each, bravo $3.00", pairs) == ("bravo", "$2.00")
    assert pairing.unpaired("", []) is None


def test_a_name_within_a_word_is_another_and_counts_only_where_it_never_stands_alone():
    pairs = [("search", "$2.00"), ("store", "$3.00")]
    assert pairing.unpaired("research $2.00, store $3.00; search $9.00", pairs) == ("search", "$2.00")
    assert pairing.unpaired("計算は$2.00、保存は$3.00", [("計算", "$2.00"), ("保存", "$3.00")]) is None


def test_a_title_that_names_its_amount_itself_is_right():
    pairs = [("Halve alpha, for $1.00", "$1.00"), ("Halve bravo, for $2.00", "$2.00")]
    assert pairing.unpaired("Halve alpha, for $1.00\nHalve bravo, for $2.00", pairs) is None
    assert pairing.unpaired("$1.00: Halve alpha, for $1.00\n$2.00: Halve bravo, for $2.00", pairs) is None


def findings(*told):
    return [{"title": title, "monthly_saving_cents": cents} for title, cents in told]


@given(priced(), st.data())
def test_titles_that_name_what_they_save_are_right_in_any_order(savings, data):
    told = data.draw(st.permutations(savings))
    known = {name for name, _ in savings}
    said = findings(*((f"remove <{name}> of <{told[0][0]}>", cents) for name, cents in told))
    assert pairing.misplaced(said, savings, known) is None
    nameless = findings(*((f"the saving number {n}", cents) for n, (_, cents) in enumerate(told)))
    assert pairing.misplaced(nameless, savings, known) is None


@given(priced(least=2), st.data())
def test_titles_that_have_changed_places_are_noticed(savings, data):
    told, cents = zip(*savings, strict=True)
    moved = data.draw(st.permutations(told).filter(lambda other: tuple(other) != told))
    said = findings(*((f"remove <{name}>", amount) for name, amount in zip(moved, cents, strict=True)))
    assert pairing.misplaced(said, savings, set(told))


@given(st.lists(names, min_size=1, max_size=4, unique=True), st.data())
def test_equal_savings_are_told_once_each(told, data):
    savings = [(name, 5) for name in told]
    said = data.draw(st.lists(st.sampled_from(told), min_size=len(told), max_size=len(told)))
    named = [pairing.named(f"<{name}>", told) for name in said]
    apart = any(
        all(name in meant for name, meant in zip(order, named, strict=True)) for order in permutations(told)
    )
    assert (pairing.misplaced(findings(*((f"<{n}>", 5) for n in said)), savings, told) is None) is apart


def test_what_is_said_of_a_title_that_names_something_else():
    savings, known = [("alpha", 500), ("bravo", 700)], ["alpha", "bravo", "busy"]
    assert pairing.misplaced(findings(("Remove bravo", 500), ("Remove alpha", 700)), savings, known) == (
        "The finding 'Remove bravo' tells of $5.00. By the records a month saves $7.00 with 'bravo'."
    )
    wrong = pairing.misplaced(findings(("Remove busy", 500), ("Remove bravo", 700)), savings, known)
    assert wrong.endswith("By the records a month saves nothing with what it names.")
    twice = pairing.misplaced(findings(("Halve alpha", 500), ("Remove alpha", 500)), savings, known)
    assert twice.endswith("a month saves $5.00 with 'alpha', which another finding tells.")
    assert pairing.named("Remove alphabet-bravo, busybody", known) == {"bravo"}


TOOLS = ("query_spend", "find_idle_resources", "rightsize_resources", "compare_models", "forecast_spend")
FORECAST = {"expected_cents": 500, "low_cents": 400, "high_cents": 600}


def run_of(books, *, text=None, offer=None, thoughts=None, tools=TOOLS):
    """A run that has called each tool once, thought of each result, and tells all findings."""
    events, told = [thought("“What is $12.34 for?” asks for what is saved.")], []
    for number, tool in enumerate(tools):
        one = {"tool_call_id": f"c-{number}", "tool_name": tool}
        result = copy.deepcopy(truth._TRUTHS[tool](books, {}))
        result.update(FORECAST if tool == "forecast_spend" else {})
        events.append({**one, "type": "tool_executing", "arguments": {"months": 3}})
        events.append({**one, "type": "tool_completed", "result": result})
        events.append(thought((thoughts or {}).get(tool, "Found something.")))
        for name, cents in truth.savings(books, tool, {}):
            told.append(
                {"title": f"Act on {name}!", "monthly_saving_cents": cents, "tool_call_id": f"c-{number}"}
            )
    whole = "\n".join(f"{one['title']} {money(one['monthly_saving_cents'])}" for one in told)
    answer = {"type": "agent_completed", "response": whole if text is None else text}
    answer["result"] = {"findings": [{"id": f"f-{n}", **one} for n, one in enumerate(told)]}
    return [*events, {**answer, "upgrade_offer": offer} if offer else answer]


def thought(text):
    return {"type": "agent_thinking", "reasoning": text}


@pytest.mark.parametrize("kind", awkward.KINDS)
def test_an_answer_that_tells_every_finding_is_true_of_any_books(kind):
    library, books = CostRecordsLibrary(), awkward.books(kind)
    events = run_of(books)
    assert len(library.findings_should_be_true(events, books)) == len(events[-1]["result"]["findings"])
    library.text_should_name_no_other_amounts(events)
    library.reasoning_should_tell_the_amounts_found(events)


def test_findings_whose_titles_or_amounts_have_moved_are_not_true():
    library, books = CostRecordsLibrary(), awkward.books("odd")
    events = run_of(books)
    said = events[-1]["result"]["findings"]
    of_one = [one for one in said if one["tool_call_id"] == "c-2"]
    before = [one["title"] for one in of_one]
    for one, title in zip(of_one, [*before[1:], before[0]], strict=True):
        one["title"] = title
    with pytest.raises(NotTrue, match=r"^The finding 'Act on three!' tells of \$500\.01\. By the records"):
        library.findings_should_be_true(events, books)
    lines = run_of(books)[-1]["response"].split("\n")
    first, second = (line.rpartition(" ") for line in lines[:2])
    lines[:2] = [f"{first[0]} {second[2]}", f"{second[0]} {first[2]}"]
    with pytest.raises(NotTrue, match=r"for\?”: the answer's text does not give 'Act on odd!' its \$500\.01"):
        library.findings_should_be_true(run_of(books, text="\n".join(lines)), books)


def test_a_text_whose_rows_have_moved_does_not_list_the_spend():
    library, books = CostRecordsLibrary(), awkward.books("alike")
    rows = truth.spend(books, {})["rows"]
    keys, cents = [row["key"] for row in rows], [row["amount_cents"] for row in rows]
    begin = f"In all {money(sum(cents))}.\n- "

    def text(told):
        return begin + "\n- ".join(f"{key}: {money(one)}" for key, one in zip(keys, told, strict=True))

    library.text_should_list_the_spend(run_of(books, text=text(cents)))
    with pytest.raises(NotTrue, match=r"for\?”: .* text does not give 'atlas' its \$5\.04: 'In all"):
        library.text_should_list_the_spend(run_of(books, text=text([*cents[1:], cents[0]])))


def test_the_amounts_that_a_run_has_found():
    books = awkward.books("odd")
    assert found.by_tools([]) == set()
    events = run_of(books, tools=["query_spend", "rightsize_resources"])
    # The rows and their sum; costs, half of them, what the halves save, and all of it.
    assert found.by_tools(events) == {204, 3, 1, 2, 0, 100_001, 50_000, 50_001, 50_004}
    twice = run_of(books, tools=["query_spend", "query_spend"])
    assert found.by_tools(twice) == {204, 408}
    assert found.by_tools([{"type": "tool_completed", "result": None}]) == set()
    answer = run_of(books, offer={"monthly_saving_cents": 7_700})[-1]
    assert found.by_the_answer(answer) == {2, 1, 50_001, 77, 50_082, 7_700}


@given(st.integers(0, 10**9), st.sampled_from(["rising", "odd", "names"]))
def test_only_amounts_that_were_found_may_be_told(cents, kind):
    library, books = CostRecordsLibrary(), awkward.books(kind)
    offer = {"monthly_saving_cents": 7_007_007}
    events = run_of(books, text=f"You waste {money(cents)}.", offer=offer)
    known = found.by_tools(events) | found.by_the_answer(events[-1]) | {1234}
    if cents in known:
        library.text_should_name_no_other_amounts(events)
    else:
        with pytest.raises(NotTrue, match=r"for\?”: the answer's text names \$[\d,.]+, an amount that no"):
            library.text_should_name_no_other_amounts(events)
    for one in known:
        library.text_should_name_no_other_amounts(run_of(books, text=f"{money(one)}.", offer=offer))


def test_the_agent_thinks_of_what_was_found_by_then():
    library, books = CostRecordsLibrary(), awkward.books("odd")
    for tool, text in (
        ("query_spend", "found $2.04 of spend, most of it on compute ($2.04)"),
        ("rightsize_resources", "found 3 savings worth $500.04 a month, one of $500.01; before, $2.04"),
        ("forecast_spend", "expects $5.00, at least $4.00; you asked about $12.34"),
    ):
        library.reasoning_should_tell_the_amounts_found(run_of(books, thoughts={tool: text}))
    for tool, text, wrong in (
        ("query_spend", "found $999,999,999.99 of spend", "$999,999,999.99"),
        ("query_spend", "found $2.040 of spend", "$2.040"),
        ("query_spend", "found $2 of spend", "$2, an"),
        ("find_idle_resources", "found 3 savings worth $500.04 a month", "$500.04"),
        ("forecast_spend", "expects $999.00 in 3 months", "$999.00"),
    ):
        with pytest.raises(NotTrue, match=r"for\?”: the agent thinks of .*, an amount that no") as told:
            library.reasoning_should_tell_the_amounts_found(run_of(books, thoughts={tool: text}))
        assert f"thinks of {wrong}" in str(told.value)


@given(st.lists(amounts, max_size=4))
def test_each_amount_of_a_text_is_seen_whole(cents):
    text = ", ".join(f"{money(one)}." for one in cents)
    assert AMOUNT.findall(text) == [money(one) for one in cents]
