*** Settings ***
Documentation    Each customer's work is done in a world of its own.
...
...              Why it matters: one company's plans in another company's answer is the mistake that ends a business.

Resource         ../resources/chat.resource
Resource         ../resources/crowds.resource
Resource         ../resources/isolation.resource
Resource         ../resources/reconnection.resource
Resource         ../resources/rights.resource
Resource         ../resources/resilience.resource

Test Tags        area:isolation    severity:critical


*** Test Cases ***
Each Customer Has A World Of Their Own
    [Documentation]    While both work, held so that they do overlap, nothing of Ana's questions, records or tool
    ...    arguments reaches Clara in any frame, list, error or metric, and the other way round.
    [Tags]    promise-33
    ...       needs:hold
    ...       needs:records
    ...       needs:threads
    ...       catches:shared-context-between-runs
    ...       catches:leak-while-others-are-active
    ...       catches:leak-into-error-frame
    ...       catches:thread-list-without-user-filter
    ...       catches:empty-reasoning
    ...       catches:leak-to-colleagues
    ...       catches:tool-result-disagrees-with-database
    ...       catches:metrics-expose-user-ids
    ...       catches:metrics-name-companies
    ...       catches:token-in-metrics
    ...       catches:event-broadcast-to-every-connection
    ...       catches:leak-50-ms-late
    ...       catches:same-reasoning-for-every-question
    ...       catches:stack-trace-in-the-error
    Given Ana and Boris of Northwind and Clara of Contoso are connected
    And each of them watches from every process
    And Ana, Boris and Clara have runs about secrets of theirs that wait for a tool
    When all of them make mistakes meanwhile, and their runs go on
    Then each has a whole answer about their own secret and their own company's figures
    And nobody has seen anything of anybody else
    And nothing of anybody is on a list, in an error or in a metric of somebody else

Nothing Leaks From One Process To Another
    [Documentation]    With several processes events take another way to reach a customer's devices: they reach all
    ...    of Ana's, and nobody else's.
    [Tags]    promise-33
    ...       needs:private_backend
    ...       catches:leak-by-the-other-process
    ...       catches:event-broadcast-to-every-connection
    ...       catches:leak-to-colleagues
    ...       catches:manager-shared-between-users
    ...       catches:seq-gap
    Given Ana is on one process of a backend, and Boris and Clara are on the other
    When Ana asks about a secret
    Then Ana's other device has received every event of it, byte for byte
    And neither Clara nor Boris has seen anything of Ana's

A Held Run Holds Up Nobody Else
    [Documentation]    Boris, a colleague, gets his answer while Ana's run stands still.
    [Tags]    promise-34
    ...       needs:hold
    ...       catches:broken-run
    ...       catches:event-broadcast-to-every-connection
    ...       catches:leak-to-colleagues
    ...       catches:shared-context-between-runs
    ...       catches:tool-query-without-organisation-filter
    ...       catches:leak-while-others-are-active
    Given Ana and Boris of Northwind and Clara of Contoso are connected
    And Ana's run stands still in the middle
    Then Boris and Clara get whole answers meanwhile
    And Ana's run is answered when it goes on

A Flood Of One Customer Drowns Nobody Else
    [Documentation]    Ana is throttled; Boris' limits are his own.
    [Tags]    promise-34    needs:admin    needs:limits    catches:limit-global    catches:errors-without-message-id
    Given Ana may send 5 messages in a burst and 30 a minute
    And Boris of the same company is connected too
    When Ana sends many more messages than she may
    Then Boris is served in the same second

A Customer Who Reads Nothing Delays Nobody Else
    [Documentation]    What piles up for Ana is Ana's: others are answered, and her connection is ended as a slow
    ...    consumer; what she missed is there when she comes back.
    [Tags]    promise-34
    ...       needs:private_backend
    ...       catches:slow-reader-blocks-others
    ...       catches:slow-reader-never-dropped
    Given Ana, Boris and Clara are connected to a backend that waits one second for slow readers
    When Ana reads nothing any more while very much is sent to her
    Then Boris and Clara get whole answers meanwhile
    And Ana's connection has been ended as a slow consumer
    And Ana gets everything that she missed when she comes back

A Slow Line Is Served And Holds Up Nobody Else
    [Documentation]    Ana's question arrives bit by bit, as from a train. It is answered like any other, and
    ...    Boris is answered again and again while it is on its way.
    [Tags]    promise-34
    ...       needs:threads
    ...       catches:broken-run
    ...       catches:slow-message-given-up
    ...       catches:slow-sender-blocks-others
    ...       catches:dropped-tool-executing
    ...       catches:manager-shared-between-users
    ...       catches:half-message-fails-the-runs-of-others
    Given Ana and Boris of Northwind and Clara of Contoso are connected
    And each of them watches from every process
    Then Ana's question arrives bit by bit and is accepted, and Boris gets a whole answer between any two bits
    And Ana sees the agent work from start to finish
    And the question of Ana has arrived whole

A Broken Connection Breaks Nobody Else's
    [Documentation]    Ana is reset in the middle of a message; others do not notice, and her own second device
    ...    goes on.
    [Tags]    promise-34
    ...       needs:devices
    ...       needs:hold
    ...       catches:broken-run
    ...       catches:crash-ends-another-run
    ...       catches:broken-line-ends-every-device
    Given Ana and Boris of Northwind and Clara of Contoso are connected
    And Ana is also connected with a phone
    And Boris has a run that waits for a tool
    When Ana's connection is reset in the middle of a message
    Then Boris' run is answered when it goes on
    And Clara gets a whole answer
    And the answer to "What did we spend in total?" comes on Ana's phone

Whoever Leaves Takes Nobody Along
    [Documentation]    Each connection is counted by itself: those of others count on, however often Ana comes and goes.
    [Tags]    promise-34    needs:admin    catches:leaving-counts-out-others
    Given Ana and Boris of Northwind and Clara of Contoso are connected
    When Ana leaves and comes back 6 times
    Then Boris and Clara count as connected, once each

What Has Not Ended Yet Is Not Built Upon
    [Documentation]    Two questions of one conversation overlap: each sees what had ended before it began, so that
    ...    nobody is answered on the ground of work that may still fail.
    [Tags]    promise-35
    ...       needs:hold
    ...       needs:records
    ...       needs:threads
    ...       catches:open-run-built-upon
    ...       catches:events-of-two-runs-exchanged
    Given Ana Of Northwind Is Connected
    And Ana asks "What did payments spend?", which is still being worked on
    When Ana goes on with "And by region?"
    And both are worked on to their end
    Then the second is about all teams, since the first had not ended when it began

Many Runs At Once Stay Apart
    [Documentation]    Twenty people in four companies, each with a secret in the question; every transcript is
    ...    complete and free of every other's secret.
    [Tags]    promise-35
    ...       needs:records
    ...       catches:shared-context-between-runs
    ...       catches:event-broadcast-to-every-connection
    ...       catches:tool-query-without-organisation-filter
    ...       catches:leak-50-ms-late
    ...       catches:leak-to-colleagues
    ...       catches:leak-while-others-are-active
    ...       catches:manager-shared-between-users
    ...       catches:tool-result-disagrees-with-database
    Given 20 people of 4 organisations are connected
    When each of them asks about a secret of their own at once
    Then every one of them gets a whole answer, and nothing of anybody else
    And every answer is true to the figures of the asker's own company

Everybody's Messages Are Numbered By Themselves
    [Documentation]    Clients number their messages alike: a customer and a colleague who use Ana's number ask
    ...    questions of their own, the same question too.
    [Tags]    promise-33    needs:message_ids    catches:message-ids-of-everybody    catches:message-ids-of-the-company
    Given Ana and Boris of Northwind and Clara of Contoso are connected
    And Ana has the answer to her message 1, "What did we spend by team?"
    Then message 1 of Clara is a question of its own: "What did we spend by team?"
    And message 1 of Boris is a question of its own: "Which resources are idle?"
