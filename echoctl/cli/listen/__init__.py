"""`echoctl listen` and its neighbours.

commands  listen
ear_spec  from configuration and options to what the ear is told
launch    the vault, the hooks and the demonstration around a session
session   one run in front of somebody: lines, light, keys, signals
mute      mute
unmute    unmute
status    status
wake      wake test
"""
