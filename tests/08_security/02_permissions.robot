*** Settings ***
Documentation    Everybody may do what was granted, and nothing else, whatever their client says.
...
...              Why it matters: what a customer pays for, and what one employee may see of a company's spending, is
...              decided here and nowhere else.

Resource         ../../resources/chat.resource
Resource         ../../resources/history.resource
Resource         ../../resources/messages.resource
Resource         ../../resources/rights.resource
Resource         ../../resources/sharing.resource
Resource         ../../resources/support.resource

Test Tags        area:security    severity:critical    promise-29


*** Test Cases ***
Each Tier Gets Its Tools And No Others
    [Documentation]    Asked for savings and for a forecast, each tier is served with what it pays for.
    [Tags]    needs:tiers
    ...       catches:free-tier-gets-enterprise-tools
    ...       catches:dropped-tool-executing
    ...       catches:dropped-agent-completed
    ...       catches:stream-stops-silently
    [Template]    A Customer Of This Tier Is Served By
    # customer    tier    tools for savings    tools for a forecast
    Ana    free    ${FREE SAVINGS}    ${NO FORECAST}
    Boris    pro    ${ALL SAVINGS}    ${NO FORECAST}
    Clara    enterprise    ${ALL SAVINGS}    ${A FORECAST}

Each Permission Opens Its Own Operation
    [Documentation]    Without a permission its operations are forbidden, and the others go on working.
    [Tags]    needs:tiers
    ...       needs:admin
    ...       catches:permissions-not-checked
    ...       catches:permissions-not-checked-over-http
    ...       catches:sharing-asks-for-one-right
    ...       catches:replay-stumbles-over-rights
    ...       catches:errors-without-message-id
    ...       catches:user-message-unknown
    [Template]    Without This Permission
    # customer    permission    what is forbidden then
    Ana    chat:write    ask    ask in the other word    share    cancel
    Boris    chat:read    resume
    Clara    threads:read    list conversations    read a conversation
    Dan    usage:read    read the usage
    Eve    threads:share    share

A Right That Is Taken Away Ends At The Next Message
    [Documentation]    On the connection that is open: the token still says otherwise, the database decides.
    [Tags]    needs:tiers
    ...       needs:admin
    ...       catches:permissions-from-the-token
    ...       catches:errors-without-message-id
    ...       catches:permissions-not-checked
    Given Ana Of Northwind Is Connected
    And Ana has the answer to "What did we spend in total?"
    When Ana loses the permission to ask
    Then Ana's next question is forbidden
    And Ana may ask again when she has it back

What The Token Says Of Tier And Permissions Changes Nothing
    [Documentation]    A free customer's token that claims enterprise gets what a free customer gets.
    [Tags]    needs:mint
    ...       tier:free
    ...       needs:tiers
    ...       catches:tier-from-the-token
    ...       catches:sharing-open-to-all-tiers
    ...       catches:tier-from-the-payload
    ...       catches:errors-without-message-id
    ...       catches:free-tier-gets-enterprise-tools
    ...       catches:offer-missing
    Given Ana, a free user, is connected with a token that claims enterprise
    When Ana asks for a forecast in a message that claims enterprise too
    Then Ana sees the answer
    And Ana was served by the tools of the free tier
    And Ana may not share a conversation

What A Message Says Of Its Sender Changes Nothing
    [Documentation]    A user_id, organisation or tier in a message is ignored: the run is the sender's own.
    [Tags]    needs:records
    ...       catches:identity-from-payload
    ...       catches:unknown-fields-refused
    ...       catches:event-broadcast-to-every-connection
    ...       catches:manager-shared-between-users
    ...       catches:started-after-first-thinking
    ...       catches:tool-result-disagrees-with-database
    ...       catches:wrong-run-id
    ...       catches:wrong-thread-id
    Given Ana and Boris of different companies are connected
    When Ana asks in the name of Boris
    Then the question is accepted as Ana's, and answered with Ana's own figures
    And nothing of it has reached Boris

Conversations And Runs Of Others Do Not Exist
    [Documentation]    A colleague's, another company's and nobody's are refused with one and the same answer.
    [Tags]    needs:hold
    ...       needs:threads
    ...       needs:cancel
    ...       catches:foreign-thread-continued
    ...       catches:foreign-run-cancelled
    ...       catches:foreign-thread-told-apart
    ...       catches:odd-ids-refused
    ...       catches:errors-without-message-id
    ...       catches:started-after-first-thinking
    ...       catches:wrong-run-id
    ...       catches:wrong-thread-id
    ...       catches:foreign-thread-told-by-its-field
    ...       catches:foreign-run-told-by-its-field
    Given Ana has a run that waits, and Boris and Clara are connected
    Then neither Boris nor Clara can tell Ana's conversation from none
    And neither Boris nor Clara can cancel Ana's run
    And what looks like no id at all is as unknown to Boris
    And Ana's run is answered when it goes on

Whoever Moves To Another Company Reads Its Books And No Others
    [Documentation]    On the connection that is open: the next question is answered from the books of the company that
    ...    Ana belongs to now.
    [Tags]    needs:admin    needs:records    catches:company-remembered-for-ever
    Given Ana and Boris of different companies are connected
    And Ana has the answer to "What did we spend by team?"
    When Ana moves to Contoso
    And Ana asks "What did we spend by team?"
    Then Ana is told the figures of Contoso

What A Company Shares Stays With It
    [Documentation]    Whoever moves to another company leaves shared conversations behind: they are of the company that
    ...    shared them.
    [Tags]    needs:admin
    ...       needs:threads
    ...       needs:tiers
    ...       catches:shared-thread-moves-with-its-owner
    ...       catches:foreign-thread-told-by-its-field
    ...       catches:foreign-thread-told-by-its-owner
    Given Ana and Boris of Northwind and Clara of Contoso are connected
    And Ana shares a conversation about "What did we spend by team?"
    When Ana moves to Contoso
    Then for Clara the conversation does not exist
    And Boris finds the conversation, and reads the question and the answer
    And Boris goes on with the shared conversation and gets a whole answer

What Support Staff Mistype Is Told, And Changes Nothing
    [Documentation]    A tier, a right or a limit that does not exist is refused, and the field is named.
    [Tags]    promise-20    needs:admin    needs:tiers    catches:any-tier-may-be-given
    Given Ana Of Northwind Is Connected
    Then a change of Ana to a tier, rights, limits or a state that do not exist is refused, and the field is named
    And Ana is still the customer that she was

A Downgrade Acts At The Next Question
    [Documentation]    Whoever no longer pays gets what everybody gets, on the connection that is open.
    [Tags]    tier:free
    ...       tier:enterprise
    ...       needs:admin
    ...       needs:tiers
    ...       catches:permissions-frozen-at-creation
    ...       catches:tier-from-the-token
    Given Ana Of Northwind Is Connected
    And Ana shares a conversation about "What will we spend next quarter?"
    When Ana goes back to free
    And Ana has the answer to "What will we spend next quarter?"
    Then Ana was served by the tools of the free tier
    And Ana may not share a conversation

One Id Does Not Lead To The Next
    [Documentation]    Ids of runs and conversations have nothing in common, so that nobody guesses a stranger's.
    [Tags]    needs:threads    catches:ids-by-the-clock
    Given Ana Of Northwind Is Connected
    When Ana has asked 4 questions
    Then the ids of her runs and conversations have nothing in common
