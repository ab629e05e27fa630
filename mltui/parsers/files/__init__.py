"""Curves from files beside the log."""
