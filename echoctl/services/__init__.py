"""The verbs: what the commands and the dashboard do, without printing a word.

listening: the ear   ear_process, ear, capture, utterance, meter, light, pipe, sealing, sealed
listening: its front listening, chimes, demo, state, following, events, waketest
the vault            vaults, ways_in, session_keyring, identities, recording, texts, rotation
what was heard       history, browsing, overview, search, counting, playing
in and out           exporting, archiving, importing, index_entry, unpacking, backups, verifying
erasing              purge, retention, guests
traffic              watching, monitoring, bursts, verdicts, report, experiment, traffic_devices, axis, panorama
the installation     models, fetching, devices, health, database, completion, when
ourselves            audit, audit_process, audit_scan, audit_leaks
"""
