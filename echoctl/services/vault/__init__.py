"""The vault: its keys, and the ways in.

credential      what a person has that opens it: a passphrase, or the line of a stay
unlocking       making the vault, opening it, changing its passphrase
key_slots       ending one way in
os_keyring      the login's keyring as a way in
backups         one sealed file of the whole store
"""
