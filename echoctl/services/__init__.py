"""The verbs: what the commands and the dashboard do, without printing a word. One package for each part.

listening   the ear and its front
history     what was heard: written, read, searched, carried in and out
purging     what is erased, when, and with what receipt
vault       keys and the ways in, backups
traffic     from packets to a verdict
models      speech models
sandbox     shutting in what listens
system      the installation's health, and the audit
state       the listener as the store shows it: light, mute, counters
watch_state following the store from another process
events      what happened, without content
time_spec   "7d", "today" and the like
"""
