*** Settings ***
Documentation    What the database holds is what customers were told, and no secret.
...
...              Why it matters: the log of events is what is left when everything else is gone: whoever reads it, or
...              its backup, must find what happened, and must not find a way to log in.

Resource         ../../resources/chat.resource
Resource         ../../resources/stored.resource

Test Tags        area:processes    severity:critical    needs:read_database


*** Test Cases ***
Every Event That A Customer Saw Is Stored
    [Documentation]    In the order of their numbers, byte for byte, and without any token or password.
    [Tags]    promise-26    needs:sign_up    catches:log-tidied-up    catches:passwords-kept-in-clear
    Given Ana has logged in and is connected
    And Ana has the answer to "Where can we cut our cloud bill?"
    When the database is opened
    Then its rows of Ana's events are what was received, in order and byte for byte
    And no row of any table holds a token or a password of hers
