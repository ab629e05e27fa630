"""mltui: the cockpit for machine-learning experiments in containers.

Importing the package imports nothing heavy; see ``docs/architecture.md`` for the map.
"""

__version__ = "0.1.0"
