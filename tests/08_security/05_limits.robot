*** Settings ***
Documentation    Everybody gets as much as was sold: not more, by no way around, and not less.
...
...              Why it matters: limits are what is sold. Whoever gets less has paid for nothing; whoever gets more
...              has no reason to pay, and takes it from the others.

Resource         ../../resources/chat.resource
Resource         ../../resources/limits.resource

Test Tags        area:security    severity:critical    needs:admin    needs:limits


*** Test Cases ***
A Refusal Names What Is Wrong First
    [Documentation]    A page that is not ours is told that alone, and an expired token is told before a full house:
    ...    whoever is refused learns what to do about it, and a stranger learns nothing.
    [Tags]    needs:mint    catches:credential-asked-before-the-page    catches:full-house-told-to-the-expired
    Given Ana may have 2 connections
    When Ana has opened both
    Then a page that is not ours is refused for what it is, with a token, without one, and with one connection too many
    And Ana's expired token is refused as expired, though she has no connection left

Every Kind Of Message Costs
    [Documentation]    A question costs like any other message, and so do a cancellation and a new token: no kind of
    ...    message gets around the limit.
    [Tags]    promise-28
    ...       needs:cancel
    ...       needs:refresh
    ...       needs:resume
    ...       catches:questions-cost-nothing
    ...       catches:cancelling-costs-nothing
    ...       catches:no-rate-limit
    Given Ana may send 5 messages in a burst and 6 a minute
    When Ana has sent one message of each kind that is no ping
    Then one more of any kind is refused as too many

Coming Back Is No Second Allowance
    [Documentation]    Whoever has used up the burst leaves and comes back: the limit is the customer's, not the
    ...    connection's.
    [Tags]    promise-28
    ...       catches:burst-refilled-at-return
    ...       catches:bucket-refills-twice-as-fast
    ...       catches:limit-per-connection
    ...       catches:no-rate-limit
    ...       catches:retry-after-too-short
    ...       catches:errors-without-message-id
    Given Ana may send 5 messages in a burst and 1 a minute
    And Ana has sent 5 messages
    When Ana leaves and comes back
    Then the next one is refused, with most of a minute to wait

Connections That Come At Once Are Limited Too
    [Documentation]    The limit holds also in the moment in which a whole fleet of tabs comes back.
    [Tags]    promise-28    catches:connections-unlimited    catches:connections-looked-at-and-then-noted
    Given Ana may have 2 connections
    Then of 12 connections at the same moment 2 are let in, and the others are refused as too many

Each Tier Has The Limits And The Rights That Were Sold
    [Documentation]    What the welcome tells, and what each customer may do, is what the price list says.
    [Tags]    promise-29    needs:tiers    catches:tiers-of-last-year    catches:heartbeat-of-minutes
    [Template]    A Customer Has What The Tier Was Sold With
    # customer    tier
    Ana    free
    Boris    pro
    Clara    enterprise

A Free Day Has As Many Questions As Were Promised
    [Documentation]    Each of them is answered, and one more is declined with an offer. Whoever takes it is answered
    ...    again at once, on the same connection: the question that was declined is asked under its id.
    [Tags]    promise-38
    ...       tier:free
    ...       needs:message_ids
    ...       needs:tiers
    ...       catches:tiers-of-last-year
    ...       catches:upgrade-does-not-lift-a-spent-quota
    ...       catches:declined-question-uses-up-its-id
    ...       catches:quota-not-counted
    ...       catches:quota-one-too-low
    ...       catches:question-beyond-the-quota-asked-later
    Given Ana is a free user of Northwind
    And Ana is connected
    Then Ana is answered as often as the tier allows in a day
    And Ana's next question is declined with an offer and the time when it goes on
    When Ana upgrades to pro
    Then Ana's declined question is answered, when it is sent again

Clients Are Told The Limits That Are In Force
    [Documentation]    A client keeps to what the welcome says: it must be the customer's own limits, not those of
    ...    somebody who has paid for more, or less.
    [Tags]    catches:limits-told-of-the-tier
    ...       catches:heartbeat-of-minutes
    ...       catches:support-shown-the-tiers-limits
    ...       catches:support-shown-no-events
    Given Ana may have 1 run and 2 connections, and send 90 messages a minute
    When Ana is connected
    Then Ana is told these limits, and those of the tier for the rest
    And Ana has the answer to "What did we spend in total?"
    And support is shown the same limits of Ana, and what she has done

A Quota Is The Customer's Own
    [Documentation]    What a colleague has asked is nobody else's: each has their own questions a day.
    [Tags]    promise-28
    ...       tier:free
    ...       needs:tiers
    ...       catches:quota-of-the-organisation
    ...       catches:quota-not-counted
    ...       catches:dropped-agent-completed
    ...       catches:errors-without-message-id
    ...       catches:offer-missing
    ...       catches:quota-error-wall
    ...       catches:quota-one-too-low
    ...       catches:stream-stops-silently
    Given Ana is a free user of Northwind who may ask twice a day
    And Boris is a free user of Northwind who may ask twice a day
    And Ana and Boris are connected
    Then Ana and Boris are answered twice each, in turns
    And Ana's next question is declined with an offer and the time when it goes on
    And Boris's next question is declined with an offer and the time when it goes on

Only What Was Accepted Counts
    [Documentation]    A question that is sent again, because the network was bad, is one question, also when it was
    ...    the last of the day; one that was declined is none.
    [Tags]    promise-28
    ...       tier:free
    ...       needs:message_ids
    ...       needs:threads
    ...       needs:tiers
    ...       catches:repeated-questions-count
    ...       catches:repeats-declined-when-the-quota-is-spent
    ...       catches:declined-questions-count
    ...       catches:dropped-agent-completed
    ...       catches:errors-without-message-id
    ...       catches:offer-missing
    ...       catches:queue-drops-the-oldest
    ...       catches:quota-error-wall
    ...       catches:quota-not-counted
    ...       catches:quota-one-too-low
    ...       catches:same-message-id-runs-twice
    ...       catches:stream-stops-silently
    Given Ana is a free user of Northwind who may ask twice a day
    And Ana is connected
    Then Ana's question is one question, though it is sent 3 times
    And Ana cannot go on with a conversation that does not exist
    And Ana has the answer to "Which resources are idle?"
    And Ana's next question is declined with an offer and the time when it goes on
    And Ana's last question of the day is acknowledged again, when it is sent again

An Offer Is Made Of The Next Tier Alone
    [Documentation]    Whoever pays is shown no advertisement with an answer. When the day's questions are used up, the
    ...    offer is of the next tier, and there is none for whoever has the highest.
    [Tags]    promise-38
    ...       needs:tiers
    ...       catches:offer-to-those-who-pay
    ...       catches:offer-of-the-own-tier
    ...       catches:offer-missing
    ...       catches:quota-error-wall
    [Template]    An Offer Leads To The Next Tier
    # customer    tier    what is offered when the day's questions are used up
    Boris    pro    enterprise
    Clara    enterprise    nothing

Whoever Leaves Too Much Unread Is Disconnected
    [Documentation]    By how much is unread, long before time alone would tell: what piles up for one customer is
    ...    memory of all. Her other device goes on.
    [Tags]    promise-34    needs:private_backend    catches:unread-without-end
    Given Ana has a laptop and a phone on a backend that lets little pile up, and waits ten minutes
    When Ana's phone reads nothing any more, and nothing more gets through to it
    Then Ana's laptop is answered at length, three times
    And Ana's phone has been ended as a slow consumer
