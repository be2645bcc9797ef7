"""Are the cases enough? What they exercise of the prompt, of the edges and of production, and what fills the gaps."""
