"""Pure functions from domain values to cells, labels and colours."""
