*** Settings ***
Documentation    Customers watch their agent work, through five events that always come, in order, and true.
...
...              Why it matters: the stream is what customers pay for. An agent that is silent, that shows another's
...              work, or that reports figures which are not in the books, is worse than none.

Resource         ../resources/chat.resource
Resource         ../resources/events.resource
Resource         ../resources/operations.resource

Test Setup       Ana Of Northwind Is Connected

Test Tags        area:agent-events    severity:critical


*** Test Cases ***
All Five Events Arrive
    [Documentation]    One question, one run, all five kinds of event, and nothing from anywhere else.
    [Tags]    promise-04    needs:five_events    catches:broken-run    catches:dropped-tool-executing
    When Ana asks "Where can we cut our cloud bill?"
    Then Ana sees the agent work from start to finish
    And Ana has seen all five kinds of event, of this run alone

Every Event Has The Agreed Structure
    [Documentation]    Each frame has exactly the fields of the contract, each of the agreed type, and says when it
    ...    was made: clients show that to people.
    [Tags]    promise-05
    ...       catches:field-renamed
    ...       catches:field-dropped
    ...       catches:number-as-string
    ...       catches:extra-private-field
    ...       catches:timestamps-in-milliseconds
    ...       catches:acks-stamped-in-local-time
    ...       catches:events-stamped-in-local-time
    ...       catches:empty-reasoning
    ...       catches:null-for-an-absent-field
    ...       catches:empty-answer
    When Ana asks "Where can we cut our cloud bill?"
    And Ana sees the answer
    Then every frame that Ana has received keeps the contract
    And every frame that Ana has received tells the time of day

Agent Started Says Who Began
    [Documentation]    Before anything else the customer learns which agent works on which question, for whom.
    [Tags]    promise-06    catches:started-after-first-thinking    catches:wrong-thread-id    catches:wrong-run-id
    When Ana asks "What did we spend by team?"
    And Ana sees the answer
    Then the first event names the agent, the run, the conversation and Ana
    And Ana saw it before any thinking

Agent Thinking Shows Reasoning About This Question
    [Documentation]    Reasoning that is empty, or the same for everything, is decoration.
    [Tags]    promise-07
    ...       needs:reasoning
    ...       catches:empty-reasoning
    ...       catches:same-reasoning-for-every-question
    ...       catches:long-questions-quoted-whole
    ...       catches:steps-not-counted
    ...       catches:dropped-agent-thinking
    ...       catches:dropped-agent-completed
    ...       catches:stream-stops-silently
    ...       catches:same-reasoning-beside-the-question
    When Ana asks "What did we spend on the database in 2026-09?"
    And Ana sees the answer
    Then the agent's reasoning is about Ana's question, step by step
    And the reasoning about "Which resources are idle?" differs
    And of a question of 300 characters the first 200 are quoted

Tool Executing Says Which Tool Works, And With What
    [Documentation]    The customer sees the call while the tool works, not when it is over: with the run held
    ...    before the result, the call has been seen, and nothing more comes until it goes on.
    [Tags]    promise-08
    ...       needs:hold
    ...       catches:tool-executing-held-back
    ...       catches:arguments-not-those-used
    ...       catches:names-in-questions-overlooked
    ...       catches:steps-not-counted
    Given Ana's runs are held before tool completed
    When Ana asks "What did payments spend on the database?"
    Then Ana sees that the spend query works on the database of payments
    And nothing more comes until the run goes on
    And after it goes on Ana sees the result of that call

Tool Completed Delivers The True Result
    [Documentation]    The result is the one that follows from the organisation's own records, and the time it is
    ...    said to have taken is no longer than the customer waited, nor next to nothing for real work.
    [Tags]    promise-09
    ...       needs:records
    ...       catches:tool-result-disagrees-with-database
    ...       catches:tool-call-id-mismatch
    ...       catches:tool-query-without-organisation-filter
    ...       catches:duration-exaggerated
    ...       catches:durations-in-seconds
    ...       catches:duplicated-event
    ...       catches:swapped-neighbours
    ...       catches:dropped-tool-executing
    ...       catches:dropped-tool-completed
    ...       catches:dropped-agent-completed
    ...       catches:stream-stops-silently
    ...       catches:completion-before-last-tool-result
    ...       catches:number-as-string
    ...       catches:seq-repeat
    ...       catches:arguments-not-those-used
    ...       catches:tool-executing-held-back
    [Setup]    Ana Of Northwind Is Connected, And Contoso Is A Customer Too
    [Template]    Tool Results Are True For
    Where can we cut our cloud bill?
    What did we spend by month?
    What did payments spend by service?
    Which models could be cheaper?
    What will we spend next quarter?
    Review every service one by one

Tool Results Agree With The Usage Report
    [Documentation]    What the agent says of the spend and what the usage page says are the same.
    [Tags]    promise-09    needs:records    catches:tool-result-disagrees-with-database
    When Ana asks "What did we spend by team?"
    And Ana sees the answer
    Then the tool's figures are those of Ana's usage report by team

Agent Completed Carries The Answer
    [Documentation]    The answer is there, each finding's amount stands in its text, and each follows from the
    ...    records; none is left out.
    [Tags]    promise-10
    ...       needs:records
    ...       catches:empty-answer
    ...       catches:answer-with-wrong-figures
    ...       catches:findings-cut-from-the-text
    ...       catches:finding-from-another-call
    ...       catches:findings-titled-by-their-neighbours
    ...       catches:savings-of-the-line-above
    ...       catches:answer-invents-an-amount
    ...       catches:tool-result-disagrees-with-database
    ...       catches:dropped-tool-executing
    ...       catches:dropped-tool-completed
    ...       catches:tool-call-id-mismatch
    ...       catches:tool-query-without-organisation-filter
    When Ana asks "Where can we cut our cloud bill?"
    And Ana sees the answer
    Then every finding of Ana's answer follows from Northwind's records and stands in the text

Events Come In The Agreed Order
    [Documentation]    Whatever is asked: started, thinking before tools, each call before its result, one end last.
    [Tags]    promise-11
    ...       catches:broken-run
    ...       catches:started-after-first-thinking
    ...       catches:dropped-tool-executing
    ...       catches:wrong-run-id
    ...       catches:seq-repeat
    ...       catches:wrong-thread-id
    [Template]    The Agreed Order Is Kept For
    Where can we cut our cloud bill?
    What did we spend by team?
    Which resources are idle?
    Which models could be cheaper?
    Review every service one by one

A Run Passes The Step That It Was Released From
    [Documentation]    Tests step through runs: one that stands goes on although the same step is held for what comes.
    [Tags]    needs:hold    catches:renewed-hold-stops-again
    Given Ana's run stands before tool completed
    When it is released, and the same step is held for what comes
    Then Ana's run is answered
    And her next run stands there, until it is released

Two Runs Of One Person Stay Apart
    [Documentation]    Two questions are worked on at the same time; each run's events answer its own question.
    [Tags]    promise-11
    ...       needs:hold
    ...       catches:events-of-two-runs-exchanged
    ...       catches:steps-not-counted
    ...       catches:completion-before-last-tool-result
    ...       catches:duplicated-event
    ...       catches:dropped-agent-started
    ...       catches:dropped-tool-completed
    ...       catches:dropped-agent-completed
    ...       catches:swapped-neighbours
    ...       catches:event-after-completion
    ...       catches:two-ends
    ...       catches:stream-stops-silently
    ...       catches:tool-call-id-mismatch
    ...       catches:empty-reasoning
    ...       catches:dropped-tool-executing
    ...       catches:same-reasoning-for-every-question
    ...       catches:arguments-not-those-used
    Given Ana's runs are held before tool executing
    When Ana asks "What did platform spend?" and "Which resources are idle?"
    And both runs have begun before either goes on
    And Ana's runs go on
    Then each run is complete, in order, and about its own question
