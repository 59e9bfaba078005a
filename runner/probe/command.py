"""``run.py probe URL``: connects, asks, records, and drafts a dialect and an environment."""

from __future__ import annotations

import argparse
import json
import os
import re
import urllib.parse
from pathlib import Path
from typing import Any, Final

import jwt
from AgentChatLibrary import environment
from AgentChatLibrary.deployment import ADMIN_TOKEN, JWT_KEY, Deployment
from AgentChatLibrary.dialect.speaking import NotOffered
from AgentChatLibrary.engine.offer import Refused
from AgentChatLibrary.environment import Environment, EnvironmentProblem
from AgentChatLibrary.newcomers import KEY
from AgentChatLibrary.offers import TRIES, offered
from AgentChatLibrary.redaction import issue, masked
from AgentChatLibrary.service import Declined, NoAnswer, Service
from AgentChatLibrary.transcript_lines import save
from AgentChatLibrary.visitor import Visitor

from ..arguments import USAGE_ERROR
from ..console import Stop, counted, say
from ..project import RESULTS, VARIABLES, shown
from . import administration, asking, drafting, looking, surroundings
from .drafting import Seen
from .looking import Probe

NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
CLAIMS: Final = {
    "sub": "$user_id",
    "user_id": "$user_id",
    "email": "$email",
    "name": "$name",
    "jti": "$new_id",
}
"""The claims of a token that name its person, and what stands for them in a dialect."""


def main(options: argparse.Namespace) -> int:
    """Probes a backend.

    Args:
        options: The command line.

    Returns:
        The exit status.

    Raises:
        Stop: It cannot be probed; the message says why and what to do.
    """
    name = options.name
    if not NAME.fullmatch(name):
        raise Stop(f"{name!r} is no name: take small letters, digits and underscores.", USAGE_ERROR)
    dialect_file, env_file = VARIABLES / "dialects" / f"{name}.yaml", VARIABLES / f"{name}.py"
    for file in (dialect_file, env_file):
        if file.exists() and not options.force:
            raise Stop(f"{shown(file)} exists. Give another --name, or --force.", USAGE_ERROR)
    base, url, path = _addresses(options.url)
    deployment = Deployment(base, os.environ.get(ADMIN_TOKEN, ""), os.environ.get(JWT_KEY, ""))
    token = _token(deployment)
    probe = Probe(url, Service(deployment), token, **_told(options))
    seen = Seen(options.title or name, url, path)
    try:
        answered = looking.look(probe, seen)
    finally:
        _keep(probe, name)
    seen.credential = _credential(token, deployment.jwt_key)
    canonical = looking.is_canonical(probe.transcripts)
    dialect_file.write_text(drafting.canonical(seen) if canonical else drafting.dialect(seen), "utf-8")
    values = {k: v for k, v in answered.values.items() if not canonical}
    env_file.write_text(surroundings.draft(seen, name, base, {}, values), "utf-8")
    _complete(env_file, seen, name, base, values, deployment, token, canonical=canonical)
    _tell(seen, dialect_file, env_file, canonical=canonical)
    return 0


def _told(options: argparse.Namespace) -> dict[str, Any]:
    try:
        template = json.loads(options.ask) if options.ask else None
        values = asking.given_values(options.value)
    except ValueError as problem:
        raise Stop(f"--ask or --value is wrong: {problem}", USAGE_ERROR) from problem
    if template is not None and "$content" not in json.dumps(template):
        raise Stop("--ask has no place for the question: put $content where it goes.", USAGE_ERROR)
    return {"question": options.question, "template": template, "values": values, "quiet": options.quiet}


def _addresses(given: str) -> tuple[str, str, str]:
    """The HTTP address of the backend, the WebSocket's address, and its path."""
    parts = urllib.parse.urlsplit(given)
    schemes = {"ws": "http", "wss": "https", "http": "http", "https": "https"}
    if parts.scheme not in schemes or not parts.hostname:
        raise Stop(f"{given!r} is no address of a WebSocket. Write it as ws://HOST:PORT/PATH.", USAGE_ERROR)
    http = schemes[parts.scheme]
    path = (parts.path or "/ws") + (f"?{parts.query}" if parts.query else "")
    base = f"{http}://{parts.netloc}"
    return base, f"ws{base.removeprefix('http')}{path}", path


def _token(deployment: Deployment) -> str:
    """The credential: the one in the environment, else that of a person whom the administration makes."""
    given = os.environ.get(KEY, "").strip()
    if given:
        return issue(given)
    if not deployment.admin_token:
        return ""
    here = Environment("probe", Path(), deployment.url, capabilities=frozenset({"admin"}))
    try:
        return Visitor(here, deployment).token
    except (Declined, NoAnswer) as problem:
        raise Stop(f"{ADMIN_TOKEN} is set, but nobody could be made with it: {problem}") from problem


def _credential(token: str, key: str) -> dict[str, Any]:
    """What the dialect says of the credential."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        algorithm = str(jwt.get_unverified_header(token).get("alg", "HS256"))
    except jwt.InvalidTokenError:
        return {"got": "key"}
    if not key:
        return {"got": "given"}
    kept = {n: CLAIMS.get(n, value) for n, value in claims.items() if n not in ("exp", "iat", "nbf")}
    lifetime = int(claims["exp"]) - int(claims["iat"]) if {"exp", "iat"} <= claims.keys() else 900
    return {"got": "minted", "algorithm": algorithm, "lifetime": max(60, lifetime), "claims": kept}


def _keep(probe: Probe, name: str) -> None:
    """Keeps what was recorded, so that it can be judged once the dialect is better."""
    if not probe.transcripts:
        return
    folder = RESULTS / "probe"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.jsonl"
    with file.open("w", encoding="utf-8") as out:
        save(masked(probe.transcripts), out)
    say(f"Recorded: {shown(file)} ({counted(len(probe.transcripts), 'connection')})")


def _complete(
    file: Path,
    seen: Seen,
    name: str,
    base: str,
    values: dict[str, Any],
    deployment: Deployment,
    token: str,
    *,
    canonical: bool,
) -> None:
    """Tries with the drafted files what the backend offers, and writes it into the environment."""
    try:
        env = environment.load(file)
    except EnvironmentProblem as problem:
        seen.doubts.append(f"What is offered: the draft is not usable yet. {problem}")
        return
    say("Trying what it offers ...")
    evidence: dict[str, str] = {}
    if deployment.jwt_key and (canonical or seen.credential["got"] == "minted"):
        evidence["mint"] = f"the key in {JWT_KEY}"
    try:
        visitor = Visitor(env, deployment, token)
        evidence |= {one.capability: one.evidence for one in offered(visitor, set(TRIES) - {"admin"})}
        if canonical and deployment.admin_token:
            evidence |= administration.tried(env, deployment)
    except (Refused, NotOffered, Declined, NoAnswer, EnvironmentProblem) as problem:
        seen.doubts.append(f"What is offered: {problem}")
    known = {one: evidence[one] for one in environment.CAPABILITIES if one in evidence}
    file.write_text(surroundings.draft(seen, name, base, known, values), "utf-8")


def _tell(seen: Seen, dialect_file: Path, env_file: Path, *, canonical: bool) -> None:
    say()
    if canonical:
        say("It speaks the contract itself (agent-chat v1): nothing has to be translated.")
    say(f"Dialect: {shown(dialect_file)}")
    say(f"Environment: {shown(env_file)}")
    doubts = seen.doubts if canonical else [*seen.doubts, *seen.roles.doubts]
    if doubts:
        say("What could not be told:")
        for doubt in doubts:
            say(f"  {doubt}")
    say(f"Go on with: python3 run.py --env {env_file.stem}")
