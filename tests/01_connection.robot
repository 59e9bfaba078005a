*** Settings ***
Documentation    Customers reach their agent, and nobody else does.
...
...              Why it matters: a customer who cannot connect has no product; a stranger who can has everybody's.

Resource         ../resources/chat.resource
Resource         ../resources/security.resource
Resource         ../resources/operations.resource

Test Tags        area:connection    severity:critical


*** Variables ***
${ANOTHER KEY: str}           a-key-that-is-long-enough-and-is-not-ours
&{EMPTY BEARER: str}          Authorization=Bearer${SPACE}
&{PASSWORD: str}              Authorization=Basic YW5hOm5vdC1hLXRva2Vu
&{CUT SUBPROTOCOL: str}       Sec-WebSocket-Protocol=agent-chat.v1, jwt.a
&{ODD SUBPROTOCOL: str}       Sec-WebSocket-Protocol=agent-chat.v1, jwt.a+b
&{BYTES SUBPROTOCOL: str}     Sec-WebSocket-Protocol=agent-chat.v1, jwt._w
&{FOREIGN SITE: str}          Origin=https://not-ours.example
&{OPAQUE SITE: str}           Origin=null
@{TWO OTHER SERVICES: str}    another-service    a-third-one


*** Test Cases ***
A Signed In User Connects
    [Documentation]    The token comes from a real login, and the welcome names the person it belongs to.
    [Tags]    promise-01
    ...       needs:sign_up
    ...       needs:tiers
    ...       catches:welcome-with-wrong-tier
    ...       catches:sign-up-grants-the-top-tier
    ...       catches:expires-in-counts-milliseconds
    ...       catches:login-tells-no-rights
    ...       catches:login-without-token-type
    ...       catches:claims-left-empty
    Given Ana has signed up and logged in
    When Ana connects with the token in the header
    Then Ana is welcomed by name, with the tier that was paid for
    And Ana's ping is answered by its own pong
    And what Ana is told at a login is true, and so is what her token says of her

A Signed In User Connects From A Browser
    [Documentation]    Browsers cannot set headers: there the token travels as a subprotocol, and only the
    ...    agreed subprotocol is ever selected. They tell which page they show, and our own is welcome.
    [Tags]    promise-01
    ...       needs:sign_up
    ...       needs:subprotocol
    ...       needs:tiers
    ...       catches:subprotocol-not-echoed
    ...       catches:token-selected-as-subprotocol
    ...       catches:first-subprotocol-selected
    ...       catches:compression-negotiated
    ...       catches:welcome-with-wrong-tier
    ...       catches:sign-up-grants-the-top-tier
    ...       catches:own-origin-refused
    Given Ana has signed up and logged in
    When Ana connects with the token as a subprotocol
    Then Ana is welcomed by name, with the tier that was paid for
    And only the agreed subprotocol was selected for Ana
    And nothing else that Ana offers is ever taken
    And Ana's ping is answered by its own pong
    And Ana is let in from our own page as well

Nobody Connects Without A Credential
    [Documentation]    Refused before the upgrade with 401 and a challenge; a token in an address does not count,
    ...    not even beside a good one, because addresses end up in logs.
    [Tags]    promise-02
    ...       catches:no-credential-accepted
    ...       catches:query-string-token-accepted
    ...       catches:query-string-token-overlooked
    ...       catches:subprotocol-companion-not-needed
    ...       catches:missing-told-as-invalid
    ...       catches:challenge-missing
    ...       catches:refused-without-a-word
    ...       catches:refused-after-the-upgrade
    [Setup]    Ana is an enterprise user of Northwind
    [Template]    Connecting Is Refused
    # what she presents    error code    how
    nothing    missing_credential
    an empty token    missing_credential    headers=${EMPTY BEARER}
    a password    missing_credential    headers=${PASSWORD}
    a token in the address    missing_credential    carrier=token_query
    an access token in the address    missing_credential    carrier=access_token_query
    a token in the address as well    invalid_token    carrier=header    also_in=token_query
    a subprotocol without its companion    missing_credential    carrier=bare_subprotocol

Nobody Connects With A Bad Token
    [Documentation]    Each is refused with one and the same answer, so that nobody learns what was wrong.
    [Tags]    promise-03
    ...       needs:mint
    ...       catches:signature-not-checked
    ...       catches:alg-none-accepted
    ...       catches:issuer-ignored
    ...       catches:audience-ignored
    ...       catches:refresh-token-accepted
    ...       catches:not-before-ignored
    ...       catches:algorithm-not-pinned
    ...       catches:issued-in-the-future-accepted
    ...       catches:leeway-of-minutes
    ...       catches:leeway-of-half-a-minute
    ...       catches:token-without-expiry-accepted
    ...       catches:empty-claims-accepted
    ...       catches:unknown-user-accepted
    ...       catches:other-organisation-accepted
    ...       catches:forged-told-as-expired
    ...       catches:old-told-before-bad
    ...       catches:reason-told-in-401
    ...       catches:reason-told-in-the-challenge
    ...       catches:token-echoed-in-the-refusal
    [Setup]    Ana And Boris Work For Different Companies
    [Template]    A Token Is Refused That Is
    # what is wrong    how it is made
    signed with another key    key=${ANOTHER KEY}
    not signed at all    algorithm=none
    signed with another algorithm    algorithm=HS512
    from another issuer    iss=somebody-else
    meant for another service    aud=another-service
    meant for a service of a longer name    aud=agent-chat-admin
    meant for two other services    aud=${TWO OTHER SERVICES}
    meant for no service    without=aud
    a refresh token    token_type=refresh
    not valid for another minute    valid_from=60
    issued a minute in the future    iat=${{ int(time.time()) + 60 }}
    not valid for another 12 seconds    valid_from=12
    issued 12 seconds in the future    iat=${{ int(time.time()) + 12 }}
    issued in the far future    iat=${9999999999}
    without an expiry    without=exp
    of an expiry that is a text    exp=9999999999
    of an expiry that is no whole number    exp=${9999999999.5}
    without a time of issue    without=iat
    without an issuer    without=iss
    without a person    without=sub
    without an organisation    without=org
    without a login    without=sid
    without a type    without=token_type
    without an id    without=jti
    of an empty login    sid=${EMPTY}
    of an empty id    jti=${EMPTY}
    with a NUL character in its id    jti=${{ 'j' + chr(0) }}
    for nobody we know    sub=u_00000000000000000000000000000000
    for another organisation    org=${BORIS' ORGANISATION}
    expired and signed with another key    key=${ANOTHER KEY}    expires_in=-60
    expired and meant for another service    aud=another-service    expires_in=-60
    expired and a refresh token    token_type=refresh    expires_in=-60
    expired and for nobody we know    sub=u_00000000000000000000000000000000    expires_in=-60
    expired and for another organisation    org=${BORIS' ORGANISATION}    expires_in=-60

A Token That Was Tampered With Is Refused
    [Documentation]    A good signature over other claims is no signature.
    [Tags]    promise-03
    ...       needs:mint
    ...       catches:signature-not-checked
    ...       catches:tampered-payload-accepted
    ...       catches:reason-told-in-401
    ...       catches:reason-told-in-the-challenge
    ...       catches:token-echoed-in-the-refusal
    Given Ana And Boris Work For Different Companies
    And Ana has logged in
    Then Ana's token with Boris' name in it is refused
    And a token that is no token at all is refused

An Expired Token Is Told Apart From A Bad One
    [Documentation]    A client can tell "log in again" from "go away"; there is no leeway.
    [Tags]    promise-03
    ...       needs:mint
    ...       needs:refusal_codes
    ...       catches:expiry-ignored-at-handshake
    ...       catches:leeway-for-expired-tokens
    ...       catches:expired-told-as-invalid
    ...       catches:welcome-with-wrong-tier
    Given Ana is an enterprise user of Northwind
    Then Ana's token that expired a second ago is refused as expired
    And Ana's good token is accepted

Two Credentials That Differ Are Refused
    [Documentation]    Nobody can guess which of the two was meant, so neither counts.
    [Tags]    promise-03
    ...       needs:subprotocol
    ...       catches:first-of-two-credentials-counts
    ...       catches:first-of-two-headers-counts
    ...       catches:first-of-two-subprotocols-counts
    ...       catches:reason-told-in-401
    ...       catches:reason-told-in-the-challenge
    ...       catches:welcome-with-wrong-tier
    Given Ana And Boris Work For Different Companies
    Then Ana is refused when she presents her own token and Boris'
    And Ana is accepted when she presents her own token twice

Nobody Connects With A Subprotocol That Is No Token
    [Documentation]    What is cut off, or no token at all, is a bad token and no fault of the server's: the browser
    ...    must not try again and again.
    [Tags]    promise-03
    ...       needs:subprotocol
    ...       needs:refusal_codes
    ...       catches:cut-subprotocol-crashes
    ...       catches:reason-told-in-the-challenge
    [Setup]    Ana is an enterprise user of Northwind
    [Template]    Connecting Is Refused
    # what she presents    error code    how
    a subprotocol that is cut off    invalid_token    headers=${CUT SUBPROTOCOL}
    a subprotocol in strange letters    invalid_token    headers=${ODD SUBPROTOCOL}
    a subprotocol that holds no text    invalid_token    headers=${BYTES SUBPROTOCOL}

Another Web Site Cannot Connect In Our Customers' Name
    [Documentation]    A browser tells where a page comes from; a foreign origin is refused even with a good token,
    ...    also one whose address looks like ours.
    [Tags]    catches:foreign-origin-accepted
    ...       catches:null-origin-accepted
    ...       catches:origin-header-lost
    ...       catches:origin-compared-by-its-beginning
    ...       catches:origin-compared-by-its-end
    ...       catches:refusals-tell-the-inside
    [Setup]    Ana Works Beside Pages That Look Like Ours
    [Template]    A Good Token Is Refused From
    ${FOREIGN SITE}
    ${OPAQUE SITE}
    ${SITE}[that begins like ours]
    ${SITE}[that ends like ours]
    ${SITE}[at another port]
    ${SITE}[of another scheme]

A Plain Web Request Is Told To Upgrade
    [Documentation]    Whoever opens the chat's address in a browser learns what is there (426), not an error page.
    [Tags]    catches:upgrade-not-asked-for
    Given an ordinary web client
    Then a plain request to the chat's address is answered with 426

A Token Beyond All Measure Is Refused At Once
    [Documentation]    A client that comes with an endless token, in the header or in the address, is told so (431 and
    ...    414), and does not wait for an answer that never comes.
    [Tags]    needs:mint    severity:normal    -severity:critical    catches:unreadable-request-unanswered
    [Setup]    Ana is an enterprise user of Northwind
    [Template]    An Endless Token Is Refused
    header    ${431}
    access_token_query    ${414}
