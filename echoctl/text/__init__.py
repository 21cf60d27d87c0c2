"""Values as words: what commands, the dashboard and reports say alike.

format        lengths, sizes, counts, plans, and text made safe to print
status        the listener's state, and what the sandbox holds
timestamps    moments as ISO 8601
verdict_text  a verdict as a headline and sentences
"""
