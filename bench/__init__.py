"""Benchmarks: each figure of the library, the runner and the backend beside its peer, in the same run."""
