*** Settings ***
Documentation    A token opens what it is for, for as long as it is good, and a login that ends takes its tokens along.
...
...              Why it matters: tokens leak, people lose phones and change companies. What closes the chat must
...              close everything else as well, and what was renewed must end like what it has replaced.

Resource         ../../resources/tokens.resource
Resource         ../../resources/messages.resource
Resource         ../../resources/rights.resource

Test Tags        area:security    severity:critical


*** Test Cases ***
Reading Needs A Good Token
    [Documentation]    Conversations and spending are shown over HTTP to whoever may connect, and to nobody else.
    [Tags]    promise-27
    ...       needs:admin
    ...       needs:mint
    ...       needs:refresh
    ...       needs:sign_up
    ...       needs:threads
    ...       needs:refusal_codes
    ...       catches:reading-with-any-token
    ...       catches:refresh-token-accepted
    ...       catches:token-usable-after-logout
    ...       catches:disabled-user-comes-back
    ...       catches:other-organisation-accepted
    ...       catches:leeway-for-expired-tokens
    Given Ana has a conversation that she can read over HTTP
    Then nothing is read without a token
    And nothing is read with a token that has expired
    And nothing is read with a refresh token
    And nothing is read with a token of a login that has ended
    And nothing is read with her good token while she is disabled
    And nothing is read with her good token when she has changed companies

Only A Good Access Token Renews A Connection
    [Documentation]    A refresh token is none, and one that has expired is told as such; what would open no connection
    ...    any more renews none either. The connection goes on.
    [Tags]    promise-27
    ...       needs:mint
    ...       needs:refresh
    ...       needs:sign_up
    ...       needs:errors
    ...       catches:refresh-token-renews-connection
    ...       catches:refresh-token-accepted
    ...       catches:expired-renewal-told-as-forbidden
    ...       catches:revoked-token-renews-connection
    ...       catches:errors-without-message-id
    Given Ana has logged in and is connected
    Then Ana's refresh token is refused on the open connection
    And a token of hers that has expired is refused as such
    And a token that she has replaced is refused on the open connection
    And a token of a login that she has ended is refused on the open connection
    And Ana still gets an answer

A Connection Stays With The Company That It Was Opened For
    [Documentation]    Whoever has moved to another company opens a new one: a token of that company renews none of
    ...    before.
    [Tags]    promise-27
    ...       needs:admin
    ...       needs:refresh
    ...       needs:sign_up
    ...       needs:errors
    ...       catches:token-of-another-company-renews
    ...       catches:foreign-token-refreshes
    Given Ana Of Northwind Is Connected, And Contoso Is A Customer Too
    When Ana moves to Contoso
    Then a token of hers for the new company is refused on the open connection
    And Ana's ping is answered by its own pong

Access Tokens Live As Long As Agreed
    [Documentation]    The first of a login and one that has replaced it: neither is good for longer, if it leaks.
    [Tags]    promise-27
    ...       needs:refresh
    ...       needs:sign_up
    ...       catches:access-tokens-live-for-a-day
    ...       catches:renewal-tells-no-expiry
    ...       catches:claims-left-empty
    ...       catches:expires-in-counts-milliseconds
    Given Ana has logged in and renewed her tokens
    Then her first access token and the new one live as long as agreed
    And what she is told of a renewed token is true

Refresh Tokens Expire
    [Documentation]    One that turns up in an old backup opens nothing, although its login goes on.
    [Tags]    promise-27
    ...       needs:mint
    ...       needs:refresh
    ...       needs:sign_up
    ...       catches:expired-refresh-token-renews
    ...       catches:leeway-for-expired-tokens
    Given Ana has logged in and is connected
    Then Ana's refresh token is refused from its expiry on, and one that has not expired still renews

A Renewed Connection Ends With Its New Token
    [Documentation]    Whoever has renewed once is warned again, and closed with 1008 token_expired within two seconds
    ...    after the new expiry.
    [Tags]    promise-27
    ...       needs:mint
    ...       needs:refresh
    ...       catches:second-expiry-unannounced
    ...       catches:renewed-connection-never-ends
    Given Ana is connected with a token that expires in 30 seconds
    When Ana hands over a token that expires in 3 seconds
    Then Ana has been warned of both expiries
    And Ana's connection closes as token expired, between the new expiry and 2 seconds later

A Warning Comes When A Minute Is Left
    [Documentation]    Neither earlier, when nobody needs it, nor so late that there is no time left to renew.
    [Tags]    promise-27
    ...       needs:mint
    ...       needs:refresh
    ...       catches:expiry-announced-late
    ...       catches:expiry-announced-early
    Given Ana is connected with a token that expires in 62 seconds
    Then Ana is warned when 60 seconds are left, and at most 1 later

Nobody Is Warned Too Early
    [Documentation]    A warning that comes with minutes to spare makes every client renew again and again.
    [Tags]    promise-27
    ...       needs:mint
    ...       needs:refresh
    ...       severity:normal
    ...       -severity:critical
    ...       catches:expiry-announced-too-early
    Given Ana is connected with a token that expires in 300 seconds
    Then Ana is not warned while she asks and is answered

Logging Out Closes What Went On Under The New Login
    [Documentation]    A connection belongs to the login of the token that it has now, not to the one it began with.
    [Tags]    promise-27    needs:refresh    needs:sign_up    catches:connection-keeps-its-first-login
    Given Ana has logged in and is connected
    And Ana goes on under a token of a new login
    When Ana logs out
    Then Ana's connection closes as logged out

Support Ends One Login Or All Of Them
    [Documentation]    A phone that was lost is thrown out alone; an account that was taken over is closed everywhere.
    [Tags]    promise-27
    ...       needs:admin
    ...       needs:mint
    ...       needs:refresh
    ...       needs:sign_up
    ...       catches:logout-closes-other-devices
    ...       catches:logout-leaves-sockets-open
    ...       catches:token-usable-after-logout
    ...       catches:older-tokens-outlive-revocation
    ...       catches:old-told-before-bad
    ...       catches:revocation-misses-who-is-away
    ...       catches:refresh-survives-logout
    ...       catches:auth-failure-without-a-reason
    ...       catches:close-reason-lost
    ...       catches:reason-told-in-401
    ...       catches:reason-told-in-the-challenge
    Given Ana is connected on a laptop and a phone, with a login each
    And Ana has logged in on a tablet that is not connected
    And Ana has older tokens that nobody has noted
    When support ends the login of the laptop
    Then the laptop's connection closes as logged out, and its token is refused, also one that has expired
    And the phone still works
    When support ends all of Ana's logins
    Then the phone's connection closes as logged out, and its token is refused
    And the tablet's token, the older ones and the refresh token are refused too

A Clock That Is A Little Ahead Shuts Nobody Out
    [Documentation]    The machine that issues tokens may be five seconds ahead of the one that reads them.
    [Tags]    promise-03    needs:mint    catches:no-leeway-for-clocks
    Given Ana is an enterprise user of Northwind
    Then a token counts although it is issued in 3 seconds
    And a token counts although it is valid in 3 seconds
