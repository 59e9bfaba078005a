"""HTTP sessions for RequestsLibrary, with credentials that its log never shows."""

from __future__ import annotations

from typing import Any

from requests import PreparedRequest, Response
from requests.auth import AuthBase
from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn

from ..dialect.door import address
from ..kit import Kit
from ..redaction import MASK, issue


class Bearer(AuthBase):
    """Adds a bearer credential, and gives whoever logs the answer a copy of the request without it."""

    def __init__(self, token: str) -> None:
        self._token = issue(token)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Adds the header, and the hook that hides it again."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        request.register_hook("response", _hide)  # type: ignore[no-untyped-call]
        return request


def _hide(answer: Response, *_: object, **__: object) -> Response:
    shown = answer.request.copy()
    shown.headers["Authorization"] = MASK
    answer.request = shown
    return answer


class Web:
    """Keywords about plain web requests."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Web",))
    def open_http_session(self, alias: str, person: str | None = None) -> None:
        """Opens a session of RequestsLibrary to the backend; its keywords take ``alias``.

        Args:
            alias: Name of the HTTP session, for example for `GET On Session`.
            person: Whose credential every request carries; none when omitted.

        Raises:
            UnknownName: There is no such person.

        Example:
        | Open Http Session | usage          | Ana |
        | ${answer}         | GET On Session | usage | /usage/summary |
        """
        found = self.kit.world.person(person) if person is not None else None
        service = found.service if found is not None else self.kit.service
        self._open(alias, service.deployment.url, self.kit.token(found) if found is not None else "")

    @keyword(tags=("Web",))
    def get_service_address(self) -> str:
        """Returns the address of the backend in use, as the origin of a page of its own.

        Example:
        | ${address}        | Get Service Address |
        | Should Start With | ${address} | http |
        """
        return self.kit.service.deployment.url.rstrip("/")

    @keyword(tags=("Web", "Security"))
    def get_look_alike_sites(self) -> dict[str, dict[str, str]]:
        """Returns the headers that pages send whose address is like the backend's own, but another.

        Returns:
            The headers of each: ``that begins like ours``, ``that ends like ours``, ``at another port`` and
            ``of another scheme``.

        Example:
        | ${sites} | Get Look Alike Sites |
        | ${site} | Set Variable | ${sites}[at another port] |
        | Connection Should Be Refused | Ana | 403 | forbidden | carrier=header | headers=${site} |
        """
        ours = self.get_service_address()
        scheme, _, place = ours.partition("://")
        origins = {
            "that begins like ours": f"{ours}.not-ours.example",
            "that ends like ours": f"https://not-ours.example/{ours}",
            "at another port": f"{scheme}://{place.partition(':')[0]}:9",
            "of another scheme": f"{'http' if scheme == 'https' else 'https'}://{place}",
        }
        return {name: {"Origin": origin} for name, origin in origins.items()}

    @keyword(tags=("Web",))
    def get_chat_path(self) -> str:
        """Returns the path of the chat's address, below the backend's.

        Example:
        | ${path}           | Get Chat Path |
        | Open Http Session | anybody |
        | GET On Session    | anybody | ${path} | expected_status=426 |
        """
        dialect = self.kit.environment.dialect
        return "/ws" if dialect is None else address(dialect, self.kit.environment.values)

    @keyword(tags=("Web", "Operations"))
    def open_admin_session(self, alias: str) -> None:
        """Opens a session of RequestsLibrary to the backend with the administrator's credential.

        Args:
            alias: Name of the HTTP session, for example for `GET On Session`.

        Example:
        | Open Admin Session | operator |
        | ${answer}          | GET On Session | operator | /metrics |
        """
        service = self.kit.service
        self._open(alias, service.deployment.url, service.deployment.admin_token)

    def _open(self, alias: str, url: str, token: str) -> None:
        requests: Any = BuiltIn().get_library_instance("RequestsLibrary")
        auth = Bearer(token) if token else None
        requests.create_custom_session(alias, url, auth=auth, disable_warnings=1, timeout=15, max_retries=0)
