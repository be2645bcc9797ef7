"""Preflight: what would go wrong, before the first run and whenever it is asked for."""
