"""What you see: one file for each pane or line of the dashboard."""
