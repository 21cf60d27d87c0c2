"""Listening: the ear, its front, and what stands beside them.

process      the ear's process: sandbox, signals, and the loop
ear          the loop: chunk in, wake detector or utterance, sealed row out
capture      the source of sound: opening, losing, finding again, muting
utterance    one request, from its wake word to its pause
led          the light of one listener, and why it is as it is
level_events how loud it is, for a front that draws it
protocol     the pipe between ear and front
supervisor   the front: starts an ear, reads it, starts it again
chimes       the sounds at both ends of a request
demo         the sample, and a store that is thrown away
wake_test    how well a wake word is heard
"""
