"""Messages that no client should send, by name, and messages of an exact size.

Each is wrong in one way only; the contract's section on errors says how each is refused.
"""

from __future__ import annotations

import json
from typing import Final

from .outgoing import encoded, new_message_id

TOO_DEEP: Final = 33
"""One level more than JSON may be nested (contract: Errors and ends)."""
BEYOND_EXACT: Final = 2**53
"""The first whole number that not every reader keeps exactly (RFC 8259, section 6)."""
TOO_LARGE: Final = 9_000
"""Bytes: more than a message may have, and less than ends the connection (contract: Limits)."""


def _ping(data: str) -> str:
    return f'{{"type":"ping","data":{data}}}'


MESSAGES: Final[dict[str, str | bytes]] = {
    # no JSON, or JSON that readers do not agree on
    "broken JSON": '{"type":"ping"',
    "no text at all": "",
    "a byte order mark": "\ufeff" + _ping("1"),
    "a key twice": '{"type":"ping","type":"ping"}',
    "a key twice, deep inside": _ping('{"a":1,"a":2}'),
    "not a number": _ping("NaN"),
    "infinity": _ping("-Infinity"),
    "a number that overflows": _ping("1e400"),
    "a whole number beyond the exact ones": _ping(str(BEYOND_EXACT)),
    "a whole number below the exact ones": _ping(str(-BEYOND_EXACT)),
    "half a surrogate pair": _ping('"\\ud800"'),
    "half a surrogate pair in a name": _ping('{"\\udc00":1}'),
    "nesting that is too deep": _ping("[" * (TOO_DEEP - 1) + "]" * (TOO_DEEP - 1)),
    "objects that are nested too deep": _ping('{"a":' * (TOO_DEEP - 1) + "1" + "}" * (TOO_DEEP - 1)),
    "nesting without end": _ping("[" * 3000),
    "two messages in one": _ping("1") + _ping("2"),
    # JSON, but no message
    "a list": "[]",
    "a number": "5",
    "a string": '"ping"',
    "null": "null",
    "a binary frame": b'{"type":"ping"}',
    "a NUL character": '{"type":"chat","content":"a\\u0000b"}',
    "a NUL character in its id": '{"type":"ping","message_id":"a\\u0000b"}',
    "a NUL character in a conversation": '{"type":"chat","content":"a","thread_id":"a\\u0000b"}',
    "a NUL character deep inside": _ping('{"a":["a\\u0000b"]}'),
    "a NUL character in a name": _ping('{"a\\u0000b":1}'),
    "empty content": '{"type":"chat","content":""}',
    "a type that is no string": '{"type":7}',
    # too much of it, whatever it is
    "broken JSON that is too large": '{"type":"ping"'.ljust(TOO_LARGE),
}
"""What can be sent with `Send Malformed Message`."""


def message_of(size: int, character: str = "x") -> str:
    """A question whose message has exactly this many bytes in UTF-8.

    Args:
        size: Bytes of the whole message.
        character: What the content is filled with; where it takes several bytes, ``x`` fills the rest.

    Raises:
        ValueError: So small a message is not possible.
    """
    message_id = new_message_id()
    bare = len(encoded("chat", message_id, {"content": ""}).encode())
    room = size - bare
    if room < 1:
        raise ValueError(f"A question has at least {bare + 1} bytes; {size} were asked for.")
    width = len(json.dumps(character, ensure_ascii=False).encode()) - 2
    return encoded("chat", message_id, {"content": character * (room // width) + "x" * (room % width)})
