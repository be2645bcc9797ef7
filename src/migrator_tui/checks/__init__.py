"""Is this output right? One module a family of checks, one registry that finds them by name."""
