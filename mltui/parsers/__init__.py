"""How bytes of a log become metric points."""
