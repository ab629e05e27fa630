"""Regions of the main screen: domain values in, widgets out."""
