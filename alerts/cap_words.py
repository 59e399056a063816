"""What CAP 1.2 messages say of each kind of hazard when its rule says nothing else. No I/O.

Severities are our suggestion [S], no official scale (docs/cap.md). Instructions are for citizens; operators have the
rule's runbook. Facts in them: Decision 1459/QĐ-TCMT table 5, paraphrased [V]; depths by FEMA/NOAA and FEMA/AAA via the
press [V]; rain and flood points by the drainage company, 2024 [V]; 114 is fire and rescue [M]; the rest [S].
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from alerts.model import Severity
from storage.model import Text

BY_ALERT: Final = {
    Severity.INFO: "Minor",
    Severity.WARNING: "Moderate",
    Severity.CRITICAL: "Severe",
}
"""Of a rule on a property that has no scale here."""
URGENCIES: Final = {
    "Extreme": "Immediate",
    "Severe": "Immediate",
    "Moderate": "Expected",
    "Minor": "Expected",
    "Unknown": "Unknown",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Hazard:
    """A kind of hazard."""

    event: Text | None = None
    """None: the domain's name."""
    categories: tuple[str, ...] = ("Other",)
    responses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By CAP's severity; others: Monitor."""
    instructions: Mapping[str, Text] = field(default_factory=dict)
    """By CAP's severity; others: ANY_INSTRUCTION."""
    radius_km: float = 0.5
    """How far around the Thing it is meant [S]: a street, a neighbourhood."""


ANY_INSTRUCTION: Final = Text(
    vi="Theo dõi thông tin và tránh khu vực này nếu có thể.",
    en="Follow the news and keep away from this area if you can.",
)

_STANDING_WATER: Final = Text(
    vi="Chú ý khi đi qua; tránh miệng cống và chỗ không nhìn thấy mặt đường.",
    en="Take care when passing; keep away from drains and where the road can't be seen.",
)
_KNEE: Final = Text(
    vi="Đi đường khác, nhất là xe máy và người đi bộ: nước chảy sâu 15 cm có thể làm người lớn ngã.",
    en="Take another way, above all on a motorbike or on foot: 15 cm of moving water can knock an adult "
    "down.",
)
_CARS: Final = Text(
    vi="Không đi vào: nước sâu 30 cm có thể cuốn trôi nhiều ô tô. Đi đường khác; xe đang trong vùng ngập"
    " thì rời đi khi còn an toàn.",
    en="Do not enter: 30 cm of water sweeps many cars away. Take another way; if you are in it, leave "
    "while it is safe.",
)
_ALL: Final = Text(
    vi="Tuyệt đối không đi vào bằng bất kỳ phương tiện nào: nước sâu 60 cm cuốn trôi hầu hết các loại "
    "xe. Ở lại nơi cao ráo; nếu bị mắc kẹt, gọi 114.",
    en="Do not enter by any means: 60 cm of water carries most vehicles away. Stay on high ground; if "
    "you are stuck, call 114.",
)
FLOOD: Final = Hazard(
    event=Text(vi="Ngập đường phố", en="Street flooding"),
    categories=("Infra", "Transport"),
    responses=dict.fromkeys(("Minor", "Moderate", "Severe", "Extreme"), ("Avoid",)),
    instructions={"Minor": _STANDING_WATER, "Moderate": _KNEE, "Severe": _CARS, "Extreme": _ALL},
    radius_km=0.2,
)

_POOR_AIR: Final = Text(
    vi="Người nhạy cảm (người già, trẻ em, người bệnh hô hấp, tim mạch): giảm vận động mạnh và thời gian"
    " ở ngoài trời.",
    en="Sensitive people (the elderly, children, people with heart or airway diseases): cut heavy "
    "exertion and time outdoors.",
)
_BAD_AIR: Final = Text(
    vi="Hạn chế vận động mạnh, tránh tập luyện kéo dài, nghỉ ngơi trong nhà nhiều hơn. Người nhạy cảm: ở"
    " trong nhà, hạn chế vận động; nếu phải ra ngoài, đeo khẩu trang đạt chuẩn.",
    en="Cut heavy exertion, avoid long exercise, rest indoors more. Sensitive people: stay indoors with "
    "little activity; wear a standard mask when going out.",
)
_VERY_BAD_AIR: Final = Text(
    vi="Hạn chế tối đa ra ngoài, chuyển hoạt động vào trong nhà; nếu phải ra ngoài, đeo khẩu trang đạt "
    "chuẩn. Người nhạy cảm: ở trong nhà và hạn chế vận động.",
    en="Be outdoors as little as possible, move activities indoors; wear a standard mask when going out."
    " Sensitive people: stay indoors with little activity.",
)
_HAZARDOUS_AIR: Final = Text(
    vi="Mọi người ở trong nhà, đóng cửa ra vào và cửa sổ; nếu buộc phải ra ngoài, đeo khẩu trang đạt chuẩn.",
    en="Everybody stays indoors, doors and windows shut; standard mask if going out is unavoidable.",
)
AIR: Final = Hazard(
    event=Text(vi="Ô nhiễm không khí", en="Air pollution"),
    categories=("Env", "Health"),
    responses={
        "Minor": ("Monitor",),
        "Moderate": ("Avoid",),
        "Severe": ("Shelter",),
        "Extreme": ("Shelter",),
    },
    instructions={
        "Minor": _POOR_AIR,
        "Moderate": _BAD_AIR,
        "Severe": _VERY_BAD_AIR,
        "Extreme": _HAZARDOUS_AIR,
    },
    radius_km=2.0,
)

_RAIN: Final = Text(
    vi="Đi chậm, giữ khoảng cách; để ý các điểm hay ngập trên đường đi.",
    en="Drive slowly and keep your distance; watch for the flood points on your way.",
)
_CLOUDBURST: Final = Text(
    vi="Hạn chế ra đường, tránh các điểm hay ngập và hầm chui: mưa 50–70 mm/giờ làm ngập khoảng 11 điểm "
    "trong thành phố.",
    en="Stay off the roads if you can, avoid flood points and underpasses: 50 to 70 mm/h floods about 11"
    " points of the city.",
)
RAIN: Final = Hazard(
    event=Text(vi="Mưa lớn", en="Heavy rain"),
    categories=("Met",),
    responses={
        "Minor": ("Monitor",),
        "Moderate": ("Prepare", "Avoid"),
        "Severe": ("Prepare", "Avoid"),
        "Extreme": ("Shelter", "Avoid"),
    },
    instructions={"Minor": _RAIN, "Moderate": _CLOUDBURST, "Severe": _CLOUDBURST, "Extreme": _CLOUDBURST},
    radius_km=2.0,
)

_LAKE: Final = Text(
    vi="Cá trong hồ có thể chết. Không vớt cá chết hoặc cá ngáp để ăn hay bán; thấy cá chết thì báo đơn "
    "vị quản lý hồ.",
    en="Fish in the lake may die. Do not take dead or gasping fish to eat or sell; tell the lake's "
    "management if you see any.",
)
_LAKE_LOW: Final = Text(
    vi="Ôxy trong hồ xuống thấp, thường gặp lúc rạng sáng. Thấy cá ngáp hoặc chết thì báo đơn vị quản lý hồ.",
    en="Oxygen in the lake is low, as it often is at dawn. Tell the lake's management if you see fish "
    "gasping or dead.",
)
LAKE: Final = Hazard(
    event=Text(vi="Thiếu ôxy trong nước hồ", en="Lack of oxygen in the lake"),
    categories=("Env",),
    responses=dict.fromkeys(("Moderate", "Severe", "Extreme"), ("Monitor", "Avoid")),
    instructions={"Minor": _LAKE_LOW, "Moderate": _LAKE, "Severe": _LAKE, "Extreme": _LAKE},
    radius_km=1.0,
)
WATER: Final = Hazard(categories=("Env",), radius_km=1.0)
PARKING: Final = Hazard(categories=("Transport",))
SENSOR: Final = Hazard(
    event=Text(vi="Cảm biến không hoạt động", en="Sensor out of order"), categories=("Infra",)
)
UNKNOWN: Final = Hazard()

BY_DOMAIN: Final = {
    "air_quality": AIR,
    "flood": FLOOD,
    "rain": RAIN,
    "water_quality": WATER,
    "parking": PARKING,
}
BY_PROPERTY: Final = {("water_quality", "dissolved_oxygen"): LAKE, ("water_quality", "fish_kill_risk"): LAKE}

_AQI: Final = {2: "Minor", 3: "Moderate", 4: "Severe", 5: "Extreme"}
_FLOOD: Final = {1: "Minor", 2: "Moderate", 3: "Severe", 4: "Extreme"}
_OXYGEN: Final = {1: "Minor", 2: "Severe", 3: "Severe"}
_HOURLY_RAIN: Final = {2: "Minor", 3: "Minor", 4: "Moderate"}
BY_LEVEL: Final[Mapping[tuple[str, str], Mapping[int, str]]] = {
    ("air_quality", "vn_aqi"): _AQI,
    ("air_quality", "vn_aqi_daily"): _AQI,
    ("flood", "water_depth"): _FLOOD,
    ("flood", "flood_level"): _FLOOD,
    ("water_quality", "dissolved_oxygen"): _OXYGEN,
    ("water_quality", "fish_kill_risk"): _OXYGEN,
    ("rain", "rain_interval"): _HOURLY_RAIN,
    ("rain", "rain_1h"): _HOURLY_RAIN,
    ("rain", "rain_intensity"): _HOURLY_RAIN,
    ("rain", "rain_24h"): {3: "Minor", 4: "Minor", 5: "Moderate"},
    ("rain", "rain_risk_level"): {1: "Minor", 2: "Moderate", 3: "Severe", 4: "Extreme"},
}
"""CAP's severity by the level of the property's scale that the worst value is in; below these: Minor."""
