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


*** Variables ***
@{TOOLS FOR SAVINGS: str}    find_idle_resources    rightsize_resources    compare_models


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
    ...       catches:steps-not-counted
    ...       catches:dropped-agent-thinking
    ...       catches:dropped-agent-completed
    ...       catches:stream-stops-silently
    When Ana asks "What did we spend on the database in 2026-09?"
    And Ana sees the answer
    Then the agent's reasoning is about Ana's question, step by step
    And the reasoning about "Which resources are idle?" differs

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

Questions Are Understood As Agreed
    [Documentation]    The words decide which tools work and on what: names become filters, "by" groups, a horizon
    ...    is a number of months, and capitals make no difference. The figures are those of what was asked for.
    [Tags]    promise-08
    ...       needs:records
    ...       catches:names-in-questions-overlooked
    ...       catches:horizon-overlooked
    ...       catches:arguments-not-those-used
    ...       catches:dropped-agent-thinking
    ...       catches:dropped-tool-executing
    ...       catches:seq-repeat
    ...       catches:dropped-agent-completed
    ...       catches:stream-stops-silently
    ...       catches:event-after-completion
    ...       catches:tool-result-disagrees-with-database
    ...       catches:models-of-all-teams-compared
    ...       catches:everything-forecast-for-a-part
    ...       catches:all-months-shown-as-one
    [Template]    The agent answers
    What did we spend?    query_spend group_by=service
    WHAT DID SEARCH SPEND BY REGION?    query_spend group_by=region team=search
    How much did payments pay per provider in 2026-09?
    ...    query_spend group_by=provider team=payments month=2026-09
    What does the database in europe-west4 cost us by month?
    ...    query_spend group_by=month service=database region=europe-west4
    Which storage is unused?
    ...    query_spend group_by=service service=storage
    ...    find_idle_resources max_utilisation_percent=5 service=storage
    What is oversized at gcp?
    ...    query_spend group_by=service provider=gcp
    ...    rightsize_resources min_utilisation_percent=6 max_utilisation_percent=35 provider=gcp
    Which LLM should search use?
    ...    query_spend group_by=service team=search
    ...    compare_models team=search
    Which tokens are dear?    query_spend group_by=service    compare_models
    Forecast the spend of platform
    ...    query_spend group_by=month team=platform
    ...    forecast_spend months=3 team=platform
    What comes next month?    query_spend group_by=month    forecast_spend months=1
    What will we need in the next 2 quarters?    query_spend group_by=month    forecast_spend months=6
    Predict next year    query_spend group_by=month    forecast_spend months=12
    Forecast the next 99 months    query_spend group_by=month    forecast_spend months=24
    Help me with our bill
    ...    query_spend group_by=service
    ...    find_idle_resources max_utilisation_percent=5
    ...    rightsize_resources min_utilisation_percent=6 max_utilisation_percent=35
    ...    compare_models
    Where does search waste most, and which model is idle?
    ...    query_spend group_by=service team=search
    ...    find_idle_resources max_utilisation_percent=5 team=search
    ...    rightsize_resources min_utilisation_percent=6 max_utilisation_percent=35 team=search
    ...    compare_models team=search
    Review each service, but only storage
    ...    query_spend group_by=team service=storage
    ...    find_idle_resources max_utilisation_percent=5 service=storage
    Researching computers is databased    query_spend group_by=service

Each Agreed Word Calls The Tools That It Is For
    [Documentation]    Nobody learns words to be understood: of those that mean the same, each does the same.
    [Tags]    promise-08    needs:records    catches:save-not-understood    catches:rare-words-not-understood
    [Template]    The agent uses
    # what is asked    the tools beside the spend query
    What can we cut?    @{TOOLS FOR SAVINGS}
    What can we save?    @{TOOLS FOR SAVINGS}
    How do we reduce this?    @{TOOLS FOR SAVINGS}
    What could be lower?    @{TOOLS FOR SAVINGS}
    What can we optimise?    @{TOOLS FOR SAVINGS}
    What could be cheaper?    @{TOOLS FOR SAVINGS}
    Where is waste?    @{TOOLS FOR SAVINGS}
    Help me to understand this cost    @{TOOLS FOR SAVINGS}
    Help me to understand this bill    @{TOOLS FOR SAVINGS}
    What is idle?    find_idle_resources
    What is unused?    find_idle_resources
    What is forgotten?    find_idle_resources
    Which model is right?    compare_models
    Which LLM is right?    compare_models
    How do tokens compare?    compare_models
    What is oversized?    rightsize_resources
    What should we rightsize?    rightsize_resources
    What is underused?    rightsize_resources
    What do you forecast?    forecast_spend
    What do you predict?    forecast_spend
    What comes next month?    forecast_spend
    What comes next quarter?    forecast_spend
    What comes next year?    forecast_spend
    What is all this about?

New Names Are Known From The First Question On
    [Documentation]    A team that was founded this morning asks what it spends, and is not told what everybody does.
    [Tags]    promise-08    needs:records    catches:names-learnt-once
    Given Ana has the answer to "What did we spend by team?"
    When Northwind's books name new teams
    Then "What did team-07 spend by region?" is understood as "query_spend group_by=region team=team-07"
    And "What did we spend by team in 2026-01?" is understood as "query_spend group_by=team month=2026-01"

Names That Are Alike Are Told Apart
    [Documentation]    Whoever asks about one service must not read the figures of another with nearly the same name:
    ...    the longer name wins, case decides between equals, and a part of a word is no name.
    [Tags]    promise-08
    ...       needs:records
    ...       catches:part-of-a-name-taken-for-it
    ...       catches:arguments-not-those-used
    ...       catches:tool-result-disagrees-with-database
    [Setup]    Ana Of Northwind Is Connected, And Its Books Hold Names That Are Alike
    [Template]    The agent answers
    What did s3/archive cost?    query_spend group_by=service service=s3/archive
    What did archive cost?    query_spend group_by=service service=archive
    What did we spend in eu-west?    query_spend group_by=service region=eu-west
    What did we spend in eu-west-1?    query_spend group_by=service region=eu-west-1
    What did we spend in eu-west-10?    query_spend group_by=service
    What did search cost?    query_spend group_by=service service=search
    What did the search team spend?    query_spend group_by=service team=search
    Team search: what does it pay?    query_spend group_by=service team=search
    What did Atlas cost?    query_spend group_by=service service=Atlas
    What did atlas cost?    query_spend group_by=service service=atlas
    What did savings spend by team?    query_spend group_by=team team=savings
    What do archive- and eu-west-bills cost?    query_spend group_by=service service=archive
    What did archives cost in 2026-100?    query_spend group_by=service
    Xsearch, what did it cost?    query_spend group_by=service
    -archive: what does it cost?    query_spend group_by=service service=archive
    What did we spend in eu-west-    query_spend group_by=service region=eu-west

A Question That Goes On Keeps The Subject
    [Documentation]    People do not repeat themselves: "and by region?" is about what was asked before in the same
    ...    conversation; what is said anew wins, and another subject begins afresh.
    [Tags]    promise-08
    ...       needs:records
    ...       needs:threads
    ...       catches:follow-up-forgets-the-filter
    ...       catches:names-in-questions-overlooked
    ...       catches:horizon-overlooked
    ...       catches:dropped-tool-executing
    ...       catches:arguments-not-those-used
    ...       catches:dropped-agent-completed
    ...       catches:stream-stops-silently
    [Template]    The conversation goes on
    What did payments spend in 2026-09?    query_spend group_by=service team=payments month=2026-09
    And by region?    query_spend group_by=region team=payments month=2026-09
    What about search?    query_spend group_by=region team=search month=2026-09
    And forecast the next 2 months
    ...    query_spend group_by=month team=search month=2026-09
    ...    forecast_spend months=2 team=search
    And for payments?
    ...    query_spend group_by=month team=payments month=2026-09
    ...    forecast_spend months=2 team=payments
    What did we spend?    query_spend group_by=service

Answers Are True Whatever The Books Hold
    [Documentation]    Empty books, equal amounts, free resources, cents that do not come out even, a spend that falls
    ...    to nothing, more rows than fit on a page: every figure of every tool and of the text is right, and in the
    ...    agreed order.
    [Tags]    promise-10
    ...       needs:records
    ...       catches:reasoning-with-wrong-amounts
    ...       catches:finding-worth-nothing
    ...       catches:equals-in-any-order
    ...       catches:tool-result-disagrees-with-database
    ...       catches:answer-with-wrong-figures
    ...       catches:findings-beyond-twenty-dropped
    ...       catches:dropped-tool-executing
    ...       catches:duplicated-event
    ...       catches:seq-repeat
    ...       catches:dropped-agent-completed
    ...       catches:dropped-tool-completed
    ...       catches:empty-answer
    ...       catches:finding-from-another-call
    ...       catches:findings-cut-from-the-text
    ...       catches:stream-stops-silently
    ...       catches:tool-call-id-mismatch
    ...       catches:arguments-not-those-used
    ...       catches:tool-query-without-organisation-filter
    ...       catches:completion-before-last-tool-result
    ...       catches:swapped-neighbours
    ...       catches:rows-beyond-ten-dropped
    ...       catches:equal-savings-counted-once
    ...       catches:forecast-told-by-the-month
    [Template]    Answers are true when the books hold
    nothing    Forecast next month
    one of each    Forecast the next 2 months
    equal
    zeros
    odd    Forecast the next 2 months
    falling    Forecast the next 2 months
    rising    Forecast the next 3 months
    long    What did we spend by team?    What did we spend by region?    What did we spend by month?
    huge
    names
    many

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
    ...       catches:tool-result-disagrees-with-database
    ...       catches:dropped-tool-executing
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
