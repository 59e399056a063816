"""Starts the supervisor as `make demo` does, with the programs of a folder: argument 1."""

import sys
from pathlib import Path

from deploy.embedded.__main__ import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], programs=Path(sys.argv[1])))
