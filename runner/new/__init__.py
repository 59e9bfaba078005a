"""``run.py new``: writes what a new suite, promise, fault or environment begins with."""
