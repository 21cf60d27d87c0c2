"""Understanding sound: models, voice activity, wake words, transcription.

models            finding a speech model, checking and loading it
manifest          what is written down beside an installed model
shared_model      one model for several detectors of the same sound
vad               voice activity, a flag per 32 ms
wake              the wake detector: energy gate, a detector per word, refractory period
gate              loudness, energy gate, trigger, refractory period
neural_detector   words with a neural model: a spotter, and a second stage
grammar_detector  typed words: a grammar of them, and a second one
spotters          microWakeWord, openWakeWord, and recognisers held to a few phrases
words             spelling of wake words, and words that fill ordinary speech
builtin_words     which words have a neural model
engines           which engines there are, under which licences
recogniser        one stream of speech through Vosk
transcribe        speech to text while it is spoken
"""
