"""Base64 of a secret in the middle of something longer (RFC 4648).

Three bytes become four characters, so what a secret looks like depends on how many bytes stand before it, by
three, and its first and last characters are made with its neighbours' bits. Each of the three cores leaves
those out: any base64 of any text that holds the secret holds one of them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final

ALIGNMENTS: Final = 3
_BITS_OF_A_BYTE: Final = 8
_BITS_OF_A_CHARACTER: Final = 6
_URL_SAFE: Final = str.maketrans("+/", "-_")


def cores(secret: bytes) -> Iterator[tuple[str, str]]:
    """What base64 of any text that holds a secret must hold, and which alphabet that is.

    Args:
        secret: The secret.

    Returns:
        For each alignment its core in the standard alphabet and, where that differs, in the URL-safe one.
    """
    for before in range(ALIGNMENTS):
        coded = base64.b64encode(bytes(before) + secret).decode("ascii")
        first = -(-before * _BITS_OF_A_BYTE // _BITS_OF_A_CHARACTER)
        last = (before + len(secret)) * _BITS_OF_A_BYTE // _BITS_OF_A_CHARACTER
        core = coded[first:last]
        yield core, "base64"
        safe = core.translate(_URL_SAFE)
        if safe != core:
            yield safe, "base64url"
