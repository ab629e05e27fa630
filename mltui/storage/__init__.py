"""Files mltui owns: the run database, each run's record, profiles and settings."""
