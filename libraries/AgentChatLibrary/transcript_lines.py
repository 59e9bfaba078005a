"""Transcripts as JSON Lines: how they are kept in files, and read again."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from typing import IO

from .frames import Direction, Kind
from .transcript import Owner, Transcript


def save(transcripts: Iterable[Transcript], file: IO[str]) -> None:
    """Writes transcripts as JSON Lines: a header line for each connection, then a line for each frame.

    What another dialect said is written as it was said, so that it can be told and judged again.

    Args:
        transcripts: What to write.
        file: A text file open for writing, UTF-8.
    """
    for transcript in transcripts:
        t = transcript.wire or transcript
        header = {
            "transcript": 1,
            "session": t.session,
            "connection": t.connection,
            "owner": {
                "name": t.owner.name,
                "user_id": t.owner.user_id,
                "organisation_id": t.owner.organisation_id,
                "tier": t.owner.tier,
            },
            "opened_wall": t.opened_wall,
            "truncated": t.truncated,
        }
        file.write(json.dumps(header) + "\n")
        for f in t.frames:
            line: dict[str, object] = {"t": round(f.at - t.opened_at, 6), "dir": f.direction, "kind": f.kind}
            if isinstance(f.data, bytes):
                line["base64"] = base64.b64encode(f.data).decode("ascii")
            elif f.data:
                line["data"] = f.data
            if f.code is not None:
                line["code"] = f.code
            file.write(json.dumps(line) + "\n")


def load(lines: Iterable[str]) -> Sequence[Transcript]:
    """Reads transcripts that :func:`save` wrote.

    Args:
        lines: The lines of the file.

    Returns:
        The transcripts in the order of the file; times are relative to each connection's opening.

    Raises:
        ValueError: A line is no JSON object, or a frame comes before any header; the message names the line.
    """
    found: list[Transcript] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            _read_line(json.loads(line), found)
        except IndexError:
            raise ValueError(f"line {number}: a frame before the first transcript header") from None
        except (ValueError, KeyError, TypeError, RecursionError) as problem:
            raise ValueError(f"line {number} is no line of a transcript: {problem}") from problem
    return found


def _read_line(record: object, found: list[Transcript]) -> None:
    if not isinstance(record, dict):
        raise TypeError("it is no JSON object")
    if "transcript" in record:
        owner = Owner(**record["owner"])
        header = Transcript(record["session"], owner, record["connection"], 0.0, record["opened_wall"])
        header.truncated = record["truncated"]
        found.append(header)
        return
    data = base64.b64decode(record["base64"]) if "base64" in record else record.get("data", "")
    code = record.get("code")
    if not isinstance(data, str | bytes) or not isinstance(code, int | None):
        raise TypeError("data is text, and code an integer")
    kind, direction = Kind(record["kind"]), Direction(record["dir"])
    found[-1].append(float(record["t"]), direction, kind, data, code)
