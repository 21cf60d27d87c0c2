"""Listening: the ear, its front, and what stands beside them.

process      the ear's process: sandbox, signals, and the loop
wiring       the one place where an ear is put together
ear          the loop: chunk in, wake detector or utterance, sealed row out
capture      the source of sound: opening, losing, finding again, muting
utterance    one request, from its wake word to its pause
led          the light of one listener, and why it is as it is
level_events how loud it is, for a front that draws it
ear_spec     what an ear is told at its start
protocol     the pipe between ear and front
supervisor   starts an ear, reads it, starts it again when it dies
session      a supervised ear with all that follows it: plugins, chimes, lights
chimes       the sounds at both ends of a request
demo         the sample, and a store that is thrown away
wake_test    how well a wake word is heard
"""
