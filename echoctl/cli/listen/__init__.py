"""`echoctl listen` and its neighbours.

commands  listen
launch    from the options to a session, or to the demonstration
session   one run in front of somebody: lines, light, keys, signals
mute      mute
unmute    unmute
status    status
wake      wake test
"""
