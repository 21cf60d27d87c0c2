"""The dashboard: one screen of panes over the same services that the command line uses.

Here are widgets, keys and colours, and no logic: what is counted, opened, deleted or judged comes from services. Start
with app.py: it holds the panes, and the parts that act on them (ear_actions, history_actions, traffic_worker), which
know it as a Host (host.py). widgets/ has one file for each thing that you see, screens/ one for each that comes up over
them.
"""
