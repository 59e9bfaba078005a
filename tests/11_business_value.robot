*** Settings ***
Documentation    The chat is worth its price: true savings, in real time, for each customer alone.
...
...              Why it matters: this is the sale. A customer who waits in silence leaves; one who is shown wrong
...              figures, or another company's, sues; one who sees no reason to upgrade never pays.

Resource         ../resources/chat.resource
Resource         ../resources/events.resource
Resource         ../resources/business.resource
Resource         ../resources/isolation.resource
Resource         ../resources/sharing.resource

Test Tags        area:business    severity:critical


*** Test Cases ***
Chat Delivers Savings In Real Time
    [Documentation]    The customer sees at once that somebody is at work, is never left in silence, and gets
    ...    savings that are really there.
    [Tags]    promise-36
    ...       needs:records
    ...       catches:broken-run
    ...       catches:first-sign-of-life-late
    ...       catches:long-silence-in-the-middle
    ...       catches:answer-with-wrong-figures
    ...       catches:dropped-tool-executing
    ...       catches:tool-result-disagrees-with-database
    ...       catches:empty-answer
    ...       catches:finding-from-another-call
    ...       catches:findings-titled-by-their-neighbours
    ...       catches:savings-of-the-line-above
    ...       catches:answer-invents-an-amount
    ...       catches:findings-cut-from-the-text
    ...       catches:tool-query-without-organisation-filter
    Given Ana Of Northwind Is Connected
    When Ana asks "Please help me cut our cloud costs"
    Then Ana sees the agent work from start to finish
    And every finding of Ana's answer follows from Northwind's records and stands in the text
    And it was fast enough for Ana, from the first sign of life to the answer

Enterprise Customers Are Isolated From Each Other
    [Documentation]    Two companies work at the same time; what one asks, holds or is told never reaches the other.
    [Tags]    promise-37
    ...       tier:enterprise
    ...       needs:records
    ...       needs:threads
    ...       catches:broken-run
    ...       catches:event-broadcast-to-every-connection
    ...       catches:tool-query-without-organisation-filter
    ...       catches:thread-list-without-user-filter
    ...       catches:foreign-thread-read
    ...       catches:dropped-tool-executing
    ...       catches:empty-reasoning
    ...       catches:leak-to-colleagues
    ...       catches:tool-result-disagrees-with-database
    ...       catches:leak-50-ms-late
    ...       catches:same-reasoning-for-every-question
    ...       catches:manager-shared-between-users
    ...       catches:foreign-thread-told-by-its-owner
    Given Ana and Boris of Northwind and Clara of Contoso are connected
    And each of them watches from every process
    When Ana asks about a secret project of Northwind and Clara about one of Contoso
    Then each sees a whole answer of her own
    And neither Clara nor Boris has seen anything of Ana's
    And neither Ana nor Boris has seen anything of Clara's
    And Ana's conversation is on no list of Boris or Clara

Colleagues Share A Conversation And Nobody Else Does
    [Documentation]    A shared conversation is for the whole organisation: colleagues find it, read it and go on
    ...    with it. For another company it does not exist, and live events go to the asker alone.
    [Tags]    promise-37
    ...       tier:enterprise
    ...       needs:hold
    ...       needs:threads
    ...       needs:tiers
    ...       needs:cancel
    ...       catches:foreign-thread-continued
    ...       catches:shared-run-cancelled-by-colleagues
    ...       catches:shared-thread-open-to-everybody
    ...       catches:foreign-thread-told-apart
    ...       catches:leak-to-colleagues
    ...       catches:shared-thread-hidden-from-colleagues
    ...       catches:answer-missing-in-the-thread
    ...       catches:event-broadcast-to-every-connection
    ...       catches:foreign-thread-read
    ...       catches:leak-50-ms-late
    ...       catches:errors-without-message-id
    ...       catches:continued-conversation-begins-anew
    ...       catches:colleagues-missing-in-a-shared-conversation
    ...       catches:foreign-thread-told-by-its-field
    ...       catches:foreign-run-told-by-its-field
    ...       catches:foreign-thread-told-by-its-owner
    Given Ana and Boris of Northwind and Clara of Contoso are connected
    And each of them watches from every process
    When Ana shares a conversation about "What did we spend by team?"
    Then Boris finds the conversation, and reads the question and the answer
    And Boris goes on with the shared conversation and gets a whole answer
    And both of them read what either has asked in it, and the answers
    And Boris cannot cancel what Ana asks in it
    And for Clara the conversation does not exist
    And neither Clara nor Boris has seen anything of Ana's

A Colleague Goes On Where A Shared Conversation Was
    [Documentation]    What one colleague has asked about, the next need not repeat: "and by service?" is about the same
    ...    team, whoever asks it.
    [Tags]    promise-37
    ...       tier:enterprise
    ...       needs:records
    ...       needs:threads
    ...       needs:tiers
    ...       catches:follow-up-forgets-the-filter
    ...       catches:follow-up-forgets-colleagues
    Given Ana and Boris of Northwind and Clara of Contoso are connected
    When Ana shares a conversation about "What did payments spend by region?"
    And Boris goes on with the shared conversation and gets a whole answer
    Then Boris is answered about payments, by service

The Other Word For A Question Goes On And Shares As Well
    [Documentation]    Whatever a question can do, it can do as user_message too: go on with a conversation, and open
    ...    one to colleagues.
    [Tags]    promise-12
    ...       promise-37
    ...       tier:enterprise
    ...       needs:records
    ...       needs:threads
    ...       needs:tiers
    ...       catches:other-word-opens-a-conversation
    ...       catches:other-word-shares-nothing
    Given Ana and Boris of Northwind and Clara of Contoso are connected
    When Ana shares a conversation about "What did payments spend?" by user message
    And Ana goes on with "And by service?" by user message
    Then Ana's user messages are of one conversation
    And Ana is answered about payments, by service
    And Boris finds the conversation that Ana has shared

A Free User Gets A True Answer And A Reason To Upgrade
    [Documentation]    A useful answer with nothing hidden in it, and an offer that names what is withheld and what
    ...    that would save, true to the cent.
    [Tags]    promise-38
    ...       tier:free
    ...       needs:records
    ...       needs:tiers
    ...       catches:broken-run
    ...       catches:offer-missing
    ...       catches:free-tier-gets-enterprise-tools
    ...       catches:offer-promises-too-much
    ...       catches:dropped-tool-executing
    ...       catches:tool-result-disagrees-with-database
    ...       catches:answer-with-wrong-figures
    ...       catches:empty-answer
    ...       catches:finding-from-another-call
    ...       catches:findings-titled-by-their-neighbours
    ...       catches:savings-of-the-line-above
    ...       catches:answer-invents-an-amount
    ...       catches:tool-query-without-organisation-filter
    Given Ana is a free user of Northwind
    And Ana is connected
    When Ana asks "Where can we cut our cloud bill?"
    Then Ana sees the agent work from start to finish
    And every finding of Ana's answer follows from Northwind's records and stands in the text
    And Ana is offered an upgrade that says what it is worth

Every Free Answer Comes With An Offer That Is True Today
    [Documentation]    A question that lacks no tool is answered in full, and still tells what an upgrade would save: in
    ...    the records as they are now, not as they were at the first question.
    [Tags]    promise-38
    ...       tier:free
    ...       needs:records
    ...       needs:tiers
    ...       catches:offer-missing
    ...       catches:offer-promises-too-much
    ...       catches:offer-only-where-a-tool-is-missed
    ...       catches:offer-worked-out-once
    ...       catches:tool-query-without-organisation-filter
    Given Ana is a free user of Northwind
    And Ana is connected
    When Ana asks "What did we spend in total?"
    Then an offer comes with Ana's answer, and it is true
    When Northwind's records have changed
    And Ana asks "What did we spend by team?"
    Then an offer comes with Ana's answer, and it is true

A Spent Quota Ends With An Offer
    [Documentation]    Not an error wall: a clear word, when it goes on, and what an upgrade would bring.
    [Tags]    promise-38
    ...       tier:free
    ...       needs:admin
    ...       needs:tiers
    ...       catches:quota-not-counted
    ...       catches:offer-missing
    ...       catches:quota-one-too-low
    ...       catches:quota-error-wall
    ...       catches:tool-query-without-organisation-filter
    ...       catches:errors-without-message-id
    ...       catches:quota-window-from-the-latest
    ...       catches:dropped-agent-completed
    ...       catches:stream-stops-silently
    ...       catches:wrong-run-id
    Given Ana is a free user of Northwind who may ask twice a day
    And Ana is connected
    Then Ana has the answer to "Review every service one by one"
    And Ana has the answer to "What did we spend by team?"
    And Ana's next question is declined with an offer and the time when it goes on
    And Ana's day is counted from the first question
    And Ana's ping is answered by its own pong

An Upgrade Acts At The Next Question
    [Documentation]    Whoever has paid gets what was paid for, tools and rights, on the connection that is open.
    [Tags]    promise-38
    ...       tier:free
    ...       tier:enterprise
    ...       needs:admin
    ...       needs:records
    ...       needs:tiers
    ...       catches:offer-to-those-who-have-it
    ...       catches:upgrade-needs-reconnect
    ...       catches:tier-from-the-token
    ...       catches:tool-result-disagrees-with-database
    ...       catches:dropped-tool-executing
    ...       catches:dropped-tool-completed
    ...       catches:answer-with-wrong-figures
    ...       catches:empty-answer
    ...       catches:finding-from-another-call
    ...       catches:findings-titled-by-their-neighbours
    ...       catches:savings-of-the-line-above
    ...       catches:answer-invents-an-amount
    ...       catches:findings-cut-from-the-text
    ...       catches:tool-call-id-mismatch
    ...       catches:tool-query-without-organisation-filter
    ...       catches:null-for-an-absent-field
    ...       catches:permissions-frozen-at-creation
    Given Ana is a free user of Northwind
    And Ana is connected
    And Ana has the answer to "Where can we cut our cloud bill?"
    When Ana upgrades to enterprise
    And Ana has the answer to "Where can we cut our cloud bill?"
    Then Ana was served by every tool for savings
    And every finding of Ana's answer follows from Northwind's records and stands in the text
    And Ana is offered no upgrade
    And Ana may share a conversation

Payloads Meet The Contract
    [Documentation]    Every kind of frame that exists is provoked at least once, and each is as agreed, in both
    ...    directions.
    [Tags]    promise-39
    ...       needs:hold
    ...       needs:mint
    ...       needs:cancel
    ...       needs:refresh
    ...       needs:resume
    ...       catches:field-renamed
    ...       catches:field-dropped
    ...       catches:number-as-string
    ...       catches:extra-private-field
    ...       catches:null-for-an-absent-field
    ...       catches:empty-reasoning
    ...       catches:no-word-before-expiry
    ...       catches:timestamps-in-milliseconds
    ...       catches:expiry-in-milliseconds
    ...       catches:empty-answer
    Given Ana of Northwind is connected with a token that soon expires
    When Ana asks, cancels, pings, renews the token, comes back, resumes, and makes a mistake
    Then Ana has seen every kind of frame that the contract knows
    And every frame that Ana has received keeps the contract
    And every frame that Ana has sent keeps the contract

Events Come In Good Time
    [Documentation]    The time of each transition over many runs, against the budgets; the figures are in the report.
    [Tags]    promise-40
    ...       catches:first-sign-of-life-late
    ...       catches:long-silence-in-the-middle
    ...       catches:latency-grows
    ...       catches:dropped-agent-started
    Given Ana Of Northwind Is Connected
    When Ana asks "Where can we cut our cloud bill?" 20 times
    Then Ana's answers have kept their budgets
