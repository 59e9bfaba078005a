"""What ``run.py`` does: one module for each command, and what they share.

``run.py`` needs the standard library alone, so ``bootstrap`` and ``arguments`` import nothing else; every
other module may use what ``requirements.txt`` installs.
"""
