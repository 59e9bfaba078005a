*** Settings ***
Documentation    A broken network loses nothing: customers come back and go on where they were.
...
...              Why it matters: phones go through tunnels. An answer that was paid for and lost on the way is
...              asked for twice, and trusted once less.

Resource         ../../resources/chat.resource
Resource         ../../resources/reconnection.resource

Test Setup       Ana Of Northwind Is Connected

Test Tags        area:reconnection    severity:critical


*** Variables ***
${AWKWARD WORDS: str}
...                      ${SPACE * 2}What did Zażółć-Gęślą 🐢 日本 cafe\u0301 & R&D <spend>\r\n\ton "x" & 'y'?\t\n


*** Test Cases ***
People Can Come Back After A Drop
    [Documentation]    The connection is reset, not closed; a new one works, and the backend counts rightly again.
    [Tags]    promise-24    needs:admin    catches:zombie-connection-after-drop
    When Ana's connection is dropped
    Then the backend soon counts no connection of Ana
    And Ana comes back and gets an answer
    And the backend counts one connection of Ana

A Customer Returns While The Old Connection Hangs
    [Documentation]    The device hangs and reconnects: the new connection works although the old one is still there.
    [Tags]    promise-24    catches:second-device-gets-nothing
    When Ana's device hangs
    Then Ana comes back on another connection and gets an answer

The Conversation Goes On
    [Documentation]    After reconnecting the history is intact, code point for code point, in every script, with
    ...    the spaces, line ends and signs that were typed.
    [Tags]    promise-25
    ...       needs:threads
    ...       catches:unicode-damaged
    ...       catches:answer-missing-in-the-thread
    ...       catches:history-names-no-runs
    ...       catches:question-tidied-up
    ...       catches:question-escaped-for-html
    Given Ana has the answer to "${AWKWARD WORDS}"
    When Ana's connection is dropped
    And Ana comes back
    Then the conversation holds the question and the answer, code point for code point

A Follow-Up Remembers What It Is About
    [Documentation]    "And by team?" means the same database as before, also after reconnecting.
    [Tags]    promise-25
    ...       needs:threads
    ...       needs:records
    ...       catches:follow-up-forgets-the-filter
    ...       catches:arguments-not-those-used
    ...       catches:continued-conversation-begins-anew
    Given Ana has the answer to "What did we spend on the database by month?"
    When Ana's connection is dropped
    And Ana comes back
    And Ana goes on with "And by team?"
    Then the answer is about the database, by team

Nothing Is Lost That Ended While Away
    [Documentation]    The run goes on without its customer; the whole of it is there after coming back.
    [Tags]    promise-26
    ...       needs:hold
    ...       needs:resume
    ...       catches:queue-in-memory-only
    ...       catches:replay-from-the-beginning
    ...       catches:resume-off-by-one-at-the-watershed
    ...       catches:replay-duplicates-the-last-frame
    ...       catches:seq-gap
    ...       catches:run-fails-with-one-of-its-devices
    Given Ana also has a second device
    And Ana has the answer to "What did we spend by team?"
    When Ana is dropped before any event of her run, and it ends while she is away
    Then what she gets on coming back equals what her second device received

Nothing Is Lost When Dropped At Any Moment And Released While Away
    [Documentation]    Dropped at every boundary between two events; the run goes on while the customer is away.
    [Tags]    promise-26
    ...       needs:hold
    ...       needs:resume
    ...       catches:queue-in-memory-only
    ...       catches:replay-from-the-beginning
    ...       catches:resume-off-by-one-at-the-watershed
    ...       catches:replay-duplicates-the-last-frame
    ...       catches:replay-in-another-format
    ...       catches:queue-drops-the-oldest
    ...       catches:ack-after-first-event
    ...       catches:seq-gap
    ...       catches:duplicated-event
    ...       catches:seq-repeat
    ...       catches:dropped-agent-completed
    ...       catches:stream-stops-silently
    ...       catches:run-fails-with-one-of-its-devices
    Given Ana also has a second device
    Then dropped before every event and released while away, Ana gets what her second device received

Nothing Is Lost When The Run Goes On Before Resuming
    [Documentation]    The run goes on between the welcome of the new connection and its request to resume.
    [Tags]    promise-26
    ...       needs:hold
    ...       needs:resume
    ...       catches:replay-misses-frames-during-reconnect
    ...       catches:ack-after-first-event
    ...       catches:replay-from-the-beginning
    ...       catches:seq-gap
    ...       catches:duplicated-event
    ...       catches:seq-repeat
    ...       catches:dropped-agent-completed
    ...       catches:stream-stops-silently
    ...       catches:tool-executing-held-back
    ...       catches:run-fails-with-one-of-its-devices
    Given Ana also has a second device
    Then dropped before every event and released before resuming, Ana gets what her second device received

Nothing Is Lost When The Run Goes On While Resuming
    [Documentation]    The run goes on right after the request to resume has been sent.
    [Tags]    promise-26
    ...       needs:hold
    ...       needs:resume
    ...       catches:replay-misses-frames-during-reconnect
    ...       catches:live-frames-inside-the-replay
    ...       catches:ack-after-first-event
    ...       catches:replay-from-the-beginning
    ...       catches:seq-gap
    ...       catches:duplicated-event
    ...       catches:seq-repeat
    ...       catches:dropped-agent-completed
    ...       catches:stream-stops-silently
    ...       catches:run-fails-with-one-of-its-devices
    Given Ana also has a second device
    Then dropped before every event and released while resuming, Ana gets what her second device received

Resuming May Be Repeated
    [Documentation]    Asked twice, told twice: the same events, byte for byte; from the end on there is nothing.
    [Tags]    promise-26
    ...       needs:resume
    ...       catches:resume-off-by-one-at-the-watershed
    ...       catches:replay-from-the-beginning
    ...       catches:seq-gap
    Given Ana has the answer to "Which resources are idle?" and has come back
    Then Ana can resume from every event, again and again, and gets exactly what is missing

The Same Message Twice Is One Question
    [Documentation]    A client that lost the acceptance asks again with the same id: one run, the same acceptance,
    ...    also on a new connection; the same id with another question is refused.
    [Tags]    promise-26
    ...       needs:message_ids
    ...       needs:resume
    ...       catches:same-message-id-runs-twice
    ...       catches:field-unnamed
    ...       catches:errors-without-message-id
    ...       catches:some-errors-without-message-id
    ...       catches:questions-compared-by-their-beginning
    ...       catches:questions-compared-loosely
    ...       catches:queue-drops-the-oldest
    ...       catches:run-ends-with-its-socket
    ...       catches:question-tidied-up
    ...       catches:acknowledged-before-stored
    Given Ana has asked with an id of her own and was dropped
    When Ana comes back and asks the same again
    Then she gets the same acceptance, and there is one run
    And another question with that id is refused, however little it differs

Messages With Ids That Are Alike Are Told Apart
    [Documentation]    Whoever numbers messages in their own way gets an answer to each: every character of an id
    ...    counts, up to the last of 64, in capitals or not.
    [Tags]    promise-26
    ...       needs:message_ids
    ...       needs:resume
    ...       catches:message-ids-cut-short
    ...       catches:message-ids-without-capitals
    When Ana asks the same under ids that are alike
    Then each of them is a question of its own
