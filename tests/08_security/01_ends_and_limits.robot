*** Settings ***
Documentation    Rights end when they end, limits hold, and nobody may do what was not granted.
...
...              Why it matters: a token that outlives its expiry, a limit that a second tab gets around, or a right
...              that is read from what the client says, is how one customer becomes a problem for all of them.

Resource         ../../resources/chat.resource
Resource         ../../resources/messages.resource
Resource         ../../resources/security.resource
Resource         ../../resources/rights.resource
Resource         ../../resources/reconnection.resource
Resource         ../../resources/tokens.resource

Test Tags        area:security    severity:critical


*** Test Cases ***
An Expired Token Ends The Connection
    [Documentation]    Closed with 1008 token_expired within two seconds after the expiry; whoever has renewed the
    ...    token goes on.
    [Tags]    promise-27
    ...       needs:mint
    ...       needs:refresh
    ...       catches:expiry-ignored-on-live-connection
    ...       catches:live-expiry-late
    ...       catches:refresh-does-not-extend
    ...       catches:auth-failure-without-a-reason
    Given Ana and Boris are connected with tokens that expire in 2 seconds
    When Ana renews her token and Boris does not
    Then Boris' connection closes as token expired, between the expiry and 2 seconds later
    And Ana still gets an answer

A Customer Is Warned Before The Token Expires
    [Documentation]    token_expiring comes once for each token, at once when less than a minute is left.
    [Tags]    promise-27
    ...       needs:mint
    ...       needs:refresh
    ...       catches:no-word-before-expiry
    ...       catches:expiry-in-milliseconds
    ...       catches:expiry-announced-late
    Given Ana is connected with a token that expires in 50 seconds
    Then Ana is warned once, with the time of the expiry

A Renewed Token Replaces The Old One
    [Documentation]    The old token opens no new connection any more, but what it has opened goes on; a token of
    ...    somebody else is refused, and the connection keeps its old identity.
    [Tags]    promise-27
    ...       needs:refresh
    ...       catches:old-token-usable-after-refresh
    ...       catches:foreign-token-refreshes
    ...       catches:renewal-ends-other-devices
    ...       catches:reason-told-in-401
    ...       catches:reason-told-in-the-challenge
    ...       catches:errors-without-message-id
    Given Ana has logged in and renewed her tokens
    And Ana's phone is connected with the old token
    When Ana hands over the new token
    Then Ana's old token opens no connection any more
    And a token of Boris is refused on Ana's connection
    And Ana still gets an answer
    And so does Ana's phone, which has the old token

Logging Out Closes Every Connection Of That Login
    [Documentation]    Closed with 1008 logged_out, on every device of that login; another login goes on.
    [Tags]    promise-27
    ...       needs:refresh
    ...       needs:sign_up
    ...       catches:logout-leaves-sockets-open
    ...       catches:logout-closes-other-devices
    ...       catches:token-usable-after-logout
    ...       catches:auth-failure-without-a-reason
    ...       catches:close-reason-lost
    ...       catches:reason-told-in-401
    ...       catches:reason-told-in-the-challenge
    ...       catches:refresh-survives-logout
    Given Ana is connected twice with one login and once with another
    When Ana logs out of the first
    Then both connections of the first login close as logged out
    And the token of the first login opens no connection any more
    And the login's refresh token is refused
    And the connection of the other login still works

A Refresh Token Works Once
    [Documentation]    Used again, it was stolen: the whole login is revoked. Used twice at the same moment, it works
    ...    once as well.
    [Tags]    promise-27
    ...       needs:refresh
    ...       needs:sign_up
    ...       catches:refresh-token-reusable
    ...       catches:refresh-token-works-twice-at-once
    ...       catches:auth-failure-without-a-reason
    ...       catches:logout-leaves-sockets-open
    ...       catches:refresh-survives-logout
    ...       catches:token-usable-after-logout
    ...       catches:reason-told-in-the-challenge
    Given Ana has logged in and renewed her tokens
    Then the first refresh token is refused when it is used again
    And Ana's connection closes as logged out
    And the login's refresh token is refused
    And the renewed token opens no connection either
    When Ana logs in once more
    Then Ana's new refresh token works once, even when it is used 8 times at the same moment

A Disabled Customer Is Out At Once
    [Documentation]    Closed with 1008 disabled; no new connection, no login, no question.
    [Tags]    promise-29
    ...       needs:admin
    ...       needs:sign_up
    ...       catches:disabled-user-keeps-working
    ...       catches:disabled-user-comes-back
    ...       catches:auth-failure-without-a-reason
    ...       catches:reason-told-in-401
    ...       catches:reason-told-in-the-challenge
    Given Ana Of Northwind Is Connected
    When Ana is disabled
    Then Ana's connection closes as disabled
    And Ana can neither connect nor log in any more

Abuse Is Throttled
    [Documentation]    Over the limit: rate_limited, with a retry_after that is true: refused at half of it, accepted
    ...    just after it, and then one message at a time.
    [Tags]    promise-28
    ...       needs:admin
    ...       needs:limits
    ...       catches:no-rate-limit
    ...       catches:limit-never-recovers
    ...       catches:retry-after-too-short
    ...       catches:refused-messages-cost
    ...       catches:pings-cost
    ...       catches:errors-without-message-id
    ...       catches:whole-burst-after-a-wait
    ...       catches:retry-after-in-whole-seconds
    Given Ana may send 5 messages in a burst and 40 a minute
    When Ana has sent 5 messages
    Then the next one is refused, with the time to wait
    And it is refused again at half of that time
    And it is accepted just after that time
    And the next one is refused, with the time to wait

Pings Are Free And Every Other Message Costs
    [Documentation]    A wrong message costs like a right one; a ping and a refused message cost nothing.
    [Tags]    promise-28
    ...       needs:admin
    ...       needs:limits
    ...       needs:cancel
    ...       catches:wrong-messages-cost-nothing
    ...       catches:incomplete-messages-cost-nothing
    ...       catches:unreadable-messages-cost-nothing
    ...       catches:pings-cost
    ...       catches:limit-global
    ...       catches:no-rate-limit
    ...       catches:unknown-type-ignored
    ...       catches:errors-without-message-id
    Given Ana may send 7 messages in a burst and 6 a minute
    Then Ana's 2 good messages, 5 that are wrong in 5 ways and 100 pings are answered for what they are
    And the next one is refused, with the time to wait

A Second Connection Does Not Help
    [Documentation]    The limit is the customer's, over all connections, and nobody else's.
    [Tags]    promise-28
    ...       needs:admin
    ...       needs:limits
    ...       catches:limit-per-connection
    ...       catches:limit-global
    ...       catches:no-rate-limit
    ...       catches:errors-without-message-id
    Given Ana may send 5 messages in a burst and 30 a minute
    And Boris of the same company is connected too
    Then Ana's first 5 messages are accepted
    And Ana is refused on a second connection as well
    And Boris is served in the same second

Connections Are Limited For Each Customer
    [Documentation]    One more than granted is refused with 429 and a time to wait; closing one makes room.
    [Tags]    promise-28
    ...       needs:admin
    ...       needs:limits
    ...       catches:connections-unlimited
    ...       catches:connection-slot-never-freed
    ...       catches:retry-after-header-lost
    ...       catches:refusals-tell-the-inside
    Given Ana may have 2 connections
    When Ana has opened both
    Then a third is refused with 429 and a time to wait
    And when one is closed there is room again
