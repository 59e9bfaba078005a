"""``run.py probe``: looks at a backend nobody has described yet, and drafts its dialect and environment."""
