*** Settings ***
Documentation    What was asked and answered before is there to go on with.
...
...              Why it matters: last month's answer is this month's question. A conversation that is cut short, or that
...              nobody finds again, was paid for once and is worth nothing twice.

Resource         ../../resources/chat.resource
Resource         ../../resources/history.resource

Test Setup       Ana Of Northwind Is Connected

Test Tags        area:reconnection    severity:normal    promise-25    needs:threads


*** Test Cases ***
A Long Conversation Is Kept Whole And In Order
    [Documentation]    Every question and every answer, from the first on, in the order in which they were said.
    [Tags]    catches:history-cut-short
    ...       catches:answer-missing-in-the-thread
    ...       catches:history-names-no-runs
    ...       catches:history-dated-in-milliseconds
    ...       catches:continued-conversation-begins-anew
    Given Ana has the answer to "What did we spend on the database?"
    When Ana goes on with "And by team?"
    And Ana sees the answer
    And Ana goes on with "And by region?"
    Then the conversation holds every question and answer of Ana, in order

Conversations Are Found By What They Began With, Newest First
    [Documentation]    The list of three, of which the first is gone on with: it is the newest then. Each is called by
    ...    its first question.
    [Tags]    catches:conversations-oldest-first
    ...       catches:conversations-by-their-beginning
    ...       catches:conversations-called-alike
    ...       catches:conversations-dated-in-milliseconds
    ...       catches:own-conversations-shown-as-shared
    ...       catches:conversations-filed-by-their-first-words
    Given Ana has the answer to "What did we spend by team?"
    And Ana has the answer to "Which resources are idle?"
    And Ana has the answer to "What did we spend in total?"
    When Ana goes on with "And by region?" in the first conversation
    Then Ana's 3 conversations are listed newest first, each by its first question

A Long List Of Conversations Is Whole
    [Documentation]    Whoever has asked for years finds the first conversation as well as the last.
    [Tags]    catches:conversations-beyond-fifty-hidden    catches:conversations-filed-by-their-first-words
    Given Ana has begun 40 conversations at once, and 20 more
    Then all 60 conversations of Ana are on the list
