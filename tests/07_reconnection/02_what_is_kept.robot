*** Settings ***
Documentation    What was accepted is kept and comes to a clear end, whatever breaks.
...
...              Why it matters: servers die, and devices hang. A customer who was told "accepted" must learn how it
...              ended, and must never be shown two ends.

Resource         ../../resources/chat.resource
Resource         ../../resources/messages.resource
Resource         ../../resources/outage.resource
Resource         ../../resources/restarts.resource

Test Tags        area:reconnection    severity:critical


*** Test Cases ***
Events Are Numbered One By One
    [Documentation]    Over all runs of a customer the numbers rise by one, without a gap or a repeat, and the times
    ...    never fall, live and replayed.
    [Tags]    promise-26    needs:resume    catches:seq-gap    catches:seq-repeat    catches:timestamps-going-backwards
    Given Ana Of Northwind Is Connected
    And Ana has the answer to "Review every service one by one"
    And Ana has the answer to "Where can we cut our cloud bill?" and has come back
    When Ana resumes from the beginning
    Then the events of Ana are numbered one by one, and their times never fall

A Run Of A Process That Died Comes To A Clear End
    [Documentation]    The process is killed in the middle of a run. After the restart on the same data the run ends
    ...    as interrupted, nothing that was sent is lost, and nothing is executed again.
    [Tags]    promise-26
    ...       needs:hold
    ...       needs:private_backend
    ...       catches:abandoned-run-never-ends
    ...       catches:cut-off-call-in-seconds
    ...       catches:abandoned-run-executed-again
    ...       catches:queue-lost-on-restart
    ...       catches:replay-from-the-beginning
    ...       catches:seq-gap
    ...       catches:started-after-first-thinking
    ...       catches:wrong-run-id
    Given Ana of a backend of her own has a run that waits
    When the backend is killed and started again
    And Ana comes back and resumes from where she was
    Then Ana's run has ended as interrupted, and everything that she had seen is still there
    And Ana has the answer to "What did we spend in total?"

A Process That Wakes Up Late Changes No Finished Answer
    [Documentation]    It is stopped, and another process ends its run, soon enough that the customer learns of it; when
    ...    it goes on, it must not add anything to a run that has ended.
    [Tags]    promise-26
    ...       needs:hold
    ...       needs:private_backend
    ...       catches:leases-of-a-minute
    ...       catches:stale-owner-appends
    ...       catches:seq-gap
    Given Ana of a backend of two processes has a run that waits on the first
    When the first process sleeps
    Then the second ends the run within the agreed time
    When the first process goes on, and so does whatever was held
    Then Ana's run has one end, and nothing after it

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

A Device That Hangs Is Dropped
    [Documentation]    It answers no heartbeat, so that its connection is ended and no longer counts.
    [Tags]    promise-24    needs:private_backend    catches:half-open-never-dropped
    Given Ana is connected to a backend with a heartbeat every 1 seconds
    When Ana's device hangs
    Then the backend drops Ana's connection after two heartbeats

An Accepted Message Is Known At Every Process And After A Restart
    [Documentation]    A client that lost the acceptance asks again with the same id: at another process, and after
    ...    the first was killed and started again, it is still the one run.
    [Tags]    promise-26
    ...       needs:message_ids
    ...       needs:private_backend
    ...       catches:message-ids-of-one-process
    ...       catches:message-ids-forgotten-at-restart
    Given Ana of a backend of two processes has the answer to "What did we spend by team?" with an id of her own
    Then the same question gets the same acceptance on Ana's other device
    When the backend is killed and started again
    Then the same question gets the same acceptance when Ana comes back

A Run Whose Database Is Lost Comes To A Clear End
    [Documentation]    The database is gone in the middle of runs, and comes back. They cannot go on, and nobody waits
    ...    for them for ever.
    [Tags]    promise-26
    ...       needs:hold
    ...       needs:private_backend
    ...       needs:lose_database
    ...       catches:run-lost-with-its-database
    ...       catches:one-lost-run-told-rightly
    Given Ana has 20 reviews at work on a backend with leases of 60 seconds
    When the database answers no more
    And Ana's question is declined as unavailable
    And the database answers again
    Then every run of Ana comes to one clear end, and what was cut off ended as interrupted
