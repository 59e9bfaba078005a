*** Settings ***
Documentation    Many customers work at the same time, each as if alone.
...
...              Why it matters: the busiest hour is the one that customers remember, and a frame that reaches the
...              wrong customer once is one too many.

Resource         ../resources/chat.resource
Resource         ../resources/crowds.resource
Resource         ../resources/isolation.resource
Resource         ../resources/messages.resource

Test Tags        area:concurrency    severity:critical


*** Test Cases ***
Many People Chat At Once
    [Documentation]    Fifty customers of five companies ask in the same moment; every one gets a complete run.
    [Tags]    promise-15
    ...       catches:event-broadcast-to-every-connection
    ...       catches:leak-while-others-are-active
    ...       catches:manager-shared-between-users
    ...       catches:leak-to-colleagues
    ...       catches:leak-50-ms-late
    ...       catches:shared-context-between-runs
    ...       catches:tool-query-without-organisation-filter
    ...       catches:crowd-turned-away
    Given 50 people of 5 organisations are connected
    When all of them ask "Where can we cut our cloud bill?" at once
    Then every one of them is accepted
    And every one of them gets a whole answer, and nothing of anybody else

A Burst Of Pings Is Answered Ping By Ping
    [Documentation]    1,000 pings without a pause: every ping its own pong, in order, once.
    [Tags]    promise-16    needs:ping    catches:pong-overtakes-the-queue    catches:pong-without-empty-data
    Given Ana Of Northwind Is Connected
    When Ana sends 1000 pings in a burst
    Then every ping of Ana has its own pong, in order, once

A Burst Of Questions Is Answered Question By Question
    [Documentation]    Twenty questions without a pause, within the limits: each accepted in order, each answered.
    [Tags]    promise-16
    ...       catches:ack-after-first-event
    ...       catches:events-of-two-runs-exchanged
    ...       catches:seq-repeat
    ...       catches:steps-not-counted
    ...       catches:empty-reasoning
    ...       catches:same-reasoning-for-every-question
    Given Ana Of Northwind Is Connected
    When Ana sends 20 questions in a burst
    Then the questions of Ana are accepted in the order of asking
    And each question of Ana has a whole answer of its own

Pings And Questions Do Not Overtake Each Other
    [Documentation]    What is sent first is answered first: the pong of an earlier ping comes before the acceptance
    ...    of a later question.
    [Tags]    promise-16
    ...       needs:one_queue
    ...       catches:pong-overtakes-the-queue
    ...       catches:seq-repeat
    ...       catches:steps-not-counted
    ...       catches:ack-sent-twice
    ...       catches:empty-reasoning
    ...       catches:same-reasoning-for-every-question
    ...       catches:ack-after-first-event
    ...       catches:events-of-two-runs-exchanged
    Given Ana Of Northwind Is Connected
    When Ana sends a ping, a question and a ping, 10 times in a burst
    Then every reply to Ana came in the order of the messages
    And each question of Ana has a whole answer of its own

Mistakes Wait Their Turn Like Everything Else
    [Documentation]    What is refused is answered in its turn, behind all that was asked for before: a client that
    ...    goes by the order would blame the wrong message otherwise.
    [Tags]    promise-16    needs:one_queue    needs:resume    needs:errors    catches:errors-overtake-the-queue
    Given Ana Of Northwind Is Connected
    And Ana has had 4 answers to "Review every service one by one" and has come back
    When Ana asks for everything again 10 times in a burst, pings, and makes mistakes
    Then every reply to Ana came in the order of the messages

People Do Not See Each Other
    [Documentation]    Ana asks while Boris, on two devices, and Clara listen, and the other way round.
    [Tags]    promise-17
    ...       needs:devices
    ...       catches:event-broadcast-to-every-connection
    ...       catches:leak-50-ms-late
    ...       catches:leak-to-colleagues
    ...       catches:seq-repeat
    ...       catches:tool-query-without-organisation-filter
    ...       catches:seq-gap
    Given Ana, Boris with two devices and Clara are connected
    When Ana asks about a secret
    Then nothing of it reaches Boris, his second device or Clara
    When Boris asks about a secret
    Then nothing of it reaches Ana or Clara, and both his devices have it all

Listeners Hear Nothing Of Others
    [Documentation]    Ana asks about a secret while a colleague and a customer of another company listen.
    [Tags]    promise-17
    ...       catches:event-broadcast-to-every-connection
    ...       catches:leak-to-colleagues
    ...       catches:leak-50-ms-late
    Given Ana and Boris of Northwind and Clara of Contoso are connected
    And each of them watches from every process
    When Ana asks about a secret
    Then neither Clara nor Boris has seen anything of Ana's

Two Devices See The Same
    [Documentation]    Every open connection of a customer gets every event, byte for byte the same.
    [Tags]    promise-17
    ...       needs:devices
    ...       catches:broken-run
    ...       catches:second-device-gets-nothing
    ...       catches:dropped-tool-executing
    ...       catches:seq-gap
    Given Ana is connected with a laptop and a phone
    When Ana asks "Where can we cut our cloud bill?" on the laptop
    Then the phone has received every event that the laptop has, byte for byte

Each Device Has The Replies To Its Own Messages
    [Documentation]    Events are for every device; that a question was accepted, or a mistake made, is told where it
    ...    was sent, and nowhere else.
    [Tags]    promise-17
    ...       needs:devices
    ...       needs:errors
    ...       needs:ping
    ...       catches:replies-go-to-every-device
    ...       catches:errors-go-to-every-device
    Given Ana is connected with a laptop, a phone, a tablet and a watch
    When Ana asks, pings and makes a mistake on the laptop
    Then the laptop has a reply to each of these
    And the others see the answer and no reply
