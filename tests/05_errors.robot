*** Settings ***
Documentation    A mistake costs the customer one message, never the conversation.
...
...              Why it matters: people make mistakes and networks break. A chat that dies of either loses the
...              customer's work, and the customer.

Resource         ../resources/chat.resource
Resource         ../resources/messages.resource
Resource         ../resources/resilience.resource
Resource         ../resources/isolation.resource

Test Setup       Ana Of Northwind Is Connected

Test Tags        area:errors    severity:normal


*** Test Cases ***
A Connection Recovers After Every Error
    [Documentation]    After each kind of error a whole run completes on the same connection.
    [Tags]    promise-18
    ...       needs:errors
    ...       catches:malformed-json-kills-the-connection
    ...       catches:binary-frame-kills-the-connection
    ...       catches:resume-beyond-the-end-accepted
    ...       catches:malformed-json-ignored
    ...       catches:missing-field-reaches-the-agent
    ...       catches:unknown-type-ignored
    ...       catches:oversize-accepted
    ...       catches:malformed-question-asked-later
    [Template]    The Connection Survives
    # the mistake    the error
    broken JSON    invalid_json
    a binary frame    invalid_message
    an unknown type    unknown_type
    a question without content    missing_field
    a conversation that does not exist    not_found
    a run that does not exist    not_found
    a token that is no token    forbidden
    a resume beyond the end    invalid_message
    a message that is too large    message_too_large

A Customer Recovers After An Abrupt Drop
    [Documentation]    The connection is reset in the middle of a message; a new one carries a whole run.
    [Tags]    promise-18
    ...       promise-24
    ...       needs:admin
    ...       catches:half-message-taken-for-whole
    ...       catches:queue-drops-the-oldest
    ...       catches:queue-in-memory-only
    When Ana's connection is reset in the middle of a message
    Then Ana comes back and gets an answer
    And the half message has started nothing

An Error Tells Nothing About The Inside
    [Documentation]    No stack trace, path, query or secret in the error, whatever is wrong with the message.
    [Tags]    promise-18
    ...       severity:critical
    ...       -severity:normal
    ...       needs:errors
    ...       needs:mint
    ...       catches:stack-trace-in-the-error
    ...       catches:token-echoed-in-the-error
    When Ana makes thirteen mistakes of seven kinds
    Then no error that Ana has received tells anything about the inside

Messages Are Accepted Up To The Limit And Not Beyond
    [Documentation]    8,192 bytes pass, 8,193 are refused, up to 65,536; what is counted are bytes, not characters.
    [Tags]    promise-19
    ...       needs:limits
    ...       needs:threads
    ...       catches:oversize-accepted
    ...       catches:size-counted-in-characters
    ...       catches:size-limit-one-too-low
    ...       catches:fragments-taken-apart
    ...       catches:unicode-damaged
    [Template]    A Message Of This Size Is
    # bytes    filled with    fragments    verdict
    8192    x    1    accepted
    8192    €    1    accepted
    8192    🐢    1    accepted
    8192    x    3    accepted
    8193    x    1    refused
    8193    €    1    refused
    8193    x    4    refused
    65536    x    1    refused
    65536    x    9    refused

A Message Beyond The Hard Limit Ends Its Connection Alone
    [Documentation]    65,537 bytes close the connection with 1009; others are served meanwhile.
    [Tags]    promise-19
    ...       needs:limits
    ...       catches:oversize-accepted
    ...       catches:giant-message-without-1009
    ...       catches:manager-shared-between-users
    [Setup]    Ana And Boris Of Northwind Are Connected
    [Template]    A Giant Message Closes With 1009
    # bytes    fragments
    65537    1
    65537    5
    1000000    1

Missing Fields Are Named
    [Documentation]    The error names the field, and nothing reaches the agent.
    [Tags]    promise-20
    ...       needs:errors
    ...       catches:missing-field-reaches-the-agent
    ...       catches:field-unnamed
    ...       catches:errors-without-message-id
    ...       catches:user-message-unknown
    ...       catches:malformed-question-asked-later
    [Template]    A Message Without A Field Is Refused
    # type of message    field
    chat    content
    user_message    content
    resume    after_seq
    cancel    run_id
    refresh_token    token

A Message Without A Type Is Refused
    [Documentation]    There is nobody to give it to.
    [Tags]    promise-20    needs:errors    catches:field-unnamed    catches:errors-without-message-id
    When Ana sends an object without a type
    Then the error names the type as missing
    And Ana still gets an answer

Fields Of A Wrong Type Are Named
    [Documentation]    The error names the field, and nothing reaches the agent.
    [Tags]    promise-20
    ...       needs:errors
    ...       catches:missing-field-reaches-the-agent
    ...       catches:field-unnamed
    ...       catches:errors-without-message-id
    ...       catches:some-errors-without-message-id
    ...       catches:empty-fields-taken-for-absent
    ...       catches:malformed-question-asked-later
    [Template]    A Message With A Wrong Field Is Refused
    # type of message    field    value
    chat    content    ${5}
    chat    content    ${None}
    chat    content    ${A LIST}
    chat    thread_id    ${5}
    chat    thread_id    ${EMPTY}
    chat    thread_id    ${None}
    chat    share    yes
    chat    share    ${1}
    chat    share    ${None}
    chat    message_id    ${EMPTY}
    chat    message_id    ${65 LETTERS}
    chat    message_id    ${5}
    chat    message_id    ${None}
    ping    sequence    one
    ping    sequence    ${1.5}
    resume    after_seq    1
    resume    after_seq    ${1.5}
    resume    after_seq    ${True}
    resume    after_seq    ${-1}
    resume    after_seq    ${None}
    cancel    run_id    ${5}
    cancel    run_id    ${EMPTY}
    cancel    run_id    ${None}
    refresh_token    token    ${5}
    refresh_token    token    ${EMPTY}
    refresh_token    token    ${None}

Errors Name The Message They Are About
    [Documentation]    Every error echoes the id of the message that it refuses, so that the client can tell which.
    [Tags]    promise-20
    ...       needs:errors
    ...       needs:message_ids
    ...       catches:errors-without-message-id
    ...       catches:missing-field-reaches-the-agent
    ...       catches:unknown-type-ignored
    ...       catches:nul-refused-without-message-id
    When Ana makes four mistakes with ids of her own
    Then each error echoes the id of its own mistake
