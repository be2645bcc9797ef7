"""Screen 3: every version of a prompt, where it came from, and what it did."""
