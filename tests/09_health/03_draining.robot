*** Settings ***
Documentation    A release is seen by customers as a short break and nothing else.
...
...              Why it matters: the service is released every week. A restart that cuts answers off, or leaves
...              customers waiting for ones that never come, costs trust every week.

Resource         ../../resources/chat.resource
Resource         ../../resources/operations.resource
Resource         ../../resources/draining.resource
Resource         ../../resources/history.resource
Resource         ../../resources/restarts.resource

Test Tags        area:health    severity:critical    needs:private_backend    needs:hold


*** Test Cases ***
Draining Finishes What Runs And Then Says Goodbye
    [Documentation]    Runs have their time, every event is delivered, and each connection closes with 1001.
    [Tags]    promise-26
    ...       catches:drain-drops-events
    ...       catches:drain-without-goodbye
    ...       catches:drain-does-not-wait
    ...       catches:drained-process-stays
    ...       catches:started-after-first-thinking
    ...       catches:wrong-run-id
    ...       catches:wrong-thread-id
    Given Ana of a backend of her own has a run that waits
    When the backend drains
    And Ana's run goes on
    Then Ana sees the agent work from start to finish
    And Ana's connection closes with 1001
    And the backend's process has ended

Draining Takes Nothing New
    [Documentation]    New connections get 503, whoever asks, with the time to come back; new questions are declined as
    ...    unavailable, one that was accepted before is not; and health says so.
    [Tags]    promise-30
    ...       catches:chat-after-drain-accepted
    ...       catches:health-always-healthy
    ...       catches:upgrade-while-draining-accepted
    ...       catches:drain-without-a-time-to-come-back
    ...       catches:draining-told-as-healthy
    ...       catches:errors-without-message-id
    ...       catches:credential-asked-before-the-page
    ...       catches:repeats-declined-while-draining
    Given Ana of a backend of her own has a run that waits
    When the backend drains
    Then Ana's question that was accepted before is acknowledged again
    And nobody can connect to it, its health is bad, and Ana's next question is declined
    And neither a stranger nor a page that is not ours is told anything else

Whoever Comes When Draining Begins Is Told To Come Back
    [Documentation]    Forty people connect in the same moment as the service begins to go down: those who are still
    ...    let in are told goodbye like everybody else.
    [Tags]    promise-26    catches:drain-forgets-who-is-coming
    When 40 people of a backend of their own connect in the moment in which it begins to drain
    Then each of them is told to come back
    And the backend's process has ended

What Is Not Finished In Time Is Interrupted
    [Documentation]    The run ends as interrupted before the connection closes: the customer knows where it stands.
    [Tags]    promise-26
    ...       catches:drain-drops-events
    ...       catches:drain-leaves-runs-open
    ...       catches:drain-without-goodbye
    Given Ana of a backend of her own has a run that waits
    When the backend drains
    Then Ana's run ends as interrupted
    And Ana's connection closes with 1001

Being Told To End Is Draining Too
    [Documentation]    A signal ends the service as kindly as an operator does: the customer is told how the run ended,
    ...    the connection closes with 1001, and only then the process ends.
    [Tags]    promise-26    catches:signal-ends-at-once    catches:drained-process-stays
    Given Ana of a backend of her own has a run that waits
    When the backend is told to end
    Then Ana's run ends as interrupted
    And Ana's connection closes with 1001
    And the backend's process has ended

Being Told To End Leaves What Runs Its Time
    [Documentation]    After the signal, too, runs have time to end: what needs a moment more is answered, and every
    ...    event of it is delivered.
    [Tags]    promise-26
    ...       catches:signal-leaves-no-time
    ...       catches:signal-ends-at-once
    ...       catches:drain-drops-events
    ...       catches:drain-without-goodbye
    ...       catches:drain-does-not-wait
    ...       catches:drained-process-stays
    ...       catches:started-after-first-thinking
    ...       catches:wrong-run-id
    ...       catches:wrong-thread-id
    Given Ana of a backend of her own has a run that waits
    When the backend is told to end
    Then Ana's run still has its time, and goes on
    And Ana sees the agent work from start to finish
    And Ana's connection closes with 1001
    And the backend's process has ended

A Release Loses Nothing That Was There
    [Documentation]    The service is told to end, and started again: whoever was there goes on in the same
    ...    conversation, and everything that was said in it is there.
    [Tags]    promise-26    needs:resume    needs:threads    catches:conversations-gone-with-the-release
    Given Ana of a backend of her own has the answer to "What did we spend by team?"
    When the backend is told to end, and started again
    And Ana comes back and resumes from the beginning
    And Ana goes on with "And by region?"
    And Ana sees the answer
    Then the conversation holds every question and answer of Ana, in order
    And the events of Ana are numbered one by one, and their times never fall
