"""Commands that write no records: explain, list, plan."""
