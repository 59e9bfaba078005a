"""Any canonical event said in a dialect and read back is the same."""

from __future__ import annotations

from typing import Any

import mimic
import pytest
from AgentChatLibrary.dialect.decoders import ANSWERS
from AgentChatLibrary.dialect.model import INTENTS, NEEDED_TO_SAY, OTHER, Dialect, Rule
from AgentChatLibrary.dialect.reading import Reading
from AgentChatLibrary.dialect.sources import At, Constant, FirstOf, Source
from AgentChatLibrary.dialect.speaking import NEEDED, Speaker
from AgentChatLibrary.frames import DURABLE, Direction, Kind
from AgentChatLibrary.transcript import Owner, Transcript
from dialect_shelf import OTHERS, OWN, WALL, dialect_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DIALECTS = [d for d in map(dialect_of, [*OWN, *OTHERS]) if not d.canonical]
RULES = [(dialect, rule) for dialect in DIALECTS for rule in dialect.rules if rule.events]
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20
).filter(lambda text: text.strip() and text != "*")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
NUMBERS = {"step": st.integers(1, 99), "sequence": st.integers(0, 99), "duration_ms": st.integers(0, 10**6)}
OBJECTS = st.dictionaries(WORDS, ANYTHING, min_size=1, max_size=3)


def values_of(name: str, source: Source, rule: Rule) -> st.SearchStrategy[Any]:
    """What a backend could say for a canonical field."""
    if isinstance(source, Constant):
        return st.just(source.value)
    if isinstance(source, At) and source.values is not None:
        return st.sampled_from([value for own, value in source.values.items() if own != "*"])
    tied = [c.values for c in rule.when.conditions if c.path == place_of(source) and c.values]
    if tied:
        return st.sampled_from(tied[0])
    alike = [c.matches for c in rule.when.conditions if c.path == place_of(source) and c.matches]
    if alike:
        return st.from_regex(rf"\A{alike[0].pattern}[a-z ]*", fullmatch=True)
    if name == "timestamp":
        return st.integers(1_600_000_000_000, 1_900_000_000_000).map(lambda ms: ms / 1000)
    if name in NUMBERS:
        return NUMBERS[name]
    if name in ("arguments", "result"):
        return OBJECTS
    return WORDS


def place_of(source: Source) -> object:
    """Where a source's value stands: two fields that are said at one place say the same."""
    first = source.sources[0] if isinstance(source, FirstOf) else source
    return first.paths[0] if isinstance(first, At) else first


def fields_of(rule: Rule) -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    """Canonical fields for each event of a rule."""
    said = [(event, n, s) for event in rule.events for n, s in event.fields.items() if stands(s)]
    places = {str(place_of(source)): (name, source) for _, name, source in said}
    values = st.fixed_dictionaries({p: values_of(name, source, rule) for p, (name, source) in places.items()})
    return values.map(
        lambda value: {
            event.type: {n: value[str(place_of(s))] for owner, n, s in said if owner is event}
            for event in rule.events
        }
    )


def stands(source: Source) -> bool:
    """Whether a source stands in the frame, or at least could."""
    first = source.sources[0] if isinstance(source, FirstOf) else source
    return isinstance(first, At | Constant)


def said_and_read(dialect: Dialect, rule: Rule, fields: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Says events by a rule after what must come before them, and reads it all back."""
    wire = Transcript("Ana", Owner("Ana", "u-ana"), opened_wall=WALL)
    reading = Reading(dialect, wire)
    frame = mimic.frame(rule, fields)
    run_id = next((f["run_id"] for f in fields.values() if "run_id" in f), None)
    asked = {"type": "chat", "content": "What?", "message_id": "q-1"}
    reading.state.sent(asked)
    if rule.during == "running":
        reading.state.run_of("agent_started", run_id, 0.0)
    if ANSWERS in frame:  # a request of this method must have been sent
        method = frame.pop(ANSWERS)
        frame["id"] = 7
        wire.append(0.1, Direction.SENT, Kind.TEXT, mimic.text(dialect, {"id": 7, "method": method}))
    wire.append(0.2, Direction.RECEIVED, Kind.TEXT, mimic.text(dialect, frame))
    return [dict(event) for event in reading.refresh().received()]


@pytest.mark.parametrize("number", range(len(RULES)), ids=[f"{d.file.stem}-{r.line}" for d, r in RULES])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_an_event_said_and_read_back_is_the_same(number, data):
    dialect, rule = RULES[number]
    fields = data.draw(fields_of(rule))
    came = said_and_read(dialect, rule, fields)
    told = [event for event in came if event["type"] in fields]
    assert [event["type"] for event in told] == [event.type for event in rule.events], came
    for event in told:
        for name, value in fields[event["type"]].items():
            exactly = name not in ("timestamp", "duration_ms")
            assert event[name] == value if exactly else event[name] == pytest.approx(value)


@pytest.mark.parametrize("number", range(len(DIALECTS)), ids=[d.file.stem for d in DIALECTS])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_message_said_and_read_back_is_the_same(number, data):
    dialect = DIALECTS[number]
    kind = data.draw(st.sampled_from(sorted(dialect.says)))
    values = {"after_seq": st.integers(0, 99), "sequence": st.integers(0, 99), "data": ANYTHING}
    message = {name: data.draw(values.get(name, WORDS)) for name in NEEDED[kind]}
    if kind == OTHER:
        message["type"] = data.draw(WORDS.filter(lambda word: word not in INTENTS))
    if kind == "chat":
        message["thread_id"] = data.draw(WORDS)
    speaker = Speaker(dialect, dict.fromkeys(("thread", "workflow_id", "model", "session"), "made-up"))
    wire = Transcript("Ana", Owner("Ana", "u-ana"))
    wire.append(0.0, Direction.SENT, Kind.TEXT, speaker.say({"type": kind, **message, "message_id": "m-1"}))
    # Read by somebody who did not hear what was meant, as a recording is.
    stranger = Reading(dialect, wire).refresh().sent()
    knower = Reading(dialect, wire, speaker).refresh().sent()
    assert dict(knower[0]) == {"type": kind, "message_id": "m-1", **message}
    kept = {name: value for name, value in stranger[0].items() if name in message}
    assert stranger[0].type == message.get("type", kind)
    assert kept == {name: value for name, value in message.items() if name in kept}
    assert NEEDED[kind] <= kept.keys()


def test_every_capability_of_saying_is_a_word_of_the_contract():
    assert set(NEEDED_TO_SAY) <= set(NEEDED)


def test_run_events_name_their_run_in_every_dialect():
    lacking = [
        f"{dialect.name}, line {rule.line}"
        for dialect, rule in RULES
        for event in rule.events
        if event.type in (*DURABLE, "ack") and "run_id" not in event.fields
    ]
    assert not lacking
