"""A writer per shell: `write(root)` gives the whole script for the command tree."""
