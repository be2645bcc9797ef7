"""Screen 2: is the candidate ready, why, and what would settle it?"""
