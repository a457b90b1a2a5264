"""From files to raw records."""
