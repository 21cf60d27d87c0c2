"""Plugins: the hook specifications and their manager."""
