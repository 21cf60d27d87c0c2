"""`echoctl history`.

commands  list, show, feedback, stats
delete    delete
files     export, import
play      play
search    search
view      recordings as a table and as JSON
options   the options that select recordings
"""
