"""Each check of a token, on tokens that are wrong in that and in nothing else."""

import base64
import json
import time

import jwt
import pytest

from backend.clock import Clock
from backend.credentials import CredentialReader, MissingCredentialError, OriginPolicy
from backend.settings import Settings
from backend.tokens import (
    ExpiredTokenError,
    InvalidTokenError,
    RefreshTokenVerifier,
    TokenVerifier,
)

KEY = "k" * 32


class Fixed(Clock):
    def now(self):
        return 1_800_000_000.5


SETTINGS = Settings(jwt_key=KEY, admin_token="a" * 32, database_url="sqlite://")
VERIFIER = TokenVerifier(SETTINGS, Fixed())
NOW = 1_800_000_000
GOOD = {
    "sub": "u_1",
    "email": "ana@people.example",
    "org": "o_1",
    "tier": "free",
    "permissions": [],
    "iss": "agent-chat",
    "aud": "agent-chat",
    "iat": NOW,
    "exp": NOW + 60,
    "jti": "j",
    "sid": "s",
    "token_type": "access",
}


def signed(changes=None, without=(), key=KEY, algorithm="HS256"):
    body = {name: value for name, value in {**GOOD, **(changes or {})}.items() if name not in without}
    return jwt.PyJWS().encode(json.dumps(body).encode(), key, algorithm=algorithm)


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_a_good_token():
    claims = VERIFIER.verify(signed())
    VERIFIER.expiry(claims)
    assert (claims.sub, claims.org, claims.sid, claims.jti, claims.exp) == ("u_1", "o_1", "s", "j", NOW + 60)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["other", "agent-chat"]},
        {"nbf": NOW + 5},
        {"nbf": NOW - 100},
        {"iat": NOW + 5},
        {"email": None, "tier": 7, "permissions": "all"},
    ],
)
def test_good_in_another_way(changes):
    VERIFIER.expiry(VERIFIER.verify(signed(changes)))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "garbage",
        "a.b.c",
        "é.é.é",
        signed()[:-2],
        signed(key="x" * 32),
        signed(algorithm="HS384", key="k" * 48),
        f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(GOOD)}.",
        f"{part({'alg': 'None', 'typ': 'JWT'})}.{part(GOOD)}.{signed().split('.')[2]}",
        f"{signed().split('.')[0]}.{part({**GOOD, 'sub': 'u_2'})}.{signed().split('.')[2]}",
        jwt.PyJWS().encode(b"[]", KEY, algorithm="HS256"),
        jwt.PyJWS().encode(b"no json", KEY, algorithm="HS256"),
        signed({"iss": "other"}),
        signed({"iss": ["agent-chat"]}),
        signed({"aud": "other"}),
        signed({"aud": []}),
        signed({"aud": {"agent-chat": 1}}),
        signed({"token_type": "refresh"}),
        signed({"nbf": NOW + 6}),
        signed({"nbf": "soon"}),
        signed({"iat": NOW + 6}),
        signed({"iat": float(NOW)}),
        signed({"exp": NOW + 60.5}),
        signed({"exp": str(NOW + 60)}),
        signed({"exp": True}),
        signed({"sub": 7}),
        signed({"sub": ""}),
        signed({"sub": "u\x00"}),
        signed({"sid": "s\ud800"}),
        *(
            signed(without=(name,))
            for name in ("sub", "org", "iss", "aud", "iat", "exp", "jti", "sid", "token_type")
        ),
    ],
)
def test_refused(token):
    with pytest.raises(InvalidTokenError) as refused:
        VERIFIER.verify(token)
    assert not isinstance(refused.value, ExpiredTokenError)
    assert "u_" not in str(refused.value)


@pytest.mark.parametrize(("exp", "expired"), [(NOW + 1, False), (NOW, True), (NOW - 1, True)])
def test_there_is_no_leeway_for_the_expiry(exp, expired):
    claims = VERIFIER.verify(signed({"exp": exp}))
    if expired:
        with pytest.raises(ExpiredTokenError):
            VERIFIER.expiry(claims)
    else:
        VERIFIER.expiry(claims)


def test_a_refresh_token_is_good_for_refreshing_alone():
    verifier = RefreshTokenVerifier(SETTINGS, Fixed())
    verifier.verify(signed({"token_type": "refresh"}))
    with pytest.raises(InvalidTokenError):
        verifier.verify(signed())


def scope(headers=(), subprotocols=(), query=b""):
    return {
        "type": "websocket",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        "subprotocols": list(subprotocols),
        "query_string": query,
    }


def encoded(token):
    return "jwt." + base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("request_scope", "token"),
    [
        (scope([("authorization", "Bearer a.b.c")]), "a.b.c"),
        (scope([("authorization", "bearer a.b.c")]), "a.b.c"),
        (scope(subprotocols=["agent-chat.v1", encoded("a.b.c")]), "a.b.c"),
        (scope(subprotocols=[encoded("a.b.c"), "agent-chat.v1"]), "a.b.c"),
        (scope([("authorization", "Bearer a.b.c")], ["agent-chat.v1", encoded("a.b.c")]), "a.b.c"),
        (scope([("authorization", "Bearer a.b.c")], [encoded("x.y.z")]), "a.b.c"),
        (scope([("authorization", "Bearer a.b.c")], query=b"tokens=1"), "a.b.c"),
    ],
)
def test_where_a_credential_is_found(request_scope, token):
    assert CredentialReader().read(request_scope) == token


@pytest.mark.parametrize(
    ("request_scope", "missing"),
    [
        (scope(), True),
        (scope([("authorization", "")]), True),
        (scope([("authorization", "Bearer")]), True),
        (scope([("authorization", "Bearer  ")]), True),
        (scope([("authorization", "Basic eDp5")]), True),
        (scope(subprotocols=[encoded("a.b.c")]), True),
        (scope(query=b"token=a.b.c"), True),
        (scope([("authorization", "Bearer a.b.c")], query=b"token=a.b.c"), False),
        (scope([("authorization", "Bearer a.b.c")], query=b"x=1&access_token"), False),
        (scope([("authorization", "Bearer a.b.c")], query=b"%74oken=x"), False),
        (scope([("authorization", "Bearer a.b.c"), ("authorization", "Bearer x.y.z")]), False),
        (scope([("authorization", "Bearer a.b.c")], ["agent-chat.v1", encoded("x.y.z")]), False),
        (scope(subprotocols=["agent-chat.v1", encoded("a.b.c"), encoded("x.y.z")]), False),
        (scope(subprotocols=["agent-chat.v1", "jwt.%%%"]), False),
        (scope(subprotocols=["agent-chat.v1", "jwt.a"]), False),
    ],
)
def test_where_none_is_accepted(request_scope, missing):
    with pytest.raises(InvalidTokenError) as refused:
        CredentialReader().read(request_scope)
    assert isinstance(refused.value, MissingCredentialError) == missing


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        ([], True),
        (["https://chat.example"], True),
        (["HTTPS://Chat.Example"], True),
        (["https://chat.example", "https://evil.example"], False),
        (["null"], False),
        ([""], False),
        (["https://chat.example.evil.example"], False),
        (["https://evilchat.example"], False),
        (["http://chat.example"], False),
        (["https://chat.example:444"], False),
    ],
)
def test_origins(origins, allowed):
    policy = OriginPolicy(["https://chat.example", " ", ""])
    assert policy.allows(scope([("origin", origin) for origin in origins])) == allowed


def test_the_clock_tells_unix_time():
    assert abs(Clock().now() - time.time()) < 1
