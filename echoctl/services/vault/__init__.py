"""The vault: its keys, and the ways in.

unlocking       making the vault, opening it, changing its passphrase
key_slots       ending one way in
os_keyring      the login's keyring as a way in
guest_identity  a private guest's own line as a way in
backups         one sealed file of the whole store
"""
