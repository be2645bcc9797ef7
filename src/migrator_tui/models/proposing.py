"""Proposes a model to move to, without loading what that takes before one is asked for: few folders need it."""


def propose(model: str) -> str | None:
    """As `successors.likeliest`."""
    from migrator_tui.models.successors import likeliest

    return likeliest(model)
