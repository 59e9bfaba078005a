"""Names of people, organisations and sessions: found by scope, and missed with help."""

from __future__ import annotations

import pytest
from AgentChatLibrary.identity import Organisation, Person
from AgentChatLibrary.world import UnknownName, World


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


def test_the_outermost_scope_never_closes():
    world = World()
    world.leave()
    world.leave()
    assert not world.has_organisation("anything")
