"""The one SQLite file: the only place that says SELECT."""
