"""What the three processes of a listener say to each other: microphone to ear, ear to front, front to ear.

ear_spec        what an ear is told at its start
microphone_spec what a microphone process is told at its start
sound           the pipe of sound: frames of pcm, and events in between
events          lines of JSON from the ear, and what the front makes of them for everybody
checks          the front believes no line: the schema, with limits
records         sealed recordings, and to whom they are sealed, as JSON
"""
