"""The command line. Nothing below it knows argparse."""
