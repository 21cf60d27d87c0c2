"""The verbs: what the commands and the dashboard do, without printing a word. One package for each part.

listening   the front of a listener
ear         what it hears with: sound in, events and sealed recordings out
microphone  what holds the sound device
protocol    what these three say to each other
history     what was heard: written, read, searched, carried in and out
purging     what is erased, when, and with what receipt
vault       keys and the ways in, backups
traffic     from packets to a verdict
models      speech models
sandbox     shutting in what listens
system      the installation's health, and the audit
state       the listener as the store shows it: light, mute, counters
mute_file   the file by which a microphone is muted
watch_state following the store from another process
events      what happened, without content
time_spec   "7d", "today" and the like
"""
