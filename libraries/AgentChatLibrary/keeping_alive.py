"""HTTP connections that are kept for the next request, but not for long.

A server closes a connection that nobody has used for a while, many after 5 seconds, without a word. A request
that is sent in that moment is lost, and one that may have been carried out must not be sent again (RFC 9110,
section 9.2.2; RFC 9112, section 9.5). Whoever gives up an unused connection first never meets it.
"""

from __future__ import annotations

import time
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

IDLE_SECONDS: Final = 2.0
"""How long a connection that nobody uses is kept; less than any usual server keeps it."""


class _Plain(HTTPConnection):
    """One that counts as closed when it has not been used for long."""

    _used = 0.0

    @property
    def is_connected(self) -> bool:
        """Whether it can be used for the next request."""
        return super().is_connected and time.monotonic() - self._used < IDLE_SECONDS

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3's own has it
        """Returns the answer, and notes when it came."""
        answer = super().getresponse()
        self._used = time.monotonic()
        return answer


class _Encrypted(_Plain, HTTPSConnection):
    """The same over TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


class BrieflyKept(HTTPAdapter):
    """What ``requests`` sends through, with connections that are kept for :data:`IDLE_SECONDS`."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 -- handed on
        """Makes the pools."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _EncryptedPool}
