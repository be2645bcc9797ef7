"""Move a working LLM application to another model, with evidence."""

__version__ = "0.1.0"
