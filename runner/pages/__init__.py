"""Looks at the reports in a real browser: markup from the wire is shown as text, and nothing executes."""
