"""Names of people, organisations and sessions: found by scope, and missed with help."""

from __future__ import annotations

import pytest
from AgentChatLibrary.chat import Chat
from AgentChatLibrary.deployment import Deployment
from AgentChatLibrary.identity import Organisation, Person
from AgentChatLibrary.world import NameTaken, Notes, UnknownName, World
from hypothesis import given
from hypothesis import strategies as st


def test_a_test_sees_its_own_names_and_those_of_its_suites():
    world = World()
    world.enter("suite")
    world.scope.organisations["Northwind"] = Organisation("Northwind", "o_suite")
    world.enter("test")
    assert world.organisation("Northwind").id == "o_suite"
    world.scope.organisations["Northwind"] = Organisation("Northwind", "o_test")
    assert world.organisation("Northwind").id == "o_test"
    world.leave()
    assert world.organisation("Northwind").id == "o_suite"


def test_a_test_finds_what_its_suite_has_started():
    world = World()
    world.enter("suite")
    world.scope.deployments += [Deployment("http://first"), Deployment("http://second")]
    world.enter("test")
    assert world.latest_deployment.url == "http://second"
    world.scope.deployments.append(Deployment("http://of-the-test"))
    assert world.latest_deployment.url == "http://of-the-test"


def test_an_unknown_name_guesses_and_lists():
    world = World()
    world.scope.organisations.update({n: Organisation(n, n) for n in ("Northwind", "Contoso")})
    with pytest.raises(
        UnknownName, match=r"'Nordwind'. Did you mean 'Northwind'\? There are: Northwind, Contoso"
    ):
        world.organisation("Nordwind")


def test_the_first_name_of_all_says_how_to_make_one():
    with pytest.raises(UnknownName, match=r"no person 'Ana', and no other yet. Make one: `NAME is an enter"):
        World().chat("Ana")


def test_a_person_without_a_session_is_told_how_to_open_one():
    world = World()
    world.scope.people["Ana"] = Person(
        "Ana", "ana@x", "p", "u_1", Organisation("Northwind", "o"), "free", (), None
    )
    with pytest.raises(UnknownName, match=r"Ana has no session yet\. Open one first: `Ana is connected`"):
        world.chat("Ana")


NORTHWIND = Organisation("Northwind", "o")
ANA = Person("Ana", "ana@x", "p", "u_1", NORTHWIND, "free", (), None)


class Line:
    """A session, as far as the world looks at it."""

    def __init__(self, alias: str, *, is_open: bool) -> None:
        self.alias, self.is_open = alias, is_open


def session(alias: str, *, is_open: bool = True) -> Chat:
    chat = object.__new__(Chat)
    chat.session, chat.person = Line(alias, is_open=is_open), ANA
    return chat


@pytest.fixture
def world() -> World:
    """A suite whose setup has made Ana of Northwind, and a test of it."""
    world = World()
    world.enter("Tests.Suite")
    world.scope.organisations["Northwind"] = NORTHWIND
    world.scope.people["Ana"] = ANA
    world.enter("Tests.Suite.Test")
    return world


def test_a_person_is_made_once(world):
    world.must_be_a_new_person("Boris")
    world.scope.people["Boris"] = ANA
    with pytest.raises(
        NameTaken, match=r"There is a person 'Boris' already \(free, at Northwind\)\. Somebody"
    ):
        world.must_be_a_new_person("Boris")


def test_a_person_of_the_suite_is_not_made_again_by_a_test(world):
    with pytest.raises(
        NameTaken, match=r"\(free, at Northwind, made by Tests\.Suite\).*`Ana upgrades to pro`"
    ):
        world.must_be_a_new_person("Ana")


def test_an_organisation_is_made_once(world):
    world.must_be_a_new_organisation("Contoso")
    with pytest.raises(NameTaken, match=r"'Northwind' already, made by Tests\.Suite\. Another company needs"):
        world.must_be_a_new_organisation("Northwind")


def test_names_are_free_again_when_the_test_that_gave_them_is_over(world):
    world.scope.people["Boris"] = ANA
    world.leave()
    world.enter("Tests.Suite.Next")
    world.must_be_a_new_person("Boris")


def test_a_session_that_is_connected_is_not_opened_again(world):
    first = session("Ana")
    world.add_chat(first)
    with pytest.raises(
        NameTaken, match=r"^Ana is connected already\. A second device .*`Reopen Session    Ana`"
    ):
        world.add_chat(session("Ana"))
    assert world.chat("Ana") is first
    assert list(world.chats()) == [first]


def test_a_session_of_the_suite_is_not_hidden_by_one_of_a_test(world):
    world.scopes[-2].chats["Ana's phone"] = session("Ana's phone")
    with pytest.raises(
        NameTaken, match=r"connected already in the session \"Ana's phone\".*`Close Session    Ana's"
    ):
        world.add_chat(session("Ana's phone"))


def test_a_session_that_has_ended_makes_room_and_is_kept_for_judging(world):
    ended, fresh = session("Ana", is_open=False), session("Ana")
    world.add_chat(ended)
    world.add_chat(fresh)
    assert world.chat("Ana") is fresh
    assert list(world.chats()) == [ended, fresh]


def test_the_outermost_scope_never_closes():
    world = World()
    world.leave()
    world.leave()
    assert not world.has_organisation("anything")


STEPS = st.lists(
    st.one_of(
        st.just(("enter",)),
        st.just(("leave",)),
        st.tuples(st.just("note"), st.sampled_from("ab"), st.integers(0, 2)),
    ),
    max_size=30,
)


@given(STEPS)
def test_what_was_noted_lives_as_long_as_the_test_or_suite_that_noted_it(steps):
    world, expected = World(), [dict[str, int]()]
    notes, others = Notes[int](world), Notes[int](world)
    for step in steps:
        if step[0] == "note":
            notes[step[1]] = step[2]
            expected[-1][step[1]] = step[2]
        elif step[0] == "enter":
            world.enter("a test")
            expected.append({})
        else:
            world.leave()
            expected = expected[:-1] or expected
        seen = {name: value for scope in expected for name, value in scope.items()}
        assert {name: notes.get(name) for name in notes.names()} == seen
        assert others.names() == []
        assert others.get("a") is None


def test_a_test_sees_what_its_suites_setup_has_noted_and_never_what_an_earlier_test_has():
    world = World()
    notes = Notes[str](world)
    world.enter("suite")
    notes["times"] = "the suite's"
    world.enter("first test")
    assert notes.get("times") == "the suite's"
    notes["times"] = "the first test's"
    assert notes.get("times") == "the first test's"
    world.leave()
    world.enter("second test")
    assert notes.get("times") == "the suite's"
