"""Samples, reports, differences, exports and schemas of records."""
