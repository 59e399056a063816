"""What answers look like, for the API's document: one for each operation that has none in its own module."""

from typing import Any, Final

_TIME: Final = "2026-11-22T03:04:05Z"
_TRUNG_YEN: Final[dict[str, Any]] = {
    "id": "trung-yen-3",
    "domain": "air_quality",
    "kind": "station",
    "parent_id": None,
    "name": {"vi": "Trung Yên 3", "en": "Trung Yen 3"},
    "location": {"lat": 21.0152, "lon": 105.7999, "trust": "V", "source": "the city's list of stations"},
    "properties": {},
    "datastreams": [
        {
            "id": 7,
            "property": "pm2_5",
            "unit": "ug/m3",
            "latest": {"time": _TIME, "result": 35.2, "quality": 1, "provenance": "measured"},
        }
    ],
}
_FORECAST: Final[dict[str, Any]] = {
    "time": "2026-11-22T06:00:00Z",
    "issued": "2026-11-22T03:00:00Z",
    "result": 41.0,
    "low": 28.5,
    "high": 57.0,
    "level": 0.8,
}
_MAP: Final[dict[str, Any]] = {
    "type": "FeatureCollection",
    "domain": "air_quality",
    "generated_at": "2026-11-22T03:04:06Z",
    "simulated": False,
    "features": [
        {
            "type": "Feature",
            "id": "trung-yen-3",
            "geometry": {"type": "Point", "coordinates": [105.7999, 21.0152]},
            "properties": {
                "name_vi": "Trung Yên 3",
                "name_en": "Trung Yen 3",
                "kind": "station",
                "time": _TIME,
                "age_s": 1,
                "interval_s": 60,
                "state": "live",
                "values": {
                    "pm2_5": {
                        "result": 35.2,
                        "unit": "ug/m3",
                        "quality": 1,
                        "time": _TIME,
                        "provenance": "measured",
                    }
                },
                "level": None,
                "label_vi": "Chưa có mức",
                "label_en": "No level yet",
                "color": "#8C9196",
                "coordinate_trust": "V",
                "simulated": False,
            },
        }
    ],
}
_ATOM: Final = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>urn:hanoi-ops:cap</id>
  <title>Hanoi public messages</title>
  <updated>2026-07-20T10:05:30Z</updated>
</feed>
"""
_CAP: Final = """<?xml version="1.0" encoding="utf-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>hanoi-20260720T170530-7-1</identifier>
  <sender>ops.example.vn</sender>
  <sent>2026-07-20T17:05:30+07:00</sent>
  <status>Exercise</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
</alert>
"""
_DATEX2_TABLE: Final = """<?xml version="1.0" encoding="UTF-8"?>
<d2:payload xmlns:d2="http://datex2.eu/schema/3/d2Payload" xsi:type="prk:ParkingTablePublication" lang="vi">
  <prk:parkingTable id="hanoi-parking" version="5d0c1e3f9a42">
    <prk:hierarchyElementGeneral xsi:type="prk:Place" id="ltk-01" version="81c7a05b2e10">
      <prk:supply><prk:quantity>14</prk:quantity><prk:viewType>spaceView</prk:viewType></prk:supply>
    </prk:hierarchyElementGeneral>
  </prk:parkingTable>
</d2:payload>
"""
_DATEX2_STATUS: Final = """<?xml version="1.0" encoding="UTF-8"?>
<d2:payload xmlns:d2="http://datex2.eu/schema/3/d2Payload" xsi:type="prk:ParkingStatusPublication" lang="vi">
  <prk:headerInformation><com:informationStatus>test</com:informationStatus></prk:headerInformation>
  <prk:parkingStatusInformation xsi:type="prk:PlaceStatus">
    <fac:reference id="ltk-01" version="81c7a05b2e10" targetClass="fac:FacilityObject"/>
    <prk:occupancy>
      <prk:numberOfVacantSpaces>5</prk:numberOfVacantSpaces>
      <prk:numberOfOccupiedSpaces>9</prk:numberOfOccupiedSpaces>
      <prk:occupancy>64.3</prk:occupancy>
    </prk:occupancy>
    <prk:status>spacesAvailable</prk:status>
  </prk:parkingStatusInformation>
</d2:payload>
"""

ANSWERS: Final[dict[str, Any]] = {
    "/api/v1/domains": {
        "items": [
            {
                "key": "rain",
                "name": {"vi": "Mưa", "en": "Rain"},
                "headline": "rain_interval",
                "properties": {
                    "rain_interval": {
                        "name": {"vi": "Lượng mưa", "en": "Rain"},
                        "unit": "mm",
                        "symbol": "mm",
                        "decimals": 1,
                        "interval_s": 300,
                        "boolean": False,
                        "derived": False,
                        "bands": [
                            {
                                "level": 0,
                                "below": None,
                                "label": {"vi": "Có số liệu", "en": "Measured"},
                                "color": "#387CBD",
                            }
                        ],
                    }
                },
                "map": {"shape": "drop", "summary": None, "closure": None, "bands": []},
                "pages": {"vi": "/vi/mua/", "en": "/en/rain/"},
            }
        ],
        "states": {"never": {"vi": "Chưa có dữ liệu", "en": "Never heard"}},
        "grey": "#8C9196",
    },
    "/api/v1/things": {"items": [_TRUNG_YEN], "next": None},
    "/api/v1/things/{id}": _TRUNG_YEN,
    "/api/v1/datastreams/{id}/observations": {
        "datastream_id": 7,
        "unit": "ug/m3",
        "step": "1h",
        "items": [
            {
                "time": "2026-11-22T03:00:00Z",
                "count": 58,
                "mean": 36.4,
                "min": 30.1,
                "max": 44.0,
                "first": 33.0,
                "last": 35.2,
                "coverage": 0.9667,
                "provenance": "measured",
            }
        ],
        "next": None,
    },
    "/api/v1/forecasts": {
        "items": [
            {
                "domain": "air_quality",
                "property": "pm2_5_forecast",
                "forecast_of": "pm2_5",
                "name": {"vi": "Dự báo PM2.5", "en": "PM2.5 forecast"},
                "unit": "ug/m3",
                "models": [{"model": "ridge", "shown": False, "scores": []}],
            }
        ]
    },
    "/api/v1/forecasts/{id}": {
        "thing": "trung-yen-3",
        "items": [
            {
                "property": "pm2_5_forecast",
                "forecast_of": "pm2_5",
                "datastream_id": 12,
                "unit": "ug/m3",
                "model": "ridge",
                "provenance": "forecast",
                "input_provenance": "measured",
                "items": [_FORECAST],
            }
        ],
    },
    "/api/v1/map/{domain}.geojson": _MAP,
    "/api/v1/alerts": {
        "items": [
            {
                "id": 12,
                "rule": "flood_depth",
                "domain": "flood",
                "thing": "flood-tong-dan",
                "name": {"vi": "Tông Đản", "en": "Tong Dan"},
                "property": "water_depth",
                "severity": "critical",
                "state": "firing",
                "title": {"vi": "Ngập sâu", "en": "Deep flooding"},
                "unit": "cm",
                "limit": 30.0,
                "value": 35.0,
                "value_time": _TIME,
                "peak": 40.0,
                "firing_since": "2026-11-22T02:50:00Z",
                "resolved_at": None,
                "provenance": "measured",
                "simulated": False,
            }
        ]
    },
    "/api/v1/parking/datex2/table.xml": _DATEX2_TABLE,
    "/api/v1/parking/datex2/status.xml": _DATEX2_STATUS,
    "/api/v1/alerts/cap": _ATOM,
    "/api/v1/alerts/cap/{identifier}.xml": _CAP,
}
"""By path; an operation whose own module gives an example keeps that."""

PROBLEMS: Final[dict[str, dict[str, Any]]] = {
    "401": {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "the key is not known, was revoked or is over; without one the API answers too",
    },
    "404": {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no Thing 'nowhere'",
    },
    "422": {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "limit: want 1 or more",
        "errors": [{"parameter": "limit", "detail": "want 1 or more"}],
    },
    "429": {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "more than 600 requests in 60 s; try again in 12 s",
    },
    "503": {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "the database can't be reached; try again",
    },
}
