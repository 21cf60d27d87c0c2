"""The command line: one file per command, and the only writers of stdout and stderr.

A command imports its service when it runs, so that --help and Tab pay for none of them: tests/test_import_hygiene.py.
"""
