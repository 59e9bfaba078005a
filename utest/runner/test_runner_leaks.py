"""What the self-scan promises: a secret is found however it is written, and never shown."""

from __future__ import annotations

import base64
import html
import json
import secrets as random
import urllib.parse
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import leaks
from runner.leaks import Secrets

PASSWORD = 'p4ss/word+with &<strange>"signs" é'
HEADER, PAYLOAD, SIGNATURE = "eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJ1XzEyMyJ9", "c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
TOKEN = f"{HEADER}.{PAYLOAD}.{SIGNATURE}"


def found(tmp_path, text: str | bytes, name: str = "some.txt") -> list[str]:
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return [
        str(leak).removeprefix(f"{tmp_path}/") for leak in leaks.scan(tmp_path, Secrets([PASSWORD, TOKEN]))
    ]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (f"password is {PASSWORD}.", "plain"),
        (json.dumps({"password": PASSWORD}), "escaped"),
        (html.escape(PASSWORD), "escaped"),
        (f"?p={urllib.parse.quote(PASSWORD)}".replace("%2F", "/"), None),
        (f"?p={urllib.parse.quote(PASSWORD, safe='')}&x", "URL-encoded"),
        (f"?p={urllib.parse.quote_plus(PASSWORD)}", "URL-encoded"),
        (f"x{SIGNATURE}x", "JWT signature"),
        (f'"{PAYLOAD}"', "JWT payload"),
    ],
)
def test_a_secret_is_found_however_it_is_written(tmp_path, text, form):
    expected = [] if form is None else [f"some.txt: a secret, {form}"]
    assert found(tmp_path, text) == expected


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("code", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_inside_something_in_base64_is_found_at_every_alignment(tmp_path, before, code):
    text = code(f"{before}{TOKEN} and {PASSWORD} more".encode()).rstrip(b"=")
    assert any("base64" in leak for leak in found(tmp_path, text))


def test_the_public_part_of_a_token_is_no_secret(tmp_path):
    assert not found(tmp_path, f"Authorization: Bearer {HEADER}.e30.bm90IHRoaXM")


def test_compressed_strings_of_a_real_log_are_inflated(suites, run_robot):
    tests = suites(one=f"One\n    Log    {'filler ' * 50} {TOKEN} {'filler ' * 50}\n")
    folder = run_robot(tests)
    (folder / "output.xml").unlink()
    assert TOKEN not in (folder / "log.html").read_text()
    told = [str(leak) for leak in leaks.scan(folder, Secrets([TOKEN]))]
    assert f"{folder / 'log.html'}: a secret, plain, inside a compressed string" in told
    assert not leaks.scan(folder, Secrets([random.token_urlsafe(32)]))


def test_pictures_are_looked_into_even_inside_compressed_strings(tmp_path):
    picture = "data:image/svg+xml;base64," + base64.b64encode(f"<svg>{TOKEN}</svg>".encode()).decode()
    packed = base64.b64encode(zlib.compress(f"<img src='{picture}'>{' ' * 200}".encode())).decode()
    told = found(tmp_path, f'strings=["{packed}"]', "log.html")
    assert "log.html: a secret, plain, inside a data URI in a compressed string" in told
    plain = "data:image/svg+xml;utf8," + urllib.parse.quote(f"<svg>{PASSWORD}</svg>")
    assert any("inside a data URI" in leak for leak in found(tmp_path, plain, "other.html"))


def test_what_is_told_never_holds_the_secret(tmp_path):
    told = " ".join(found(tmp_path, f"{TOKEN} {PASSWORD} {SIGNATURE}"))
    assert told
    assert not Secrets([TOKEN, PASSWORD]).forms_in(told.encode())
    masked = Secrets([TOKEN, PASSWORD]).masked(f"wrong: {TOKEN}, {PASSWORD}")
    assert not Secrets([TOKEN, PASSWORD]).forms_in(masked.encode())
    assert masked.startswith("wrong: ****")


def test_another_run_s_folder_is_left_out(tmp_path):
    (tmp_path / "proof").mkdir()
    (tmp_path / "proof" / "x.json").write_text(TOKEN)
    assert leaks.scan(tmp_path, Secrets([TOKEN]))
    assert not leaks.scan(tmp_path, Secrets([TOKEN]), skip=("proof",))


def test_short_words_are_no_secrets(tmp_path):
    (tmp_path / "x").write_text("abc secret1 a")
    assert not leaks.scan(tmp_path, Secrets(["", "abc", "a", "secret1"]))


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=8, max_size=40).map(str.strip)


@given(secret=TEXT.filter(lambda s: len(s) >= 8), before=st.text(max_size=9), after=st.text(max_size=9))
def test_any_secret_is_found_in_any_text(secret, before, after):
    both = Secrets([secret, TOKEN])
    text = f"{before}{secret}{after}".encode("utf-8", "replace")
    assert "plain" in both.forms_in(text)
    assert both.forms_in(base64.b64encode(text))
