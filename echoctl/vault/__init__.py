"""Sealing: keys, epochs, sealed text and audio. The only place that does cryptography."""
