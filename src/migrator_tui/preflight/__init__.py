"""What would go wrong, looked at before anything is spent: no model is asked here."""
