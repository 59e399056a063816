"""The alerts that people see, read again and again beside the change feed."""

from datetime import datetime, timedelta
from typing import Final

from dashboard.data import Watch
from storage import alert_log, db
from storage.alert_log import AlertRow

EVERY: Final = timedelta(seconds=1)


class AlertBoard:
    """Alerts that are pending (operators only) or firing, worst first."""

    def __init__(self) -> None:
        self.active: tuple[AlertRow, ...] = ()

    @property
    def watch(self) -> Watch:
        """Give it to the CityFeed."""
        return Watch(every=EVERY, look=self._look)

    def _look(self, conn: db.Connection, now: datetime) -> None:
        self.active = tuple(alert_log.active(conn))
