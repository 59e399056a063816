"""Shapes of the public API as pydantic models: they make the OpenAPI document, and tests check answers by them."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Level = Annotated[int, Field(description="0 is the best or calmest class of the domain's scale")]
Share = Annotated[float, Field(ge=0, le=1)]
Quality = Literal[1, 2, 3, 4, 9]
ProvenanceName = Literal["measured", "manual", "derived", "replayed", "forecast", "simulated"]
EXPIRES = Field(default=None, description="of a value by hand (`manual`): it holds until then, and no longer")
QUALITY = Field(description="QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Name(_Model):
    """A text in Vietnamese and English."""

    vi: str
    en: str


class Place(_Model):
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    trust: Literal["V", "M", "S"] = Field(
        description="V verified, M from memory (100-300 m off), S synthetic"
    )
    source: str


class Latest(_Model):
    time: AwareDatetime
    result: float
    quality: Quality = QUALITY
    provenance: ProvenanceName
    input_provenance: ProvenanceName | None = Field(
        default=None, description="the weakest provenance among a derived value's inputs"
    )
    expires_at: AwareDatetime | None = EXPIRES


class DatastreamItem(_Model):
    id: int
    property: str
    unit: str = Field(description="UCUM")
    latest: Latest | None


class ThingItem(_Model):
    """A station, gauge, point or bay."""

    id: str
    domain: str
    kind: str
    parent_id: str | None
    name: Name
    location: Place | None
    properties: dict[str, Any]
    datastreams: list[DatastreamItem]
    retired_from: AwareDatetime | None = Field(
        default=None,
        description="only of a Thing that is out of service: it is in no list, its history stays",
    )
    distance_m: float | None = Field(default=None, ge=0, description="only where `near` was asked")


class ThingPage(_Model):
    items: list[ThingItem]
    next: str | None = Field(description="give it as `cursor` for the next page; null on the last one")


class RawItem(_Model):
    time: AwareDatetime
    result: float
    quality: Quality = QUALITY
    provenance: ProvenanceName
    result_time: AwareDatetime
    input_provenance: ProvenanceName | None = None
    quality_reason: str | None = None
    parameters: dict[str, Any] | None = Field(
        default=None,
        description="what a derived value or a forecast was made of, each property in its own words; absent: nothing",
        examples=[
            {
                "dominant": "pm2_5",
                "sub_indices": {"pm2_5": 94, "pm10": 60},
                "concentrations": {"pm2_5": 46.959, "pm10": 70.0},
                "hours": {"pm2_5": 12, "pm10": 12},
            }
        ],
    )


class RollupItem(_Model):
    """One hour, or one day of Hanoi, with a usable value (good or not evaluated); `count` to `last` are of those."""

    time: AwareDatetime = Field(
        description="start of the bucket; a value that stands for a day is stamped with the end of it"
    )
    count: int = Field(ge=1)
    mean: float | None = Field(description="null: directions that cancel out have none")
    min: float
    max: float
    first: float
    last: float
    coverage: Share = Field(description="share of the expected reports that arrived and are usable")
    provenance: ProvenanceName = Field(
        description="the weakest of its usable and suspect values; a derived value counts as its inputs"
    )
    suspect: int | None = Field(default=None, ge=1, description="suspect values; absent: none")
    fail: int | None = Field(default=None, ge=1, description="failed values; absent: none")
    missing: int | None = Field(default=None, ge=1, description="values marked missing; absent: none")
    mean_with_suspect: float | None = Field(
        default=None, description="mean of usable and suspect values; absent: there are no suspect ones"
    )


class ObservationPage(_Model):
    """Oldest first. `items` are raw values when `step` is raw, buckets otherwise."""

    datastream_id: int
    unit: str
    step: Literal["raw", "1h", "1d"]
    items: list[RawItem] | list[RollupItem]
    next: str | None


class ForecastItem(_Model):
    """One time to come. `low` to `high` is made to hold `level` of the cases; null where its maker gave no interval."""

    time: AwareDatetime
    issued: AwareDatetime
    result: float
    low: float | None
    high: float | None
    level: Share | None


class ThingForecast(_Model):
    property: str
    forecast_of: str
    datastream_id: int
    unit: str = Field(description="UCUM")
    model: str
    provenance: Literal["forecast"]
    input_provenance: ProvenanceName | None = Field(
        description="the weakest provenance of what it was made from; null: its maker does not say"
    )
    items: list[ForecastItem]


class ThingForecasts(_Model):
    """What may be shown of the time to come; an empty list where no model beat both baselines."""

    thing: str
    items: list[ThingForecast]


class ScoreItem(_Model):
    """Errors in the property's unit, all three of the same cases."""

    basis: Literal["held_out", "issued"] = Field(
        description="held_out: on history that the model was not fitted on; issued: what it issued against what came"
    )
    lead_from_h: float
    lead_to_h: float
    n: int
    mae: float
    mae_persistence: float
    mae_climatology: float
    skill_persistence: float | None = Field(description="1 is perfect, 0 as good as persistence")
    skill_climatology: float | None = Field(description="the same against the same hour of 28 days before")
    coverage: Share | None = Field(description="share of the cases within the interval")
    level: Share | None = Field(description="the share that the interval is made to hold")
    beats_both: bool
    decides: bool = Field(description="whether it is this score that decides for its lead")
    provenance: ProvenanceName = Field(description="the weakest of the data that it was scored on")
    held_out_from: AwareDatetime
    held_out_to: AwareDatetime
    trained_from: AwareDatetime | None
    trained_to: AwareDatetime | None
    scored_at: AwareDatetime


class ForecastModel(_Model):
    model: str
    shown: bool = Field(description="whether it beats both baselines at some lead, and so may be shown there")
    scores: list[ScoreItem] = Field(
        description="empty: not scored yet; others' are scored once a day on what then came"
    )


class ForecastProperty(_Model):
    domain: str
    property: str
    forecast_of: str
    name: Name
    unit: str
    models: list[ForecastModel] = Field(
        description="those that have a score or a forecast of a time to come; empty: mostly for too little history"
    )


class ForecastCatalogue(_Model):
    items: list[ForecastProperty]


class MapForecast(_Model):
    """The highest value of the time to come that may be shown."""

    time: AwareDatetime
    issued: AwareDatetime
    result: float
    low: float | None
    high: float | None
    level: Share | None
    unit: str
    model: str
    provenance: Literal["forecast"]
    input_provenance: ProvenanceName | None


class MapValue(_Model):
    result: float
    unit: str
    quality: Quality = QUALITY
    time: AwareDatetime
    provenance: ProvenanceName
    input_provenance: ProvenanceName | None = None
    expires_at: AwareDatetime | None = EXPIRES


class MapProperties(_Model):
    """Of a Thing. Points that sum up bays have the five counts; bays have `parent_id` and `bay_state`."""

    name_vi: str
    name_en: str
    kind: str
    time: AwareDatetime | None
    age_s: int | None = Field(ge=0)
    interval_s: int | None
    state: Literal["live", "stale", "never", "fault"]
    values: dict[str, MapValue]
    level: Level | None
    label_vi: str
    label_en: str
    color: str = Field(pattern=r"^#[0-9A-Fa-f]{6}$")
    coordinate_trust: Literal["V", "M", "S"]
    simulated: bool
    forecasts: dict[str, MapForecast] | None = Field(
        default=None, description="by the property that is foretold; absent where nothing may be shown"
    )
    closed: bool | None = Field(
        default=None, description="absent where no property of the domain can close a place"
    )
    free: int | None = None
    occupied: int | None = None
    unknown: int | None = None
    out_of_service: int | None = None
    capacity: int | None = None
    occupancy_percent: float | None = None
    parent_id: str | None = None
    bay_state: Literal["free", "occupied", "unknown", "out_of_service"] | None = None


class ExtentProperties(_Model):
    """Of a flooded area."""

    name_vi: str
    name_en: str
    kind: Literal["extent"]
    thing: str
    time: AwareDatetime
    age_s: int = Field(ge=0)
    state: Literal["live", "stale"]
    depth_cm: float
    level: Level | None
    label_vi: str
    label_en: str
    color: str
    coordinate_trust: Literal["V", "M", "S"]
    provenance: ProvenanceName
    simulated: bool


class CitizenReportProperties(_Model):
    """Of a flood that citizens reported and the centre confirmed: nothing was measured, and it has no level."""

    name_vi: str
    name_en: str
    kind: Literal["citizen_report"]
    state: Literal["reported"]
    values: dict[str, MapValue]
    level: None
    label_vi: str
    label_en: str
    color: str
    coordinate_trust: Literal["M"]
    simulated: Literal[False]
    number: str
    description: str | None = Field(description="as somebody wrote it, in `language`; plain text, never HTML")
    language: Literal["vi", "en"]
    answer_vi: str | None
    answer_en: str | None
    reported_at: AwareDatetime
    expires_at: AwareDatetime = Field(description="it leaves the map then, or when the centre closes it")
    photo: str | None


class PointGeometry(_Model):
    type: Literal["Point"]
    coordinates: tuple[float, float]


class PolygonGeometry(_Model):
    type: Literal["Polygon"]
    coordinates: list[list[list[float]]]


class PointFeature(_Model):
    type: Literal["Feature"]
    id: str
    geometry: PointGeometry
    properties: MapProperties


class ExtentFeature(_Model):
    type: Literal["Feature"]
    id: str
    geometry: PolygonGeometry
    properties: ExtentProperties


class CitizenReportFeature(_Model):
    type: Literal["Feature"]
    id: str
    geometry: PointGeometry
    properties: CitizenReportProperties


class MapCollection(_Model):
    type: Literal["FeatureCollection"]
    domain: str
    generated_at: AwareDatetime
    simulated: bool = Field(description="whether any value in it is simulated or derived from simulated ones")
    features: list[PointFeature | ExtentFeature | CitizenReportFeature]


class BandItem(_Model):
    level: Level
    below: float | None = Field(description="null: no upper limit")
    label: Name
    color: str


class PropertyItem(_Model):
    name: Name
    unit: str = Field(description="UCUM")
    symbol: str = Field(description="what people read for the unit")
    decimals: int
    interval_s: int
    boolean: bool
    derived: bool
    forecast_of: str | None = Field(default=None, description="the property that it is a forecast of")
    method: Name | None = Field(default=None, description="how its values come to be: a decision, a formula")
    bands: list[BandItem]


class MapItem(_Model):
    shape: str
    summary: Literal["occupancy"] | None
    closure: str | None = Field(
        description="the boolean property by which a place is closed, whatever its level"
    )
    bands: list[BandItem]


class ThresholdItem(_Model):
    """`value`: a level of the property's bands; where it has none, a value."""

    value: int
    label: Name


class OfferItem(_Model):
    """What can be asked of a domain's Things by `/subscriptions`."""

    property: str
    at_least: list[ThresholdItem]


class DomainItem(_Model):
    key: str
    name: Name
    headline: str = Field(description="the property that gives a Thing its level and colour")
    properties: dict[str, PropertyItem]
    map: MapItem
    pages: Name | None = Field(
        default=None,
        description="where the list of its places is; with a Thing's id behind it, the page of one",
    )
    subscription: OfferItem | None = Field(default=None, description="what citizens can ask to be told")


class Catalogue(_Model):
    items: list[DomainItem]
    states: dict[str, Name] = Field(description="words for what has no level")
    grey: str


class AlertItem(_Model):
    id: int
    rule: str
    domain: str
    thing: str
    name: Name
    property: str
    severity: Literal["info", "warning", "critical"]
    state: Literal["firing", "resolved"]
    title: Name
    unit: str
    limit: float | None
    value: float
    value_time: AwareDatetime
    peak: float
    firing_since: AwareDatetime
    resolved_at: AwareDatetime | None
    provenance: ProvenanceName
    simulated: bool


class AlertList(_Model):
    """Alerts that are firing, worst first."""

    items: list[AlertItem]


class WardItem(_Model):
    code: str
    name: Name


class NoticeItem(_Model):
    """What the operations centre tells citizens, in plain text."""

    id: int
    kind: Literal["information", "works", "flood", "air", "water", "parking"]
    kind_name: Name
    text: Name
    wards: list[WardItem] = Field(description="wards and communes that it is about; empty: the whole city")
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    published_at: AwareDatetime


class NoticeList(_Model):
    """Notices that hold now, the newest first."""

    items: list[NoticeItem]


class _Named(_Model):
    """A place that has a name."""

    kind: Literal["street", "ward", "thing"]
    id: str = Field(
        description="of a Thing its id, of a ward or commune its code, of a street its name in a-z"
    )
    name: Name
    domains: list[str] = Field(description="of what stands on a street, or of the Thing; a ward has none")


class FoundItem(_Named):
    location: Place | None = Field(
        description="the centre of a ward; the middle of what stands on a street; null: nobody knows"
    )


class FoundList(_Model):
    """The best first: the very name, one that begins so, one of whose words each begins so, then the rest."""

    items: list[FoundItem]


class Spot(_Model):
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    trust: Literal["V", "M", "S"]


class PlaceItem(_Named):
    location: Spot | None
    core: str = Field(description="its Vietnamese name in small letters without marks")
    sought: str = Field(description="all that it is found by, likewise")


class PlaceList(_Model):
    items: list[PlaceItem]


class Fault(_Model):
    parameter: str
    detail: str


class Problem(_Model):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Fault] | None = None


class SubscriptionChannels(_Model):
    """By which citizens can be told here."""

    email: bool
    push_key: str | None = Field(
        description="our VAPID public key (RFC 8292), base64url; null: no web push here"
    )
    zalo_url: str | None = Field(description="the city's Official Account, to follow it there")


class BrowserKeys(BaseModel):
    p256dh: str = Field(min_length=1, max_length=200)
    auth: str = Field(min_length=1, max_length=60)


class BrowserSubscription(BaseModel):
    """What `PushSubscription.toJSON()` gives."""

    endpoint: str = Field(min_length=1, max_length=1000)
    keys: BrowserKeys


class SubscriptionAsked(_Model):
    """Either `email` or `push`."""

    channel: Literal["email", "push"]
    email: str | None = Field(default=None, max_length=254)
    push: BrowserSubscription | None = None
    language: Literal["vi", "en"] = "vi"
    thing: str = Field(pattern=r"^[a-z0-9_-]{1,64}$")
    at_least: int = Field(ge=1, le=10_000, description="one of the domain's `subscription.at_least`")


class SubscriptionAnswer(_Model):
    state: Literal["mail_sent_if_possible", "subscribed"] = Field(
        description="of mail it is not told whether the address is known or had its mails of the day"
    )
    token: str | None = Field(description="of push: what ends it")


class SubscriptionItem(_Model):
    id: int
    channel: Literal["email", "push"]
    address: str
    language: Literal["vi", "en"]
    thing: str
    property: str
    at_least: int
    asked_at: AwareDatetime
    confirmed_at: AwareDatetime | None
    told_at: AwareDatetime | None
    own: bool = Field(description="what the token was made for")


class SubscriptionList(_Model):
    items: list[SubscriptionItem]


class SubscriptionsDeleted(_Model):
    deleted: int = Field(ge=0)
