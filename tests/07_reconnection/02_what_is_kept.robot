*** Settings ***
Documentation    What was accepted is kept and comes to a clear end, whatever breaks.
...
...              Why it matters: servers die, and devices hang. A customer who was told "accepted" must learn how it
...              ended, and must never be shown two ends.

Resource         ../../resources/chat.resource
Resource         ../../resources/messages.resource
Resource         ../../resources/outage.resource
Resource         ../../resources/restarts.resource

Test Tags        area:reconnection    promise-26    severity:critical


*** Test Cases ***
Events Are Numbered One By One
    [Documentation]    Over all runs of a customer the numbers rise by one, without a gap or a repeat, and the times
    ...    never fall, live and replayed.
    [Tags]    needs:resume    catches:seq-gap    catches:seq-repeat    catches:timestamps-going-backwards
    Given Ana Of Northwind Is Connected
    And Ana has the answer to "Review every service one by one"
    And Ana has the answer to "Where can we cut our cloud bill?" and has come back
    When Ana resumes from the beginning
    Then the events of Ana are numbered one by one, and their times never fall

A Run Of A Process That Died Comes To A Clear End
    [Documentation]    The process is killed in the middle of a run. After the restart on the same data the run ends
    ...    as interrupted, nothing that was sent is lost, and nothing is executed again.
    [Tags]    needs:hold
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
    [Tags]    needs:hold
    ...       needs:private_backend
    ...       catches:leases-of-a-minute
    ...       catches:stale-owner-appends
    ...       catches:seq-gap
    Given Ana of a backend of two processes has a run that waits on the first
    When the first process sleeps
    Then the second ends the run within the agreed time
    When the first process goes on, and so does whatever was held
    Then Ana's run has one end, and nothing after it

An Accepted Message Is Known At Every Process And After A Restart
    [Documentation]    A client that lost the acceptance asks again with the same id: at another process, and after
    ...    the first was killed and started again, it is still the one run.
    [Tags]    needs:message_ids
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
    [Tags]    needs:hold
    ...       needs:private_backend
    ...       needs:lose_database
    ...       catches:run-lost-with-its-database
    ...       catches:one-lost-run-told-rightly
    Given Ana has 20 reviews at work on a backend with leases of 60 seconds
    When the database answers no more
    And Ana's question is declined as unavailable
    And the database answers again
    Then every run of Ana comes to one clear end, and what was cut off ended as interrupted
