"""Starts the service: ``python -m backend``."""

import sys

from backend.launch import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
