"""Plugins, and commands run for events.

specs    the hooks that a plugin may implement
manager  handing events on, so that no hook can hurt the loop
plugins  finding plugins, and a process for each
host     inside that process
command  --exec
"""
