"""The one SQLite file, and the only place that says SELECT: one module per table, the database itself in database/.

recordings  recordings, epochs and chunks of sound
slabs       wrapped keys, in blobs that are zeroed in place
vaults      the vault's row, and its key slots
purging     taking recordings out, keys first
retention   how long recordings are kept
guests      stays
state       whether microphones are muted
listeners   what each listener does right now
events      what happened, and when
traffic     devices, endpoints, seconds, bursts, captures
verdicts    verdicts that were given
completion  what Tab offers of all that
copy        the database as one file, and back
integrity   damage in the file itself
"""
