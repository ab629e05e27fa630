"""The shapes in which logs print their numbers: one file per shape, each from text to a ``Record``."""
