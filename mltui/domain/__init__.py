"""The nouns of training: plain values with no I/O and no third-party types but pydantic's in ``profile``."""
