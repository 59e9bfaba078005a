"""Building: from what a dialect file says to the value that everything else uses.

It checks what a schema cannot: names of frames and fields, places in templates, what is remembered.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path as File
from typing import Any, Final

from ..contract import Contract
from .conditions import When, read_when
from .decoders import Form
from .files import DialectFile, Where, find
from .model import (
    INTENTS,
    OTHER,
    Carriers,
    Credential,
    Dialect,
    Ended,
    Kept,
    LoginStep,
    Refusal,
    Rule,
    Said,
    Step,
)
from .paths import parse
from .sources import At, Constant, Derived, FirstOf, Remembered, Source
from .speaking import MADE
from .templates import names
from .times import TimeFormat

CREDENTIAL_PLACES: Final = frozenset({"token", "token_base64url", "nonce", "proof"})
LOGIN_PLACES: Final = frozenset({"password", "token", "organisation", "tier"})
CLAIM_PLACES: Final = frozenset({"organisation", "tier", "permissions", "jti", "sid"})


def load(name: str, folder: File, values: Collection[str] = ()) -> Dialect:
    """Reads a dialect.

    Args:
        name: Its name, or a path to its file.
        folder: The ``variables`` folder.
        values: The names of the environment's own values, which templates may have places for.

    Raises:
        DialectProblem: There is none, or it is wrong; the message names the file, the line and the mend.
    """
    return _Builder(DialectFile(find(name, folder)), frozenset(values)).dialect()


class _Builder:
    def __init__(self, file: DialectFile, values: frozenset[str]) -> None:
        self.file = file
        self.content = file.content
        self.values = values
        self.kept = self._kept_names()

    def dialect(self) -> Dialect:
        content, connect = self.content, self.content.get("connect", {})
        canonical = "speaks" in content
        carriers = self._carriers(connect.get("carriers", {}))
        if not carriers.usual and canonical:
            carriers = Carriers("header", ("Authorization", "Bearer $token"))
        for part in ("path", "health", "headers", "nudge"):
            self._check_places(("connect", part), connect.get(part), CREDENTIAL_PLACES)
        found = Dialect(
            name=content["name"],
            file=self.file.file,
            about=content.get("about", ""),
            canonical=canonical,
            form=Form(content.get("frames", "json")),
            path=connect.get("path", "/ws"),
            health=connect.get("health", "/ws/health" if canonical else ""),
            headers=connect.get("headers", {}),
            carriers=carriers,
            greeting=tuple(self._steps(connect.get("greeting", []))),
            nudge=connect.get("nudge"),
            welcome=connect.get("welcome", "frame"),
            endings=tuple(self._endings(connect.get("refused", []))),
            credential=self._credential(content.get("credential", {"got": "minted"})),
            user_ids=content.get("credential", {}).get("user_ids", "uuid"),
            rules=tuple(self._rule(at, rule) for at, rule in enumerate(content.get("reads", []))),
            says=self._says(content.get("says", {})),
        )
        if not canonical and found.welcome == "frame" and "connection_established" not in found.told:
            raise self.file.problem(
                ("reads",),
                "no rule tells connection_established; add one, or set connect.welcome to upgrade.",
            )
        return found

    # -- connecting ---------------------------------------------------------------------------------

    def _carriers(self, given: Mapping[str, Any]) -> Carriers:
        where: Where = ("connect", "carriers")
        for name, part in given.items():
            self._check_places((*where, name), part, CREDENTIAL_PLACES)
        header, query = given.get("header"), given.get("query")
        offer = tuple(given.get("subprotocol", {}).get("offer", ()))
        if "subprotocol" in given and not any("$token" in one for one in offer):
            raise self.file.problem(
                (*where, "subprotocol", "offer"), "no subprotocol has a place for $token; add jwt.$token."
            )
        first, challenge = given.get("first_message"), given.get("challenge")
        greeting: tuple[Step, ...] = ()
        if first is not None:
            if not names(first) & CREDENTIAL_PLACES:
                raise self.file.problem(
                    (*where, "first_message"), "the first message has no place for $token."
                )
            greeting = (Step(say=first, credential=True),)
        if challenge is not None:
            asked = self._when((*where, "challenge", "when"), challenge["when"])
            greeting = (
                Step(expect=asked, remember={"nonce": parse(challenge["nonce"])}, credential=True),
                Step(say=challenge["say"], credential=True),
            )
        return Carriers(
            usual=next(iter(given), ""),
            header=(header["name"], header["value"]) if header else None,
            subprotocols=offer,
            query=query["name"] if query else "",
            greeting=greeting,
        )

    def _steps(self, given: Iterable[Mapping[str, Any]]) -> Iterable[Step]:
        for at, step in enumerate(given):
            where: Where = ("connect", "greeting", at)
            self._check_places((*where, "say"), step.get("say"), CREDENTIAL_PLACES)
            yield Step(
                say=step.get("say"),
                expect=self._when((*where, "expect"), step["expect"]) if "expect" in step else None,
                remember={name: parse(path) for name, path in step.get("remember", {}).items()},
            )

    def _endings(self, given: Iterable[Mapping[str, Any]]) -> Iterable[Ended]:
        for at, one in enumerate(given):
            when = self._when(("connect", "refused", at, "when"), one["when"]) if "when" in one else When(())
            refusal = Refusal(one["status"], one.get("code", ""))
            yield Ended(one.get("http"), one.get("close"), when, refusal)

    def _credential(self, given: Mapping[str, Any]) -> Credential:
        where: Where = ("credential",)
        steps = tuple(self._login(given.get("steps", [])))
        if given["got"] == "login" and not any("token" in step.keep for step in steps):
            raise self.file.problem(
                where, "a login keeps no token; add `keep: {token: PATH}` to the step that answers with it."
            )
        if given["got"] != "login" and steps:
            raise self.file.problem((*where, "steps"), "only `got: login` has steps.")
        claims = given.get("claims")
        if claims is not None and given["got"] != "minted":
            raise self.file.problem((*where, "claims"), "only a minted token has claims of ours.")
        self._check_places((*where, "claims"), claims, CLAIM_PLACES)
        if claims is not None and "user_id" not in names(claims):
            raise self.file.problem(
                (*where, "claims"), "no claim names the person; add for example `sub: $user_id`."
            )
        return Credential(
            given["got"], claims, given.get("algorithm", "HS256"), given.get("lifetime", 900), steps
        )

    def _login(self, given: Iterable[Mapping[str, Any]]) -> Iterable[LoginStep]:
        kept: set[str] = set()
        for at, step in enumerate(given):
            for part in ("post", "get", "json", "form"):
                self._check_places(
                    ("credential", "steps", at, part), step.get(part), LOGIN_PLACES | frozenset(kept)
                )
            keep = {name: parse(path) for name, path in step.get("keep", {}).items()}
            kept |= set(keep)
            yield LoginStep(
                method="POST" if "post" in step else "GET",
                path=step.get("post") or step["get"],
                body=step.get("json", step.get("form")),
                form="form" in step,
                accept=tuple(step.get("accept", (200, 201))),
                keep=keep,
            )

    # -- reading ------------------------------------------------------------------------------------

    def _rule(self, at: int, given: Mapping[str, Any]) -> Rule:
        where: Where = ("reads", at)
        does = [name for name in ("as", "ignore", "refuses") if name in given]
        if len(does) > 1:
            raise self.file.problem(
                where, f"this rule has {' and '.join(does)}; a frame either tells, refuses, or is ignored."
            )
        if not does and "remember" not in given:
            raise self.file.problem(
                where,
                "this rule does nothing; add `as`, `remember`, `refuses`, or `ignore` with the reason why.",
            )
        refuses = given.get("refuses")
        return Rule(
            line=self.file.line(where),
            when=self._when((*where, "when"), given["when"]),
            during=given.get("during", ""),
            of=parse(given["of"]) if "of" in given else None,
            events=tuple(self._events((*where, "as"), given.get("as", []))),
            ignore=given.get("ignore", ""),
            refuses=Refusal(
                refuses["status"],
                refuses.get("code", ""),
                parse(refuses["message"]) if "message" in refuses else None,
            )
            if refuses
            else None,
            remember={name: _kept(kept) for name, kept in given.get("remember", {}).items()},
        )

    def _when(self, where: Where, given: Mapping[str, Any]) -> When:
        try:
            return read_when(given)
        except ValueError as problem:
            raise self.file.problem(where, f"{problem}.") from problem

    def _events(self, where: Where, given: Any) -> Iterable[Said]:  # noqa: ANN401 -- checked by the schema
        for at, group in enumerate(_listed(given)):
            steps: Where = (*where, at) if isinstance(given, list) else where
            for kind, fields in group.items():
                self._one_of(steps, kind, sorted(_fields()), "a server frame of the contract")
                yield self._said((*steps, kind), kind, fields or {})

    def _said(self, where: Where, kind: str, given: Mapping[str, Any]) -> Said:
        sources: dict[str, Source] = {}
        optional: set[str] = set()
        for name, source in given.items():
            self._one_of(where, name, sorted(_fields()[kind]), f"a field of {kind}")
            sources[name] = self._source((*where, name), source)
            if any(isinstance(one, dict) and one.get("optional") for one in _listed(source)):
                optional.add(name)
        return Said(kind, sources, frozenset(optional))

    def _source(self, where: Where, given: Any) -> Source:  # noqa: ANN401 -- checked by the schema
        if isinstance(given, list):
            return FirstOf(tuple(self._source((*where, at), one) for at, one in enumerate(given)))
        if isinstance(given, str):
            return At((parse(given),))
        if "from" in given:
            return Derived(given["from"])
        if "remembered" in given:
            name = given["remembered"]
            if name not in self.kept:
                raise self.file.problem(
                    where, f"nothing is remembered as {name!r}; some rule must `remember` it."
                )
            return Remembered(name)
        if "value" in given:
            return Constant(given["value"])
        return At(
            tuple(parse(path) for path in _listed(given["path"])),
            TimeFormat(given["time"]) if "time" in given else None,
            given.get("values"),
            text=given.get("text", False),
            scale=given.get("scale", 1),
        )

    # -- saying -------------------------------------------------------------------------------------

    def _says(self, given: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
        found: dict[str, tuple[Any, ...]] = {}
        for kind in (*INTENTS, OTHER):
            if kind not in given:
                continue
            templates = _listed(given[kind])
            known = frozenset({"type"} if kind == OTHER else _fields("client")[kind]) | self.kept
            for at, template in enumerate(templates):
                where: Where = ("says", kind, at) if isinstance(given[kind], list) else ("says", kind)
                self._check_places(where, template, known)
            found[kind] = tuple(templates)
        if given and "chat" not in found:
            raise self.file.problem(("says",), "`says` has no chat: nobody could ask anything.")
        for at, template in enumerate(found.get("chat", ())):
            if "content" not in names(template):
                where = ("says", "chat", at) if isinstance(given["chat"], list) else ("says", "chat")
                raise self.file.problem(where, "the question has no place for $content.")
        return found

    # -- checks -------------------------------------------------------------------------------------

    def _kept_names(self) -> frozenset[str]:
        rules = [name for rule in self.content.get("reads", []) for name in rule.get("remember", {})]
        greeting = self.content.get("connect", {}).get("greeting", [])
        return frozenset([*rules, *(name for step in greeting for name in step.get("remember", {}))])

    def _check_places(self, where: Where, template: object, known: frozenset[str]) -> None:
        allowed = known | frozenset(MADE) | self.values | self.kept
        for name in sorted(names(template) - allowed):
            near = difflib.get_close_matches(name, sorted(allowed), n=1)
            mend = f"did you mean ${near[0]}?" if near else f"known are: {', '.join(sorted(known))}."
            raise self.file.problem(
                where,
                f"nobody knows a value for ${name}; {mend} The environment's VALUES may give others.",
            )

    def _one_of(self, where: Where, name: str, known: list[str], what: str) -> None:
        if name in known:
            return
        near = difflib.get_close_matches(name, known, n=1)
        mend = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}."
        raise self.file.problem((*where, name), f"{name!r} is not {what}; {mend}")


@cache
def _fields(side: str = "server") -> Mapping[str, frozenset[str]]:
    """The fields of each frame of the contract, but ``type``."""
    return {
        schema["properties"]["type"]["const"]: frozenset(schema["properties"]) - {"type"}
        for uri, schema in Contract().schemas.items()
        if f"/{side}/" in uri
    }


def _listed(given: Any) -> list[Any]:  # noqa: ANN401 -- checked by the schema
    return given if isinstance(given, list) else [given]


def _kept(given: Any) -> Kept:  # noqa: ANN401 -- checked by the schema
    if isinstance(given, str):
        return Kept(At((parse(given),)))
    source = At(tuple(parse(path) for path in _listed(given["path"])), text=given.get("text", False))
    return Kept(source, given.get("join", False))
