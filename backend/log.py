"""The service's own log: one JSON object a line, never a secret.

What is written is chosen field by field. The masking of whatever looks like a token is a second net, for
texts that come from elsewhere, such as a library's exception.
"""

import json
import logging
import re
import sys
import traceback
from pathlib import Path

_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,2}|\bjwt\.[A-Za-z0-9_=-]{8,}")
_BEARER = re.compile(r"(?i)\b(bearer\s+)\S+")


def masked(text: str) -> str:
    """Returns ``text`` with everything that looks like a token replaced."""
    text = _TOKEN.sub("[masked]", text)
    # Looking for a word is a tenth of the work, and few texts hold it.
    return _BEARER.sub(r"\1[masked]", text) if "bearer" in text.lower() else text


class Journal:
    """Writes what happened. The only way for the service's code to its log."""

    def __init__(self, name: str = "agent_chat") -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, **fields: object) -> None:
        """Notes something that is as it should be.

        Args:
            event: What happened, in snake case.
            fields: Facts about it; never a credential, a question or an answer.
        """
        self.write(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Notes something that somebody may have to look at."""
        self.write(logging.WARNING, event, fields)

    def failure(self, event: str, problem: BaseException, **fields: object) -> None:
        """Notes an unexpected exception with its traceback."""
        trace = "".join(traceback.format_exception(problem))
        self.write(logging.ERROR, event, {**fields, "traceback": trace})

    def write(self, level: int, event: str, fields: dict[str, object]) -> None:
        """Writes one line."""
        self._logger.log(level, event, extra={"fields": fields})


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line, without its line end."""
        entry: dict[str, object] = {
            "at": round(record.created, 6),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        entry.update(getattr(record, "fields", {}))
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return masked(json.dumps(entry, ensure_ascii=True, default=str))


def configure(file: Path | None, formatter: logging.Formatter) -> None:
    """Sends the log of the whole process to one place.

    Args:
        file: The log file, appended to; standard error when None.
        formatter: Makes the lines.
    """
    handler: logging.Handler
    if file is None:
        handler = logging.StreamHandler(sys.stderr)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("agent_chat").setLevel(logging.INFO)
    # At INFO the server writes request lines with their query string, at DEBUG headers: both may hold tokens.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "websockets", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
