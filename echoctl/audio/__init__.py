"""Sound in and out, as chunks of 80 ms at 16 kHz inside.

source             what a source of chunks looks like
mic                the microphone, through PortAudio
files              sound files, and raw samples from a pipe
devices            which microphones and speakers there are
resample           any rate to 16 kHz, cut into chunks
ring               the pre-roll: the last seconds, in memory that can be wiped
endpoint           end-pointing: when a person has finished
codec              FLAC and WAV, through libsndfile
playback           the speaker, and the chimes
stream_checks      a wrong rate and digital silence, noticed
wakeup             a wait that a thread or a signal handler can end
"""
