"""Credentials: a good token is good, a bad one is bad in exactly the way that was asked for."""

from __future__ import annotations

import base64
import json

import jwt
import pytest
from AgentChatLibrary import redaction
from AgentChatLibrary.environment import TokenRules
from AgentChatLibrary.identity import Organisation, Person, mint, tampered
from AgentChatLibrary.rules.alignments import cores
from hypothesis import given
from hypothesis import strategies as st

KEY = "k" * 40
RULES = TokenRules()


@pytest.fixture
def ana() -> Person:
    home = Organisation("Northwind", "o_1")
    return Person("Ana", "ana@x.example", "pw", "u_1", home, "pro", ("chat:write",), None)  # type: ignore[arg-type]


def read(token: str) -> dict[str, object]:
    return jwt.decode(token, KEY, ["HS256"], audience=RULES.audience, issuer=RULES.issuer)


def test_a_good_token_has_every_claim_of_the_contract(ana):
    claims = read(mint(ana, RULES, KEY))
    expected = {
        "sub",
        "email",
        "org",
        "tier",
        "permissions",
        "iss",
        "aud",
        "iat",
        "exp",
        "jti",
        "sid",
        "token_type",
    }
    assert set(claims) == expected
    assert (claims["sub"], claims["org"], claims["tier"]) == ("u_1", "o_1", "pro")
    assert claims["token_type"] == "access"


def test_two_tokens_differ(ana):
    assert read(mint(ana, RULES, KEY))["jti"] != read(mint(ana, RULES, KEY))["jti"]


def test_a_claim_can_be_left_out_or_changed_even_to_a_wrong_type(ana):
    assert "sub" not in read(mint(ana, RULES, KEY, without=("sub",)))
    token = mint(ana, RULES, KEY, changes={"sub": 5})
    assert jwt.api_jws.PyJWS().decode(token, KEY, ["HS256"]) and json.loads(part(token, 1))["sub"] == 5


def part(token: str, index: int) -> bytes:
    text = token.split(".")[index]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_an_unsigned_token_says_so_and_has_no_signature(ana):
    token = mint(ana, RULES, KEY, algorithm="none")
    assert json.loads(part(token, 0))["alg"] == "none"
    assert token.endswith(".")


def test_tampering_keeps_the_signature(ana):
    token = mint(ana, RULES, KEY)
    other = tampered(token, {"sub": "u_2"})
    assert other.split(".")[2] == token.split(".")[2]
    assert json.loads(part(other, 1))["sub"] == "u_2"
    with pytest.raises(jwt.InvalidSignatureError):
        read(other)


def test_every_token_is_known_as_a_secret_and_masked(ana):
    token = mint(ana, RULES, KEY)
    assert token in redaction.issued()
    assert redaction.mask(f"Bearer {token}!") == "Bearer <secret>!"


@given(
    st.sampled_from(["a-password-of-nobody", "päss~~>>>wörd"]),
    st.binary(max_size=5),
    st.binary(max_size=5),
    st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
)
def test_a_secret_in_base64_of_something_longer_is_masked(secret, before, after, encode):
    redaction.issue(secret)
    coded = encode(before + secret.encode() + after).decode()
    masked = redaction.mask(f'{{"data":"{coded}"}}')
    assert redaction.MASK in masked
    assert len(masked) < len(f'{{"data":"{redaction.MASK}"}}') + 4 * 6
    assert redaction.mask(masked) == masked


@given(st.binary(min_size=8, max_size=60), st.binary(max_size=9), st.binary(max_size=9))
def test_one_of_the_cores_of_a_secret_is_in_any_base64_of_any_text_that_holds_it(secret, before, after):
    standard = base64.b64encode(before + secret + after).decode()
    safe = base64.urlsafe_b64encode(before + secret + after).decode()
    found = list(cores(secret))
    assert all(len(core) * 6 > len(secret) * 8 - 12 for core, _ in found), "only the edges are left out"
    assert any(core in standard for core, name in found if name == "base64")
    assert any(core in safe for core, _ in found)


def test_secrets_are_written_for_the_scan_into_a_private_file(ana, tmp_path, monkeypatch):
    file = tmp_path / "secrets"
    monkeypatch.setenv(redaction.VARIABLE, str(file))
    token = mint(ana, RULES, KEY)
    assert file.read_text().splitlines() == [token]
    assert file.stat().st_mode & 0o077 == 0
