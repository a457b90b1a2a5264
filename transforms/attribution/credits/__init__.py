"""Credits, bylines, datelines and copyright holders."""
