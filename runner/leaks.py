"""The self-scan: looks for every secret that a run has issued in everything that the run has written.

A secret may stand there plain, escaped, URL-encoded or in base64 (at any of its three alignments, so also in
the middle of something longer), and a token also by its parts. Robot Framework keeps long strings of
log.html as base64 of zlib, and pictures are data URIs: both are unpacked first.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import urllib.parse
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from AgentChatLibrary.rules.alignments import cores

SHORTEST: Final = 8
"""Characters; what is shorter cannot be told from ordinary text, and no secret that counts is."""
MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]!|~])")
"""What the summary puts a backslash in front of."""
_JWT_PARTS: Final = 3
_DEEPEST: Final = 3
"""How often something unpacked is unpacked again: a data URI inside a compressed string inside a data URI."""
_WORD: Final = re.compile(rb"[A-Za-z0-9_-]{%d,}" % SHORTEST)
_URI: Final = "a data URI"
_PACKED: Final = re.compile(rb'"([A-Za-z0-9+/]{16,}={0,2})"')
_PICTURE: Final = re.compile(rb"data:[\w.+/-]+(?:;[\w=.-]+)*;base64,([A-Za-z0-9+/=%]+)")
_DATA_URI: Final = re.compile(rb"data:[\w.+/-]+(?:;[\w=.-]+)*,([\w+/=%.~!$&'()*,;:@?-]+)")


@dataclass(frozen=True, slots=True)
class Leak:
    """A place where a secret stands.

    Attributes:
        file: The file.
        form: How it stands there, never what it is: ``plain``, ``base64``, ``JWT signature``, ...
        inside: What had to be unpacked to see it; empty when nothing had to.
    """

    file: Path
    form: str
    inside: str = ""

    def __str__(self) -> str:
        return f"{self.file}: a secret, {self.form}{f', inside {self.inside}' if self.inside else ''}"


class Secrets:
    """The secrets that a run has issued, ready to be looked for.

    Args:
        issued: The secrets.
    """

    def __init__(self, issued: Iterable[str]) -> None:
        self._forms: dict[bytes, str] = {}
        for secret in issued:
            if len(secret.strip()) >= SHORTEST:
                for text, form in _forms(secret.strip()):
                    self._forms.setdefault(text, form)
        self._keys: dict[bytes, list[bytes]] = {}
        self._wordless: list[bytes] = []
        for text in self._forms:
            words = _WORD.findall(text)
            if words:
                self._keys.setdefault(max(words, key=len)[:SHORTEST], []).append(text)
            else:
                self._wordless.append(text)

    def masked(self, text: str) -> str:
        """The text with every secret blotted out, for what goes to the console."""
        content = text.encode()
        for secret in sorted(self._in(content), key=len, reverse=True):
            content = content.replace(secret, b"****")
        return content.decode(errors="replace")

    def forms_in(self, content: bytes) -> set[str]:
        """How secrets stand in ``content``, without unpacking anything."""
        return {self._forms[text] for text in self._in(content)}

    def _in(self, content: bytes) -> set[bytes]:
        """Texts that are in the content.

        Words are cut into windows and looked up, so that thousands of secrets cost no more than one.
        """
        candidates: set[bytes] = set()
        if self._keys:
            for word in set(_WORD.findall(content)):
                for at in range(len(word) - SHORTEST + 1):
                    found = self._keys.get(word[at : at + SHORTEST])
                    if found:
                        candidates.update(found)
        return {text for text in (*candidates, *self._wordless) if text in content}


def read_issued(file: Path) -> list[str]:
    """The secrets that the library has noted down, one in each line."""
    return file.read_text("utf-8", "replace").splitlines() if file.exists() else []


def scan(
    folder: Path, secrets: Secrets, *, skip: Sequence[str] = (), further: Iterable[Path] = ()
) -> list[Leak]:
    """Looks through every file below a folder.

    Args:
        folder: Where a run has written.
        secrets: What to look for.
        skip: Names directly below ``folder`` that other runs have written.
        further: Files to look through that may lie elsewhere.

    Returns:
        What was found, each file and form once.
    """
    leaks: dict[Leak, None] = {}
    looking = _Looking(secrets)
    below = [file for file in folder.rglob("*") if file.relative_to(folder).parts[0] not in skip]
    known = {file.resolve() for file in below}
    elsewhere = [file for file in dict.fromkeys(further) if file.resolve() not in known]
    for file in sorted(path for path in (*below, *elsewhere) if path.is_file()):
        for form, inside in looking.at(file.read_bytes()):
            leaks[Leak(file, form, inside)] = None
    return list(leaks)


class _Looking:
    """Looks at content and at all that can be unpacked from it.

    The same pictures stand in several files; what has been looked at once is remembered.

    Args:
        secrets: What to look for.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._known: dict[bytes, list[tuple[str, str]]] = {}

    def at(self, content: bytes, depth: int = 0) -> list[tuple[str, str]]:
        """How secrets stand in the content, and inside of what, from the outside in."""
        packed: list[tuple[str, bytes, bytes]] = []
        rest = content
        if depth < _DEEPEST:
            for kind, pattern, unpack in _PACKINGS:
                rest = pattern.sub(partial(_taken, kind, unpack, packed), rest)
        hits = dict.fromkeys((form, "") for form in sorted(self._secrets.forms_in(rest)))
        for kind, text, inner in packed:
            if text not in self._known:
                # What inflates was compressed; what decodes may still be a secret as it stands.
                outside = [(f, "") for f in sorted(self._secrets.forms_in(text))] if kind == _URI else []
                deeper = [(form, _inside(kind, inside)) for form, inside in self.at(inner, depth + 1)]
                self._known[text] = [*outside, *deeper]
            hits.update(dict.fromkeys(self._known[text]))
        return list(hits)


def _inside(kind: str, deeper: str) -> str:
    """Where something is: the innermost packing first."""
    return f"{deeper} in {kind}" if deeper else kind


def _taken(
    kind: str,
    unpack: Callable[[bytes], bytes | None],
    packed: list[tuple[str, bytes, bytes]],
    found: re.Match[bytes],
) -> bytes:
    """Takes what can be unpacked out of the content, which leaves less to look at."""
    inner = unpack(found[1])
    if inner is None:
        return found[0]
    packed.append((kind, found[1], inner))
    return b" "


def _inflated(packed: bytes) -> bytes | None:
    try:
        return zlib.decompress(base64.b64decode(packed, validate=True))
    except (binascii.Error, zlib.error):
        return None


def _decoded(packed: bytes) -> bytes | None:
    try:
        return base64.b64decode(urllib.parse.unquote_to_bytes(packed), validate=True)
    except binascii.Error:
        return None


_PACKINGS: Final[tuple[tuple[str, re.Pattern[bytes], Callable[[bytes], bytes | None]], ...]] = (
    ("a compressed string", _PACKED, _inflated),
    (_URI, _PICTURE, _decoded),
    (_URI, _DATA_URI, urllib.parse.unquote_to_bytes),
)


def _forms(secret: str) -> Iterator[tuple[bytes, str]]:
    """Every way a secret may be written, with what that way is called."""
    yield secret.encode(), "plain"
    yield html.escape(secret).encode(), "escaped"
    yield json.dumps(secret)[1:-1].encode(), "escaped"
    yield MARKDOWN.sub(r"\\\1", secret).encode(), "escaped"
    quoted = urllib.parse.quote(secret, safe="")
    yield quoted.encode(), "URL-encoded"
    yield re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), quoted).encode(), "URL-encoded"
    yield urllib.parse.quote_plus(secret).encode(), "URL-encoded"
    yield from ((text, "base64") for text in _in_base64(secret))
    parts = secret.split(".")
    if len(parts) == _JWT_PARTS and all(re.fullmatch(r"[\w-]*", part) for part in parts):
        for part, name in zip(
            parts[1:], ("JWT payload", "JWT signature"), strict=True
        ):  # the header is public
            if len(part) >= SHORTEST:
                yield part.encode(), name
                yield from ((text, f"{name} in base64") for text in _in_base64(part))


def _in_base64(secret: str) -> Iterator[bytes]:
    """What base64 of any text that holds the secret must hold."""
    return (core.encode() for core, _ in cores(secret.encode()) if len(core) >= SHORTEST)
