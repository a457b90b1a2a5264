"""Everything that is written: records, dropped rows, dead letters, the manifest and the data card."""
