"""Where a value stands, and whether it is news."""
