"""``run.py prove``: shows that the suites catch faults, by running them against backends with one each."""
