"""Speech models: from where they come to where they lie.

install   plan, install, list, verify, remove
download  fetching with resume, hash and progress
unpack    untrusted archives, unpacked safely
"""
