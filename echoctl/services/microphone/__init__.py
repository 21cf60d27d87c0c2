"""The microphone: the one process that holds the sound device, and nothing else.

process  its start: sandbox, the watch over mute, and the loop
opening  one opening of a device, a file or a pipe, from the wait for it to its end
"""
