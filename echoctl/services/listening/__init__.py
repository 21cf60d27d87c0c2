"""Listening, as its front does it: what stands around an ear and a microphone, which are processes of their own.

session      a supervised listener with all that follows it: plugins, chimes, lights
supervisor   starts ear and microphone, reads them, starts them again when they die
processes    the two of them, with their pipes
keeper       writes what the ear says: rows, the light, and what everybody hears
led          the light of one listener, and why it is as it is
presence     how everybody else learns what it does, and its lock
chimes       the sounds at both ends of a request
demo         the sample, and a store that is thrown away
wake_test    how well a wake word is heard
hearing      sound of a microphone without an ear, for that test
"""
