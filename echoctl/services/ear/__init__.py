"""The ear: a function. Sound comes in through one pipe, orders through another; events and sealed recordings go out.

It has neither file nor socket nor device, and no key that opens anything.

process      the ear's process: sandbox, signals, and the loop
wiring       the one place where an ear is put together
inlet        what comes in: sound, and orders of the front
ear          the loop: chunk in, wake detector or utterance, sealed recording out
utterance    one request, from its wake word to its pause
level_events how loud it is, for a front that draws it
"""
