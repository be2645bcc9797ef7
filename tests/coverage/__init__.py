"""Are the cases enough? Prompts, checks, edges and shares as people write them."""
