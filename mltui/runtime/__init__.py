"""The straight line from a profile to a recorded run, without any user interface."""
