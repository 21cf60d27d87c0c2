"""The command line: one file per command, and the only writers of stdout and stderr."""
