"""Speech models: from where they come to where they lie.

install   plan, install, list, verify, remove
download  fetching with resume, hash and progress
unpack    untrusted archives, unpacked safely
unpacker  the process that takes them apart, shut in
trial     the process that tries whether a model loads, shut in
"""
