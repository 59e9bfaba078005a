*** Settings ***
Documentation    What is decided at one process holds at all of them, also when everything comes at once.
...
...              Why it matters: customers have several devices, and the service has several processes. A limit that
...              is checked here and counted there is none, and whoever was shut out at one door must not find
...              another one open.

Resource         ../../resources/chat.resource
Resource         ../../resources/limits.resource

Suite Setup      Two Processes Serve The Same Data

Test Tags        area:security    severity:critical    needs:admin    needs:private_backend


*** Test Cases ***
Limits Hold Over All Processes
    [Documentation]    Connections, runs and questions are counted together, wherever they arrive: a second process is
    ...    no second allowance, and no second answer to the same message.
    [Tags]    promise-28
    ...       needs:hold
    ...       needs:limits
    ...       needs:message_ids
    ...       needs:tiers
    ...       catches:message-ids-known-here-alone
    ...       catches:connections-counted-by-process
    ...       catches:runs-counted-by-process
    ...       catches:quota-counted-by-process
    ...       catches:connections-unlimited
    ...       catches:runs-unlimited
    ...       catches:quota-not-counted
    Given Ana may have 1 run, 2 connections and 2 questions a day
    When Ana's laptop is connected to one process, and her phone to the other
    Then a third is refused with 429 and a time to wait
    And while the laptop's question waits, one of the phone's is declined as too many
    And the phone is told of the laptop's question, when it sends the same message, and both see the answer
    And Ana's phone is answered once more, and then her day is used up on both

The Same Message On Two Devices At Once Is One Question
    [Documentation]    An application that shares its outbox between devices sends a message twice in the same moment,
    ...    to two processes: both are told of one run.
    [Tags]    promise-26    needs:message_ids    catches:message-ids-known-here-alone
    Given Ana has a laptop at one process, and a phone at the other
    When both send the same message at the same moment, 5 times
    Then both were told of the same run each time

As Many Runs Begin At Once As Were Granted
    [Documentation]    Six questions at the same moment, to two processes, from somebody who may have two: two are
    ...    accepted, whichever they are.
    [Tags]    promise-28
    ...       needs:hold
    ...       needs:limits
    ...       catches:runs-counted-now-and-then
    ...       catches:runs-counted-by-process
    ...       catches:runs-unlimited
    Given Ana may have 2 runs at the same time, and has a laptop at one process and a phone at the other
    When both ask 3 times at the same moment, and every run waits
    Then 2 of the questions were accepted, and the others declined as too many

Whoever Is Out At One Process Is Out At All
    [Documentation]    A token that was replaced at one process opens nothing at the other, where only what it has
    ...    opened before goes on; and whoever is disabled loses the connections of both.
    [Tags]    promise-27
    ...       promise-29
    ...       needs:refresh
    ...       needs:sign_up
    ...       catches:replaced-token-known-here-alone
    ...       catches:renewal-ends-other-devices
    ...       catches:disabled-known-here-alone
    Given Ana has logged in, and has a laptop at one process and a phone at the other
    When Ana renews the token on the laptop
    Then the token that was replaced opens no connection at the other process
    And Ana's phone, which has it, is answered as before
    When Ana is disabled
    Then the connections of the laptop and the phone both close as disabled

A Run Is Cancelled From Either Process
    [Documentation]    The run stands at one process; the phone, at the other, ends it, and nobody has to wait for it.
    [Tags]    promise-12    needs:hold    needs:cancel    catches:cancel-known-here-alone
    Given Ana has a laptop at one process, and a phone at the other
    And a run that the laptop has asked for waits for a tool
    When Ana cancels it on the phone
    Then both devices see that it ends as cancelled

Whoever Logs Out Is Out At Both Processes
    [Documentation]    Both devices were let in by one login. Neither sends anything.
    [Tags]    promise-29    needs:refresh    needs:sign_up    catches:logout-known-here-alone
    Given Ana has logged in, and has a laptop at one process and a phone at the other
    When Ana logs out
    Then the connections of the laptop and the phone both close as logged out
