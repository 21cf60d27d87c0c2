"""Sealing: keys, epochs, sealed text and audio. The only place that does cryptography, and no place that stores.

format      byte layouts, labels, associated data: the constants of docs/vault-format.md
primitives  the few library calls everything here is made of, over buffers that can be zeroed
device      the device secret's file
age         age's one-line keys: identities, which people keep, and recipients
agefile     age files: a header for a stored payload, and reading one back
keys        key slots, and the vault's seed that they hold
epoch       the writer's ratchet, the reader's epochs, the key of one recording
stream      audio in age's STREAM chunks
"""
