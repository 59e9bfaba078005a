*** Settings ***
Documentation    Whoever waits, or is away, for long is not taken for gone, and neither is a run that takes long.
...
...              Why it matters: people read, think and come back. What was asked goes on meanwhile, and only a device
...              that hangs is let go.

Resource         ../../resources/chat.resource
Resource         ../../resources/messages.resource
Resource         ../../resources/restarts.resource

Test Tags        area:reconnection    severity:critical


*** Test Cases ***
A Quiet Customer Stays Connected
    [Documentation]    Whoever only reads and thinks for a while is not cut off: heartbeats are answered.
    [Tags]    promise-24
    ...       needs:private_backend
    ...       catches:heartbeat-swallowed
    ...       catches:server-frames-masked
    ...       catches:idle-connection-cut
    Given Ana is connected to a backend with a heartbeat every 1 seconds
    Then Ana hears 4 heartbeats while she says nothing
    And Ana still gets an answer

A Customer Who Reads For A While Is Not Cut Off
    [Documentation]    Nothing goes either way for some seconds, as when somebody reads a long answer.
    [Tags]    promise-24    needs:private_backend    catches:idle-connection-cut
    Given Ana is connected to a backend with a heartbeat every 4 seconds
    Then Ana hears the next heartbeat though nothing is said until then
    And Ana still gets an answer

A Device That Hangs Is Dropped
    [Documentation]    It answers no heartbeat, so that its connection is ended and no longer counts.
    [Tags]    promise-24    needs:private_backend    catches:half-open-never-dropped
    Given Ana is connected to a backend with a heartbeat every 1 seconds
    When Ana's device hangs
    Then the backend drops Ana's connection after two heartbeats

A Run That Takes Long Is Not Taken For A Dead One
    [Documentation]    It takes six times as long as a process owns a run without saying so again; its customer gets
    ...    the answer all the same, and counts as connected all the while.
    [Tags]    promise-26
    ...       needs:hold
    ...       needs:private_backend
    ...       catches:connections-counted-for-a-while
    ...       catches:leases-not-renewed
    ...       catches:started-after-first-thinking
    ...       catches:wrong-run-id
    Given Ana of a backend with leases of 1 second has a run that waits
    Then Ana hears 6 heartbeats, one each second, and counts as connected at each of them
    When the run has waited long enough
    Then Ana has the whole answer that was worked on meanwhile

A Run Goes On Though Nobody Is Connected
    [Documentation]    Its customer has no device online at all; the whole answer is there on coming back.
    [Tags]    promise-26
    ...       needs:hold
    ...       needs:resume
    ...       catches:run-ends-with-its-socket
    ...       catches:run-stands-still-while-away
    ...       catches:answer-missing-in-the-thread
    Given Ana Of Northwind Is Connected
    And Ana has a run that waits for a tool, and drops her only connection
    When the run has waited long enough
    Then the run comes to its end while Ana is away
    And Ana comes back, and has the answer that was worked on meanwhile

A Run Goes On However Its Connection Ends
    [Documentation]    A page that is closed and a login that ends stop what is shown, not what was asked: whoever comes
    ...    back, and logs in again where that is needed, finds the whole answer.
    [Tags]    promise-26
    ...       needs:hold
    ...       needs:admin
    ...       needs:mint
    ...       needs:refresh
    ...       needs:resume
    ...       needs:sign_up
    ...       catches:run-ends-with-its-socket
    ...       catches:run-ends-with-a-close
    ...       catches:run-stands-still-while-away
    [Template]    The Answer Is There Though Its Asker
    # who    what happens while a tool works
    Ana    closes the connection
    Bella    logs out
    Clara    lets the token expire
    Dora    is disabled for a while
