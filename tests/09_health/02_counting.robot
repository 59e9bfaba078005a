*** Settings ***
Documentation    What is counted is what happened.
...
...              Why it matters: bills, alarms and capacity plans are made from these numbers. A gauge that never
...              falls hides a leak until the day everything stands still.

Resource         ../../resources/chat.resource
Resource         ../../resources/messages.resource
Resource         ../../resources/counting.resource

Suite Setup      Start Private Backend

Test Tags        area:health    severity:normal    needs:private_backend


*** Test Cases ***
Connections Are Counted
    [Documentation]    The gauge rises with each connection and falls with each end, clean or not.
    [Tags]    promise-31    catches:gauge-never-falls    catches:zombie-connection-after-drop
    Given nobody is connected
    When five people connect
    Then the backend counts 5 connections
    When one closes, one is dropped and one hangs up in the middle of a message
    Then the backend counts 2 connections
    When the others leave too
    Then the backend counts 0 connections

People And Runs At Work Are Counted
    [Documentation]    Somebody with two devices is one person. A run counts from its beginning to its end.
    [Tags]    promise-31    needs:hold    catches:managers-not-counted    catches:runs-not-counted
    Given nobody is connected
    When five people connect
    Then the backend counts 5 people
    When one of them has a run that waits, on a second device
    Then the backend counts 5 people
    And the backend counts 1 runs at work
    When that run is answered
    Then the backend counts 0 runs at work

Frames Are Counted As They Were Seen
    [Documentation]    For each type, the counter has risen by exactly as many frames as the customer received, and
    ...    by as many as the customer sent.
    [Tags]    promise-31    catches:frames-counted-twice
    Given Ana Of Northwind Is Connected
    When everything is read off, and Ana asks, pings and makes mistakes
    Then the counters have risen by exactly what Ana has sent and received

Errors Are Counted, Each Code By Itself
    [Documentation]    Each code's counter rises by exactly what was provoked.
    [Tags]    promise-32    catches:error-counter-misses-a-code
    Given Ana Of Northwind Is Connected
    When everything is read off, and Ana provokes seven kinds of error
    Then each code has been counted as often as Ana received it

What Is Too Much Is Counted
    [Documentation]    Every limit that a customer runs into is somebody who might pay for more.
    [Tags]    promise-32
    ...       needs:hold
    ...       needs:limits
    ...       needs:mint
    ...       needs:refresh
    ...       catches:limits-not-counted
    ...       catches:refusals-of-the-busy-not-counted
    Given Ana Of Northwind Is Connected
    When everything is read off, and Ana wants more of everything than she may
    Then each code has been counted as often as Ana received it
    And the connection that was one too many has been counted once

What Nobody Could Take Is Counted
    [Documentation]    Questions and connections that were declined while the database was gone.
    [Tags]    promise-32
    ...       needs:lose_database
    ...       catches:outages-not-counted
    ...       catches:refusals-of-the-busy-not-counted
    Given Ana Of Northwind Is Connected
    When everything is read off, and the database is gone for a while
    Then each code has been counted as often as Ana received it
    And the connection that could not be taken has been counted once

Refusals Are Counted, Each Reason By Itself
    [Documentation]    Handshakes that were refused, by status and code.
    [Tags]    promise-32    catches:refusals-not-counted
    Given Ana Of Northwind Is Connected
    When everything is read off, and connections are refused for different reasons
    Then each refusal has been counted once

What Is Counted For A Person Is That Person's Alone
    [Documentation]    The administration tells for each person what was sent, received and refused.
    [Tags]    promise-32
    ...       catches:counters-shared
    ...       catches:frames-counted-twice
    ...       catches:received-frames-of-nobody
    Given Ana And Boris Are Connected And Have Done Different Things
    Then each person's counters tell what that person has seen
