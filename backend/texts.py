"""What counts as text: what JSON, UTF-8 and every database can hold."""


def is_text(value: str) -> bool:
    """Says whether a string can be stored: U+0000 and lone surrogates cannot (PostgreSQL, RFC 3629).

    Args:
        value: From outside.
    """
    return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
