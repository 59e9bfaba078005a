"""Real backends of others, started on loopback in environments of their own, to run the suites against.

``python -m targets NAME --prepare`` installs one; ``python -m targets NAME --ready-file ...`` starts it as
the reference backend is started. Only the standard library is needed here; the rest is installed on demand.
"""
