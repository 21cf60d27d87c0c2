"""What comes up over the panes: a recording, a question, the keys."""
