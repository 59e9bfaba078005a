"""A test's transcripts as a picture: people as lanes, events as marks, time to scale.

Pure functions: transcripts in, SVG text out. The picture stands in an ``<img>``, which inherits no style and
runs no script: it has its own for light and dark. Every mark has a shape and a letter of its own, so colour
is never needed. Whatever came over the wire is escaped.
"""

from .picture import full, small
from .scene import Marking, summary

__all__ = ["Marking", "full", "small", "summary"]
