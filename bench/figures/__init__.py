"""The figures: how each is taken, beside what, and what its goal is."""
