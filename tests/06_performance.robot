*** Settings ***
Documentation    The chat is fast, and stays so.
...
...              Why it matters: waiting is what customers notice first and forgive last, and memory that leaks
...              turns into an outage in the busiest week. The figures are in the report; a test fails only on the
...              environment's budgets.

Resource         ../resources/chat.resource
Resource         ../resources/performance.resource
Resource         ../resources/business.resource

Test Tags        area:performance    severity:normal


*** Test Cases ***
Connecting Is Fast
    [Documentation]    From the first byte to the welcome, over sixty connections.
    [Tags]    promise-21    alone    catches:connecting-is-slow
    Given Ana is an enterprise user of Northwind
    When Ana connects 60 times
    Then connecting has kept its budget

Messages Flow Fast
    [Documentation]    A ping and its pong, one after the other, five hundred times; every reply fits its request.
    [Tags]    promise-22    alone    needs:ping    catches:round-trips-stall
    Given Ana Of Northwind Is Connected
    When Ana pings 500 times
    Then round trips have kept their budget

Events Come In Good Time While Others Work
    [Documentation]    Twenty others of another company ask at the same moments.
    [Tags]    promise-40    alone    catches:one-user-slows-all    catches:second-question-lost-in-a-crowd
    Given Ana Of Northwind Is Connected
    And 20 others of Contoso are connected
    When Ana asks "Where can we cut our cloud bill?" 20 times while the others work
    Then Ana's answers have kept their budgets
    And the others got whole answers too

Memory Stays Stable
    [Documentation]    After much use everything is back at its base exactly, and memory has grown less for each
    ...    cycle of connect, ask and leave than the environment allows.
    [Tags]    promise-23
    ...       soak
    ...       needs:private_backend
    ...       catches:descriptor-leak-per-reconnect
    ...       catches:gauge-never-falls
    ...       catches:memory-kept-per-run
    Given ten people use a backend of their own
    And they have warmed it up with 10 rounds of connecting, asking and leaving
    When they go through 30 more rounds
    Then the backend holds what it held before, exactly
    And its memory has grown less than the bound
