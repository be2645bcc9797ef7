"""Checks at work in a run: what they must ask, what that costs, how judges are judged, and trying a new one."""
