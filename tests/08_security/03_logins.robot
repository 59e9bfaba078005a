*** Settings ***
Documentation    Nobody gets in by guessing, and nobody takes more than a fair share.
...
...              Why it matters: passwords are guessed all day long, by machines; and one customer's load must not
...              become everybody's wait.

Resource         ../../resources/chat.resource
Resource         ../../resources/messages.resource
Resource         ../../resources/logins.resource

Test Tags        area:security    severity:critical


*** Test Cases ***
Nobody Logs In With A Wrong Password
    [Documentation]    Refused in the same words as an account that does not exist.
    [Tags]    promise-01    needs:sign_up    catches:any-password-accepted
    Given Ana is an enterprise user of Northwind
    Then a wrong password for Ana and any password for nobody are refused alike
    And the right password still works

Guessing Does Not Tell Who Is A Customer
    [Documentation]    However often somebody guesses, an address that nobody has is refused like a customer's: as
    ...    wrong at first, and as too many later, with the time to wait.
    [Tags]    promise-28
    ...       needs:sign_up
    ...       catches:guesses-counted-for-accounts-alone
    ...       catches:password-guessing-not-throttled
    ...       catches:failed-logins-lock-for-a-day
    ...       catches:login-wait-untold
    ...       catches:login-wait-told-to-accounts-alone
    Given Ana is an enterprise user of Northwind
    Then of 6 wrong passwords for Ana 5 are looked at, and of as many for nobody too

An Address Belongs To Whoever Signed Up With It
    [Documentation]    Nobody gets a customer's account by signing up once more, in capitals or not.
    [Tags]    promise-01    needs:sign_up    catches:sign-up-takes-an-account-over
    Given Ana is an enterprise user of Northwind
    Then nobody else can sign up with Ana's address
    And the right password still works

Whoever Signs Up Begins As A Free Customer
    [Documentation]    What is sold is not given away: neither the tier nor a permission that it lacks.
    [Tags]    promise-29
    ...       tier:free
    ...       needs:sign_up
    ...       needs:admin
    ...       needs:tiers
    ...       catches:sign-up-grants-the-top-tier
    ...       catches:welcome-with-wrong-tier
    Given Ana has signed up and logged in
    And Ana is connected
    Then Ana begins as a free customer, and may do what free customers may and nothing else

The Name Of A Company Opens Nothing
    [Documentation]    Whoever signs up with the name of a company that is there gets a company of their own.
    [Tags]    promise-37
    ...       needs:sign_up
    ...       needs:records
    ...       needs:threads
    ...       needs:tiers
    ...       catches:sign-up-joins-a-namesake
    ...       catches:foreign-thread-told-by-its-field
    ...       catches:foreign-thread-told-by-its-owner
    Given Ana is an enterprise user of Tailspin
    And Ana is connected
    And Ana shares a conversation about "What did we spend by team?"
    When Clara signs up for another company that is called Tailspin too
    Then Clara has a company of her own, not Ana's
    And Clara is shown other figures than Ana
    And for Clara the conversation does not exist

Guessing A Password Is Stopped After Five Tries
    [Documentation]    After five wrong ones, however the address is spelt, the account is closed for a while, with
    ...    the time to wait: a minute at the most. Other accounts are not.
    [Tags]    promise-28
    ...       needs:sign_up
    ...       catches:password-guessing-not-throttled
    ...       catches:guesses-counted-by-spelling
    ...       catches:failed-logins-lock-for-a-day
    ...       catches:login-wait-untold
    Given Ana is an enterprise user of Northwind
    And Boris is an enterprise user of Northwind
    When somebody tries 5 wrong passwords for Ana, each second one in capitals
    Then not even the right one is looked at for a while
    And Boris can log in as usual

Right Logins Never Count As Guesses
    [Documentation]    Somebody with many devices logs in many times; whoever knows the password is no guesser.
    [Tags]    promise-28    needs:sign_up    catches:right-logins-counted-as-guesses    catches:logins-at-once-refused
    Given Ana is an enterprise user of Northwind
    Then Ana can log in 7 times in a row
    And Ana can log in 24 times at the same moment

Guessing Many Passwords At Once Does Not Help
    [Documentation]    However many come in the same moment, five are looked at; the owner of another account notices
    ...    nothing.
    [Tags]    promise-28
    ...       needs:sign_up
    ...       catches:password-guessing-not-throttled
    ...       catches:guesses-at-once-slip-through
    Given Ana is an enterprise user of Northwind
    And Boris is an enterprise user of Northwind
    Then of 16 wrong passwords for Ana at the same moment only 5 are looked at
    And Boris can log in as usual

A Wrong Sign-Up Is Told What Is Wrong
    [Documentation]    The field is named, so that the page can show the newcomer where to look.
    [Tags]    promise-20
    ...       needs:sign_up
    ...       severity:normal
    ...       -severity:critical
    ...       catches:any-password-may-be-chosen
    ...       catches:sign-up-field-unnamed
    [Template]    Wrong Sign Up Should Name
    # the field    what is wrong with it
    password    password=secret
    password    password=${None}
    email    email=${None}
    email    email=nobody at home
    name    name=${None}
    name    name=${SPACE}

Runs At The Same Time Are Limited
    [Documentation]    One more than granted is declined; when one ends, answered or cancelled, there is room again,
    ...    for the very question that was declined too.
    [Tags]    promise-28
    ...       needs:hold
    ...       needs:admin
    ...       needs:limits
    ...       needs:cancel
    ...       needs:message_ids
    ...       catches:runs-unlimited
    ...       catches:cancelled-runs-count
    ...       catches:declined-question-uses-up-its-id
    ...       catches:errors-without-message-id
    ...       catches:some-errors-without-message-id
    Given Ana may have 2 runs at the same time, and both wait
    Then a third question is declined as too many
    When Ana cancels the first of them
    Then there is room for the third question
    When the runs go on and are answered
    Then Ana still gets an answer
