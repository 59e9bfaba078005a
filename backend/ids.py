"""Identifiers that the server makes."""

import secrets

RANDOM_BYTES = 16
"""128 random bits (contract, "Order and delivery"): nobody guesses an id."""


def new_id(prefix: str) -> str:
    """Returns a new id, such as ``r_`` and 32 hex digits.

    Args:
        prefix: ``u``, ``o``, ``t``, ``r``, ``c``, ``m``, ``n``, ``s``, ``f``, ``l``: what the id is of.
    """
    return f"{prefix}_{secrets.token_hex(RANDOM_BYTES)}"
