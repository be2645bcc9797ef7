"""What keeps the history from being opened, read or written, each told in one line."""

from migrator_tui.project.errors import ProjectError


class HistoryError(ProjectError):
    """The database cannot do what was asked; `str()` of it is the one line a user sees, without passwords."""


class DatabaseTooNewError(HistoryError):
    """A newer version of the program wrote this database; reading it with this one could lose something."""


class NotOurDatabaseError(HistoryError):
    """The file or database named is not a history of this program."""


class OvertakenError(HistoryError):
    """Somebody else changed a rollout meanwhile: nothing was done, and what it is now has to be looked at."""
