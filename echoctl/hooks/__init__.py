"""Plugins and commands run for events: the hook specifications, the processes that plugins live in, and the manager."""
