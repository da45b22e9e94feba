"""What Kairos raises. Each message says what, where, found, expected and what to do."""

from datetime import datetime


class KairosError(Exception):
    """Base of every error that a user can do something about; the command line prints it as one line."""


class SettingsError(KairosError):
    """A setting or configuration file is missing, unknown or out of bounds."""


class CalendarError(KairosError):
    """A date is no session, or a range holds none."""


class ContractError(KairosError):
    """A frame breaks its table's declared columns, types, bounds or key."""


class NotFoundError(KairosError):
    """A table, partition, security, model or year that was asked for does not exist."""


class SourceError(KairosError):
    """A vendor or a file answered with something that is not the data asked for."""


class PlanError(SourceError):
    """The vendor refuses: unknown key, missing permission, or a sample in place of the table."""


class RateLimitError(SourceError):
    """The vendor's limit is reached and waiting any longer is not allowed."""


class BudgetError(RateLimitError):
    """The calls that the user allows for a day are used up.

    Attributes:
        opens_at: When calls are allowed again, aware.
    """

    def __init__(self, message: str, *, opens_at: datetime) -> None:
        super().__init__(message)
        self.opens_at = opens_at


class WarehouseError(KairosError):
    """A commit, a publication or a maintenance step could not be carried out; the warehouse is as it was."""


class ModelError(KairosError):
    """A model cannot be trained, stored, loaded or applied to the frame it was given."""


class SimulationError(KairosError):
    """A simulation's input is unusable or its result breaks an invariant."""
