*** Settings ***
Documentation    A process, or the database, may fail at any moment, and what was accepted is still kept.
...
...              Why it matters: with several processes one of them is always about to be restarted, moved or lost.
...              Customers must not have to know.

Resource         ../../resources/several.resource

Test Tags        area:processes    severity:critical    promise-26    needs:several_processes    needs:private_backend


*** Test Cases ***
A Process That Dies In The Middle Loses Nothing
    [Documentation]    The process that works on Ana's question is killed and stays dead. What her other device has
    ...    seen stays as it was, the run comes to a clear end there, and she is answered when she asks again.
    [Tags]    needs:hold
    ...       catches:takeover-only-at-restart
    ...       catches:abandoned-run-never-ends
    ...       catches:abandoned-run-executed-again
    Given Ana has a laptop at process 1 and a phone at process 2 of a deployment of their own
    And the laptop's run waits for a tool
    When process 1 is killed
    Then the phone sees the run end as interrupted, and everything before it as the laptop saw it
    And Ana is answered on the phone
    When the process that was killed is started again
    Then the laptop comes back to process 1 and has received exactly what the phone has

A Process That Wakes Up Late Changes No Finished Answer At Any Process
    [Documentation]    The process is stopped until the other one has ended its run; when it goes on, it adds nothing
    ...    to that run, and serves again.
    [Tags]    needs:hold    catches:stale-owner-appends
    Given Ana has a laptop at process 1 and a phone at process 2 of a deployment with leases of 1 second
    And the laptop's run waits for a tool
    When process 1 sleeps until the phone has seen the run end as interrupted
    And process 1 goes on, and so does whatever was held
    Then the run has one end, and nothing after it, on the laptop and on the phone
    And Ana is answered on the laptop

A Release Is Seen As A Reconnect And Nothing Else
    [Documentation]    One process after the other is drained, ended and started again, each while every customer
    ...    waits for an answer. Each connection ends with 1001, each customer comes back at the first try, and every
    ...    question is answered.
    [Tags]    needs:resume    catches:drain-without-goodbye    catches:drain-does-not-wait
    Given 4 customers of a deployment of their own go on asking
    When process 1 is restarted while every customer waits for an answer
    And process 2 is restarted while every customer waits for an answer
    Then every customer goes on being answered
    And the customers have lost nothing and got nothing twice
    And all that they have noticed is that they had to come back

A Database That Crashes Loses Nothing That Was Accepted
    [Documentation]    Customers go on asking while the database server crashes and starts again. Every question that
    ...    was accepted began once and has one end, every event that was seen is still there, and what is asked
    ...    afterwards is answered: only what was at work at that moment may be cut off.
    [Tags]    needs:restart_database
    ...       catches:acknowledged-before-stored
    ...       catches:commits-not-awaited
    ...       catches:every-run-fails-after-a-crash
    ...       catches:some-runs-fail-after-a-crash
    Given 4 customers of a deployment of their own go on asking
    When the database crashes and comes back, 3 times
    Then every customer goes on being answered
    And the customers have lost nothing and got nothing twice
    And all that they have noticed beside is 3 questions at most that were cut off
