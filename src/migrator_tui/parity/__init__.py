"""Old against new: outcomes, and what follows from them. Pure functions."""
