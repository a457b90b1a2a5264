"""`python -m newsbeam.cli`."""

import sys

from newsbeam.cli.main import main
from newsbeam.storage.filesystem import PACKAGES

if __name__ == "__main__":
    # `python -m` puts the current folder first: a `yaml.py` beside the data would be run.
    if not getattr(sys.flags, "safe_path", False) and sys.path[0] != PACKAGES:
        del sys.path[0]
    sys.exit(main())
