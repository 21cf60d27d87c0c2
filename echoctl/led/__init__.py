"""The ring of light: states to colours, and the lights that show them."""
