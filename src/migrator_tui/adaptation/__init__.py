"""Make the prompt fit: edits with their guards, suggestions of an assistant, and a search with a budget."""
