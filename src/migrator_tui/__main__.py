"""`python -m migrator_tui` is the command `migrator-tui`."""

import sys

from migrator_tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
