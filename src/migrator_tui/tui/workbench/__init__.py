"""Two models side by side: cases, outputs, and the prompt that makes them match."""
