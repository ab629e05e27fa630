"""What stands in front of a line: who prints it, and what loggers add."""
