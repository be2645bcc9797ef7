"""The rollout screen: how far the traffic has moved, what both arms do, and what would stop it."""
