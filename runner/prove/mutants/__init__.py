"""Mutants: small changes of the code that the tests must notice, made by a machine and not by hand."""
