"""The nouns: frozen, slotted dataclasses and enums (plain classes on the fast path), without behaviour.

speech    what is heard: chunk sizes, detections, transcripts, recordings, the light's states
traffic   what is watched: devices, endpoints, bursts, captures, verdicts
grades    the words in which traffic is judged, apart because --help and Tab need them without dataclasses
listener  the listener's state at one moment, how far its sandbox goes, and how much of one is wanted
"""
