*** Settings ***
Documentation    Health tells the truth, soon, also when the truth is bad.
...
...              Why it matters: load balancers and people on call believe this page. One that says healthy while
...              nothing is stored sends every customer into the outage.

Resource         ../../resources/chat.resource
Resource         ../../resources/operations.resource
Resource         ../../resources/outage.resource
Resource         ../../resources/draining.resource

Suite Setup      Start Private Backend

Test Tags        area:health    severity:critical    needs:private_backend


*** Test Cases ***
Health Is Good When All Is Well
    [Documentation]    200, healthy, and who says so: service, version, instance, time, and each check by name.
    [Tags]    promise-30    catches:health-tells-only-its-status
    When an operator asks for the health
    Then it is healthy, and says which service, version, instance and time it speaks of

Health Is Bad Without A Database, And Good Again With It
    [Documentation]    503 within two seconds although the database hangs, or only lets itself be read, and no word of
    ...    a second ago; 200 again when it answers.
    [Tags]    promise-30
    ...       needs:lose_database
    ...       catches:health-always-healthy
    ...       catches:health-hangs-with-database
    ...       catches:health-probe-only-reads
    ...       catches:health-of-a-while-ago
    ...       catches:checks-always-ok
    Given the health is good
    And the database answers no more
    Then the health is bad, and that is said within 2 seconds
    When the database answers again
    Then the health is good again
    When the database can be read, but nothing can be stored in it
    Then the health is bad, and that is said within 2 seconds
    When the database answers again
    Then the health is good again

A Service That Is Only Slow Goes On Being Used
    [Documentation]    200 and degraded: whoever shares customers out must not take away what still answers.
    [Tags]    promise-30    catches:degraded-told-as-down
    When Ana is connected to a backend that finds its database slow
    Then its health is degraded, and it is not taken out
    And Ana has the answer to "What did we spend in total?"

Without A Database Nothing Is Promised And Nothing Is Lost
    [Documentation]    New connections and logins get 503, and questions are declined as unavailable, in words that
    ...    tell nothing about the inside; when the database is back everything works on the same connection, and what
    ...    was declined has left nothing behind.
    [Tags]    promise-30
    ...       needs:lose_database
    ...       catches:acknowledged-before-stored
    ...       catches:health-always-healthy
    ...       catches:errors-without-message-id
    ...       catches:outage-told-with-its-cause
    ...       catches:refusals-tell-the-inside
    ...       catches:question-of-an-outage-asked-later
    Given Ana Of Northwind Is Connected
    And the database answers no more
    Then nobody can connect, and is told to come back later
    And Ana's question is declined as unavailable
    And nobody can log in, and is told to come back later
    And nothing that is told meanwhile tells about the inside
    When the database answers again
    Then the health is good again
    And Ana has the answer to "What did we spend in total?"
    And the declined question has started nothing

Without A Database Nobody Is Logged Out
    [Documentation]    Whoever is told 401 throws the login away. A refresh token that came at a bad moment is as good
    ...    afterwards as before.
    [Tags]    promise-30
    ...       needs:lose_database
    ...       needs:mint
    ...       needs:refresh
    ...       needs:sign_up
    ...       catches:outage-logs-everybody-out
    ...       catches:outage-told-after-all-else
    Given Ana has logged in and is connected
    And the database answers no more
    Then Ana's login is not renewed, and she is told to come back later
    And neither a stranger nor a page that is not ours is told anything else
    And Ana's expired token is no reason to log in again
    When the database answers again
    Then the health is good again
    And Ana's login is renewed with the same refresh token

Only Operators See The Metrics
    [Documentation]    Without the administrator's credential there are none, not even with a customer's token.
    [Tags]    promise-31    severity:normal    -severity:critical    catches:metrics-for-everybody
    Given Ana Of Northwind Is Connected
    Then neither a stranger nor Ana can read the metrics or the administration

Only Operators Change Anything
    [Documentation]    Whoever could would upgrade themselves, shut others out, or take the whole service down.
    [Tags]    promise-29    needs:admin    catches:administration-open-to-changes
    Given Ana Of Northwind Is Connected
    Then neither a stranger nor Ana can change anything by the administration
    And Ana has the answer to "What did we spend in total?"

The Metrics Name No Customer, And The Log Holds No Secret
    [Documentation]    The metrics hold no id, address or company of a customer. Neither they nor the log hold a
    ...    secret, not even a wrong password, which is nearly the right one; and the log holds nothing of what is asked
    ...    for in an address.
    [Tags]    promise-31
    ...       needs:backend_log
    ...       catches:metrics-expose-user-ids
    ...       catches:metrics-name-companies
    ...       catches:token-in-metrics
    ...       catches:token-in-logs
    ...       catches:wrong-password-in-logs
    ...       catches:questions-in-addresses-in-logs
    Given Ana Of Northwind Is Connected
    And Ana has done all that can go wrong with tokens
    And Ana has mistyped her password
    Then the metrics hold nothing of Ana's
    And the log holds no secret
    And what Ana asks of the usage report does not stand in the log

Operators Find Out Why Somebody Was Refused
    [Documentation]    Whoever comes with a bad token is told nothing of what is wrong with it; the log tells.
    [Tags]    promise-03
    ...       needs:backend_log
    ...       needs:mint
    ...       severity:normal
    ...       -severity:critical
    ...       catches:refusals-leave-no-trace
    ...       catches:refusals-logged-without-reason
    ...       catches:reason-told-in-the-challenge
    Given Ana is an enterprise user of Northwind
    Then two bad tokens of Ana are refused alike, and told apart in the log
