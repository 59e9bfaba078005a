*** Settings ***
Documentation    What the contract allows is taken, to the last inch.
...
...              Why it matters: clients are written by people who have read the contract. One that keeps it and is
...              refused all the same is a customer who cannot begin, and a week of letters about whose mistake it is.

Resource         ../resources/chat.resource
Resource         ../resources/allowed.resource

Test Setup       Ana Of Northwind Is Connected

Test Tags        promise-12    area:routing    severity:normal    needs:ping


*** Test Cases ***
Messages Need No Ids
    [Documentation]    Simple clients give none: a question then gets one from the service, so that it can be spoken
    ...    of; other replies have none.
    [Tags]    needs:message_ids    needs:errors    catches:question-without-id-refused
    When Ana asks without giving her question an id
    Then it is accepted under an id that the service made, and answered
    And whatever else Ana sends without an id is answered without one

The Utmost That Is Allowed Is Taken
    [Documentation]    The largest whole number that every reader can tell, the deepest nesting, the longest id: each
    ...    bound itself is still allowed. Characters are counted, not bytes.
    [Tags]    needs:echo
    ...       catches:integers-of-32-bits
    ...       catches:whole-numbers-with-a-point-refused
    ...       catches:nesting-limit-too-low
    ...       catches:long-message-ids-refused
    ...       catches:pong-without-data
    [Template]    A Ping Brings Back Its
    # field    value
    sequence    ${LARGEST WHOLE NUMBER}
    sequence    ${SMALLEST WHOLE NUMBER}
    sequence    ${A WHOLE NUMBER WITH A POINT}
    data    ${LARGEST WHOLE NUMBER}
    data    ${31 LEVELS IN ALL}
    data    ${32 LEVELS IN ALL}
    message_id    1
    message_id    ${64 TURTLES}

Whatever A Ping Carries Comes Back
    [Documentation]    Any JSON at all: nothing, null, 0 and false are something, and not the same.
    [Tags]    needs:echo    catches:pong-without-empty-data    catches:pong-without-data
    [Template]    A Ping Brings Back Its
    # field    value
    sequence    ${0}
    data    ${0}
    data    ${0.5}
    data    ${False}
    data    ${True}
    data    ${None}
    data    ${EMPTY}
    data    ${AN EMPTY LIST}
    data    ${AN EMPTY OBJECT}
    data    ${NESTED NOTHINGS}

However It Is Written, It Means The Same
    [Documentation]    Signs may be escaped, fields stand in any order, and spaces and lines between them are nothing:
    ...    JSON is what it says, not how it looks.
    [Tags]    needs:echo    catches:escaped-pairs-refused    catches:type-read-at-the-front-alone
    [Template]    A Ping Is Understood That Is Written As
    # message    what comes back in it
    ${PING WITH ESCAPES}    🐢 é
    ${PING WITH ITS TYPE AT THE END}    🐢 é
    ${PING IN LINES}    🐢 é

A Question Is Read As What It Says
    [Documentation]    Clients escape more than they must, and set fields out as they like: the history holds what was
    ...    asked, not how it was written.
    [Tags]    needs:threads
    ...       needs:message_ids
    ...       catches:type-read-at-the-front-alone
    ...       catches:plain-letters-kept-escaped
    When Ana's client writes a question in a way of its own
    Then it is accepted, and the conversation holds "What?"

What Nobody Knows Is Ignored
    [Documentation]    A client of tomorrow says more than the service of today understands, and is served all the
    ...    same; a wrong message is refused for what is wrong with it, not for that.
    [Tags]    needs:errors
    ...       needs:resume
    ...       needs:cancel
    ...       needs:refresh
    ...       catches:unknown-fields-refused
    ...       catches:unknown-fields-refused-beside-chat
    [Template]    A Field That Nobody Knows Is Ignored In A
    # type of message    answer
    ping    pong
    resume    resumed
    cancel    not_found
    refresh_token    forbidden
    chat    ack
    user_message    ack
