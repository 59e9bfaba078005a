*** Settings ***
Documentation    The usage report answers exactly what it is asked, or says that it cannot.
...
...              Why it matters: budgets are made from this page. A filter that is passed over shows a sum that is too
...              high, and nobody sees it in the figure.

Resource         ../resources/chat.resource
Resource         ../resources/usage.resource

Test Setup       Ana Of Northwind Is Connected

Test Tags        area:agent-events    severity:normal    needs:records


*** Test Cases ***
The Usage Report Takes The Filters Of A Question
    [Documentation]    One team, one service, one month, by region: the page and the agent tell the same.
    [Tags]    promise-09
    ...       catches:usage-filters-ignored
    ...       catches:usage-total-of-everything
    ...       catches:usage-without-currency
    When Ana asks "What did payments spend on the database by region in 2026-09?"
    And Ana sees the answer
    Then Ana's usage report tells the same for "group_by=region&team=payments&service=database&month=2026-09"

A Usage Report Without A Grouping Is By Service
    [Documentation]    As the agent tells it when it is asked for services.
    [Tags]    promise-09
    ...       catches:usage-grouped-otherwise
    ...       catches:tool-result-disagrees-with-database
    ...       catches:usage-without-currency
    When Ana asks "What did we spend by service?"
    And Ana sees the answer
    Then Ana's usage report tells the same for ""

A Usage Report Is Of What Was Asked For
    [Documentation]    Rows and total follow from the records and from no other rows. A team that nobody has ever heard
    ...    of has spent nothing, and so has one without a name.
    [Tags]    promise-09
    ...       catches:usage-filters-ignored
    ...       catches:usage-grouped-otherwise
    ...       catches:usage-empty-filter-skipped
    ...       catches:usage-total-of-everything
    ...       catches:all-months-shown-as-one
    [Template]    Usage report is true
    ${EMPTY}
    group_by=month
    team=payments
    group_by=team&provider=gcp&month=2026-09
    group_by=region&service=database
    team=nobody
    team=
    group_by=month&region=

A Company That Comes With Its Records Is Told Of Them
    [Documentation]    What was spent before is not forgotten, and not made up.
    [Tags]    promise-09    needs:admin    catches:records-given-at-first-lost
    Given Ben belongs to Contoso, which has come with records of its own
    Then Ben's usage report is of those records

Whoever Sends Too Much Is Told So
    [Documentation]    413 (RFC 9110, section 15.5.14) beyond 64 KiB: a client can tell it from what it has written
    ...    wrongly.
    [Tags]    needs:sign_up    catches:too-large-told-as-malformed
    Then a login of 100000 bytes is refused as too large

Whoever Uses A Wrong Method Is Told Which Are Right
    [Documentation]    405 with Allow (RFC 9110, section 15.5.6): a client finds out by itself what it may do.
    [Tags]    catches:allowed-methods-untold
    Then an attempt to DELETE /usage/summary is told to GET
    And an attempt to PUT /threads is told to GET

A Usage Report That Is Asked For Wrongly Is Refused
    [Documentation]    Each mistake is refused with the parameter that it is in: none is passed over.
    [Tags]    catches:usage-takes-anything
    [Template]    Usage Report Is Refused
    # what is asked    the parameter that is wrong
    group_by=colour    group_by
    colour=red    colour
    organisation_id=o_00000000000000000000000000000000    organisation_id
    team=payments&team=platform    team
    group_by=team&group_by=month    group_by
    month=%00    month
