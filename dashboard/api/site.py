"""What the routes of the public site work with, made once in `dashboard.public_site`."""

from dataclasses import dataclass

from dashboard.alerts import AlertBoard
from dashboard.api_keys import KeyRing
from dashboard.bounded_http import Bounds
from dashboard.cap_feed import CapBoard
from dashboard.data import City, CityFeed, Clock
from dashboard.datex2 import ParkingBoard
from dashboard.forecasts import ForecastBoard
from dashboard.limits import AnonymousLimits
from dashboard.live import LiveHub
from dashboard.map_snapshot import MapSnapshots
from dashboard.notices import NoticeBoard
from dashboard.places.last_day import LastDay
from storage import db


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    city: City
    feed: CityFeed
    hub: LiveHub
    maps: MapSnapshots
    alerts: AlertBoard
    cap: CapBoard
    parking: ParkingBoard
    notices: NoticeBoard
    forecasts: ForecastBoard
    last_day: LastDay
    anonymous: AnonymousLimits
    keys: KeyRing
    bounds: Bounds
    pool: db.Pool
    clock: Clock
    metrics_token: str | None
    public_url: str | None = None
    """Where citizens reach this site; None: as they called it."""
