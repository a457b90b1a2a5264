"""`python -m newsbeam.cli`."""

import os
import sys

if __name__ == "__main__":
    # `python -m` puts the current folder first: a `yaml.py` beside the data would be run. So it is
    # taken out before anything else is imported.
    _packages = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if not getattr(sys.flags, "safe_path", False) and sys.path[0] != _packages:
        del sys.path[0]

    from newsbeam.cli.main import main

    sys.exit(main())
