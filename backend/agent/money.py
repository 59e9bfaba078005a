"""Money as people read it."""


def money(cents: int) -> str:
    """Formats cents as US dollars, such as ``$1,234.56``.

    Args:
        cents: An amount of at least 0.
    """
    return f"${cents // 100:,}.{cents % 100:02d}"
