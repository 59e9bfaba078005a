*** Settings ***
Documentation    Every message reaches the one who deals with it, and what nobody knows is refused kindly.
...
...              Why it matters: a message that does nothing, or something else, looks to the customer like a
...              product that is broken; one that kills the connection is.

Resource         ../resources/chat.resource
Resource         ../resources/messages.resource

Test Setup       Ana Of Northwind Is Connected

Test Tags        area:routing    severity:normal


*** Test Cases ***
A Question Starts A Run
    [Documentation]    It is accepted, worked on and answered: one of each, and nothing else comes.
    [Tags]    promise-12
    ...       catches:ack-sent-twice
    ...       catches:ack-after-first-event
    ...       catches:started-after-first-thinking
    When Ana sends a question as chat
    Then Ana receives one acceptance, one whole run, and nothing else

The Other Word For A Question Means The Same
    [Documentation]    user_message is a synonym of chat.
    [Tags]    promise-12
    ...       catches:user-message-unknown
    ...       catches:ack-after-first-event
    ...       catches:ack-sent-twice
    ...       catches:started-after-first-thinking
    When Ana sends a question as user message
    Then Ana receives one acceptance, one whole run, and nothing else

A Ping Gets Its Pong And Nothing Else
    [Documentation]    It echoes what the ping carried, starts no run, and costs nothing.
    [Tags]    promise-12    needs:ping    needs:echo    catches:pong-without-data    catches:unicode-damaged
    When Ana pings with data of her own
    Then Ana receives a pong with that data, and nothing else

Resuming Replays And Starts Nothing
    [Documentation]    What came before comes again, with an end that tells how much it was.
    [Tags]    promise-12
    ...       needs:resume
    ...       catches:resume-off-by-one-at-the-watershed
    ...       catches:started-after-first-thinking
    Given Ana has the answer to "What did we spend by team?" and has come back
    When Ana resumes from the beginning
    Then Ana receives the events of that run again, and nothing else

Cancelling Ends The Run And Nothing Else
    [Documentation]    The open tool call is closed, the run ends as cancelled, and another run is not touched.
    [Tags]    promise-12
    ...       needs:hold
    ...       needs:cancel
    ...       catches:cancel-ignored
    ...       catches:cancelled-run-goes-on
    ...       catches:cancel-leaves-calls-open
    ...       catches:cancel-acknowledged-with-a-strange-conversation
    ...       catches:steps-not-counted
    Given Ana has two runs that wait for a tool
    When Ana cancels the first
    Then the cancellation is acknowledged with the run and its conversation
    And the first run ends as cancelled, with its tool call closed
    And the second run is answered when it goes on

A Run That Is Over Cannot Be Cancelled
    [Documentation]    Whoever cancels too late is told so, and not that a run ends which has ended long since.
    [Tags]    promise-12    needs:cancel    catches:ended-run-cancelled
    Given Ana has the answer to "What did we spend by team?"
    When Ana cancels that question after its answer
    Then it is refused as if there had never been such a run

Renewing The Token Says When It Expires And Nothing Else
    [Documentation]    The connection goes on with the new token; the answer names its expiry.
    [Tags]    promise-12    needs:refresh    catches:expiry-in-milliseconds
    [Setup]    NONE
    Given Ana has logged in and renewed her tokens
    When Ana hands over the new token
    Then Ana receives word of the new expiry, and nothing else

An Unknown Type Is Refused Kindly
    [Documentation]    The error names the type, safely; the connection lives and the next question is answered.
    [Tags]    promise-13
    ...       catches:unknown-type-ignored
    ...       catches:unknown-type-repeated-raw
    ...       catches:errors-without-message-id
    [Template]    A Message Of An Unknown Type Is Refused
    # what is sent    how it is named
    dance    dance
    Chat    Chat
    agent_completed    agent_completed
    ${EMPTY}    ${EMPTY}
    ${LONG NAME}    ${LONG NAME CUT}
    <script>alert(1)</script>    <script>alert(1)</script>
    line\r\nbreak    line\\u000d\\u000abreak
    back\\slash    slash
    a "quote"    quote
    tag\U000e0001end    end

A Malformed Message Is Refused Kindly
    [Documentation]    Each gets the agreed code; the connection lives and the next question is answered.
    [Tags]    promise-14
    ...       catches:malformed-json-kills-the-connection
    ...       catches:malformed-json-ignored
    ...       catches:binary-frame-kills-the-connection
    ...       catches:json-without-object-kills-the-connection
    ...       catches:lenient-json
    ...       catches:empty-content-accepted
    ...       catches:field-unnamed
    ...       catches:nul-looked-for-in-questions-alone
    ...       catches:depth-of-objects-uncounted
    ...       catches:negative-numbers-unbounded
    ...       catches:names-of-fields-unread
    ...       catches:size-looked-at-last
    ...       catches:malformed-question-asked-later
    [Template]    A Malformed Message Is Refused
    # what is sent    error code    field that is named
    broken JSON    invalid_json
    no text at all    invalid_json
    a byte order mark    invalid_json
    a key twice    invalid_json
    a key twice, deep inside    invalid_json
    not a number    invalid_json
    infinity    invalid_json
    a number that overflows    invalid_json
    a whole number beyond the exact ones    invalid_json
    a whole number below the exact ones    invalid_json
    half a surrogate pair    invalid_json
    half a surrogate pair in a name    invalid_json
    nesting that is too deep    invalid_json
    objects that are nested too deep    invalid_json
    nesting without end    invalid_json
    two messages in one    invalid_json
    a list    invalid_message
    a number    invalid_message
    a string    invalid_message
    null    invalid_message
    a binary frame    invalid_message
    a NUL character    invalid_message    content
    a NUL character in its id    invalid_message    message_id
    a NUL character in a conversation    invalid_message    thread_id
    a NUL character deep inside    invalid_message    any
    a NUL character in a name    invalid_message    any
    empty content    invalid_message    content
    a type that is no string    invalid_message    type
    broken JSON that is too large    message_too_large

Text That Is No UTF-8 Ends The Connection As Agreed
    [Documentation]    RFC 6455 asks for close code 1007; a new connection works at once.
    [Tags]    promise-14    catches:invalid-utf-8-accepted    catches:invalid-utf-8-without-1007
    When Ana sends bytes that are no text
    Then that message ends Ana's connection with 1007
    And Ana comes back and gets an answer
