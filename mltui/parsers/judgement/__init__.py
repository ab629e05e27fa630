"""Which numbers of a record are values, and of which series."""
