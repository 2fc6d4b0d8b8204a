from engage.store.database import Database
from engage.store.sql.clock import MachineNow
from workers.diagnosis import _clock


class DatabaseAhead:
    """A real database whose clock is so many seconds ahead of this machine's."""

    def __init__(self, seconds: float) -> None:
        self._database = Database.open("sqlite://")
        self.read = self._database.read
        self.now = MachineNow(seconds)


def test_a_database_whose_clock_says_otherwise_is_told_with_what_to_do() -> None:
    found = _clock(DatabaseAhead(90.0))
    assert not found["ok"]
    assert str(found["found"]).startswith(("89.", "90."))
    assert "NTP" in str(found["do"])


def test_a_database_whose_clock_agrees_is_well() -> None:
    assert _clock(DatabaseAhead(0.0))["ok"]
