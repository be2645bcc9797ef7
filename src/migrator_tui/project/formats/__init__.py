"""Files of other tools, read into our own values; nothing of them is ever executed."""
