"""What every command needs at a terminal.

output       stdout: lines, tables, JSON
diagnostics  stderr: notes, errors, progress
confirm      asking before something dangerous
passphrase   asking for a secret
group        how commands and groups are made
"""
