*** Settings ***
Documentation    Every question is understood as agreed, and answered from the books, whatever they hold.
...
...              Why it matters: people ask in their own words, about their own names. A question that is taken for
...              another gets figures that look right and are not, and money is moved because of them.

Resource         ../resources/chat.resource
Resource         ../resources/events.resource
Resource         ../resources/operations.resource

Test Setup       Ana Of Northwind Is Connected

Test Tags        area:agent-events    severity:critical    needs:records


*** Variables ***
@{TOOLS FOR SAVINGS: str}    find_idle_resources    rightsize_resources    compare_models


*** Test Cases ***
Questions Are Understood As Agreed
    [Documentation]    The words decide which tools work and on what: names become filters, "by" groups, a horizon
    ...    is a number of months, and capitals make no difference. The figures are those of what was asked for.
    [Tags]    promise-08
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
    # what is asked    the tools that work, and on what
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
    What does every team spend?    query_spend group_by=service
    Review all that we spend    query_spend group_by=service
    Review the spend on services    query_spend group_by=service
    What does each service cost?    query_spend group_by=service
    Review each service, but only storage
    ...    query_spend group_by=team service=storage
    ...    find_idle_resources max_utilisation_percent=5 service=storage
    Researching computers is databased    query_spend group_by=service

Each Agreed Word Calls The Tools That It Is For
    [Documentation]    Nobody learns words to be understood: of those that mean the same, each does the same.
    [Tags]    promise-08    catches:save-not-understood    catches:rare-words-not-understood
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
    [Tags]    promise-08
    ...       catches:names-learnt-once
    ...       catches:arguments-not-those-used
    ...       catches:all-months-shown-as-one
    Given Ana has the answer to "What did we spend by team?"
    When Northwind's books name new teams
    Then "What did team-07 spend by region?" is understood as "query_spend group_by=region team=team-07"
    And "What did we spend by team in 2026-01?" is understood as "query_spend group_by=team month=2026-01"

Names That Are Alike Are Told Apart
    [Documentation]    Whoever asks about one service must not read the figures of another with nearly the same name:
    ...    the longer name wins, case decides between equals, and a part of a word is no name.
    [Tags]    promise-08
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
    ...       catches:findings-titled-by-their-neighbours
    ...       catches:savings-of-the-line-above
    ...       catches:answer-invents-an-amount
    ...       catches:spend-of-the-row-below
    ...       catches:reasoning-a-hundredfold
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
