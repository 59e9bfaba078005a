"""The backend's HTTP side: signing in, administration, usage. Thin, typed, and it logs no secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests

from .deployment import Deployment
from .dialect.speaking import NotOffered
from .keeping_alive import BrieflyKept
from .redaction import issue, mask

SECONDS: Final = 15.0
"""Longest wait for an HTTP answer."""


class Declined(Exception):
    """The backend declined an HTTP request that a test needs to succeed."""

    ROBOT_SUPPRESS_NAME = True


class NoAnswer(OSError):
    """Nothing answered an HTTP request, or not in time: no backend, or one that hangs."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: HTTP status.
        headers: The headers, names in lower case.
        body: The JSON body; an empty dictionary when there is none.
    """

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]


class Service:
    """The HTTP side of one deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._http = requests.Session()
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, BrieflyKept())
        self._http.trust_env = False  # a proxy or netrc of the machine has no business here

    def hang_up(self) -> None:
        """Closes the HTTP connections that are kept open for the next request."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        token: str = "",
        seconds: float = SECONDS,
        *,
        form: bool = False,
    ) -> Answer:
        """Sends one request and returns whatever comes.

        Args:
            method: The HTTP method.
            path: The path below the backend's address, or a whole address.
            body: Sent as JSON unless None.
            token: Sent as a bearer credential unless empty.
            seconds: Longest wait for the answer.
            form: Whether the body is sent as a form instead.

        Raises:
            NoAnswer: None came.
        """
        try:
            answer = self._http.request(
                method,
                path if "://" in path else self.deployment.url + path,
                json=None if form else body,
                data=body if form else None,  # type: ignore[arg-type]  # a form's fields
                headers={"Authorization": f"Bearer {token}"} if token else {},
                timeout=seconds,
            )
        except requests.Timeout:
            raise NoAnswer(f"{method} {path} was not answered within {seconds:g} s.") from None
        except requests.ConnectionError:
            raise NoAnswer(
                f"{method} {path} was not answered: nobody listens, or the connection broke."
            ) from None
        try:
            parsed = answer.json() if answer.content else {}
        except ValueError:
            parsed = {"text": answer.text}
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status_code, headers, parsed if isinstance(parsed, dict) else {"items": parsed})

    def expect(
        self,
        method: str,
        path: str,
        body: object = None,
        token: str = "",
        seconds: float = SECONDS,
        *,
        status: int = 200,
    ) -> Mapping[str, Any]:
        """Sends one request and returns its body. See :meth:`request`.

        Args:
            method: HTTP method.
            path: Path, or whole address.
            body: JSON document.
            token: Credential.
            seconds: Longest wait for the answer.
            status: The status that the contract has for it (contract: HTTP).

        Raises:
            NoAnswer: None came.
            Declined: The status is another; the message names the request and the backend's reason.
        """
        answer = self.request(method, path, body, token, seconds)
        if answer.status != status:
            if 200 <= answer.status < 300:  # noqa: PLR2004 -- RFC 9110, section 15.3
                raise Declined(f"{method} {path} was answered with {answer.status}; {status} is agreed.")
            reason = mask(str(answer.body.get("error", dict(answer.body))))
            raise Declined(f"{method} {path} was declined with {answer.status}: {reason[:300]}")
        return answer.body

    def admin(
        self, method: str, path: str, body: object = None, seconds: float = SECONDS, *, status: int = 200
    ) -> Mapping[str, Any]:
        """Sends one administrative request (contract: HTTP). See :meth:`expect`.

        Raises:
            NoAnswer: None came.
            Declined: The status is another than is agreed.
            NotOffered: There is no administration here.
        """
        if not self.deployment.admin_token:
            raise NotOffered(
                f"This needs the capability 'admin', which is not offered: {method} /admin{path}."
            )
        token = issue(self.deployment.admin_token)
        return self.expect(method, f"/admin{path}", body, token, seconds, status=status)

    def metrics(self) -> str:
        """The text of ``/metrics``.

        Raises:
            Declined: The backend does not give it.
        """
        return str(self.expect("GET", "/metrics", token=issue(self.deployment.admin_token)).get("text", ""))
