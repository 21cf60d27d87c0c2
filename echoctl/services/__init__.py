"""The verbs: what the commands and the dashboard do, without printing a word."""
