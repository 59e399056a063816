"""VN_AQI, the Vietnamese air quality index: Decision 1459/QĐ-TCMT of 12 November 2019.

All concentrations are in ug/m3, CO too. An hour is labelled by its end; series of hours are newest first, None is a
missing hour. Where the Decision is silent this module rounds halves up, normalises NowCast (`nowcast` below) and asks
for the `Availability` of our own suggestion.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from storage.model import Text

Breakpoints = tuple[float, ...]
NowcastMode = Literal["normalised", "literal"]

INDEX: Final = (0, 50, 100, 150, 200, 300, 400, 500)
"""I_i of table 2."""

BREAKPOINTS: Final[Mapping[str, Breakpoints]] = {
    "o3_1h": (0, 160, 200, 300, 400, 800, 1_000, 1_200),
    "o3_8h": (0, 100, 120, 170, 210, 400),
    "co": (0, 10_000, 30_000, 45_000, 60_000, 90_000, 120_000, 150_000),
    "so2": (0, 125, 350, 550, 800, 1_600, 2_100, 2_630),
    "no2": (0, 100, 200, 700, 1_200, 2_350, 3_100, 3_850),
    "pm10": (0, 50, 150, 250, 350, 420, 500, 600),
    "pm2_5": (0, 25, 50, 80, 150, 250, 350, 500),
}
"""BP_i of table 2; PM columns are NowCast values in the hourly index and 24 h means in the daily one."""

PM: Final = ("pm2_5", "pm10")
GASES: Final = ("no2", "so2", "co")
"""Whose table is of 1 h means, in the hourly index and in the daily one."""

NOWCAST_HOURS: Final = 12
LEAST_WEIGHT: Final = 0.5
EIGHT: Final = 8
DAY_HOURS: Final = 24
DAY_WINDOW: Final = DAY_HOURS + EIGHT - 1
"""Hours that a daily index looks at: the 8 h mean at 01:00 begins at 18:00 of the day before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Availability:
    """How much must be there. The Decision sets none of these: all three defaults are our suggestion."""

    hour_share: float = 0.75
    """Of the values of an hour; others use 9 of 12 five-minute values."""
    eight_hours: int = 6
    """Hours of an 8 h mean."""
    day_hours: int = 18
    """Hours of a 24 h mean."""


SUGGESTED: Final = Availability()


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """VN_AQI of an hour or a day: the value, the pollutant that gives it, and what each sub-index is of."""

    value: int
    dominant: str
    sub_indices: Mapping[str, int]
    """By pollutant."""
    concentrations: Mapping[str, float]
    """ug/m3, by column of table 2."""


def nowcast(hours: Sequence[float | None], *, mode: NowcastMode = "normalised") -> float | None:
    """NowCast concentration of PM from 12 hourly means, newest first, None = missing.

    Decision 1459, section on NowCast: w = Cmin/Cmax, at least ½; weights w^(i−1); None unless at least two of the
    three newest hours exist. The Decision writes the case w = ½ without its normalisation, which under-reads where
    hours are missing; here the sum is divided by the weights that were used, unless the mode is `literal`.
    Raises ValueError unless 12, and for NaN and infinity.
    """
    if len(hours) != NOWCAST_HOURS:
        raise ValueError(f"NowCast takes {NOWCAST_HOURS} hours, got {len(hours)}")
    present = [(n, value) for n, value in enumerate(hours) if value is not None]
    for n, value in present:
        if not math.isfinite(value):
            raise ValueError(f"NowCast: hour {n + 1} of {NOWCAST_HOURS} is {value}, not a finite number")
    if sum(value is not None for value in hours[:3]) < 2:
        return None
    highest = max(value for _, value in present)
    lowest = min(value for _, value in present)
    if highest <= 0:
        return 0.0
    weight = max(lowest / highest, LEAST_WEIGHT)
    total = sum(weight**n * value for n, value in present)
    if mode == "literal" and weight == LEAST_WEIGHT:
        return LEAST_WEIGHT * total
    return total / sum(weight**n for n, _ in present)


def sub_index(pollutant: str, value: float) -> int | None:
    """AQI_x of one concentration (ug/m3), rounded half up; 500 from the last breakpoint on.

    None for o3_8h above 400, where the Decision says to use o3_1h. A negative concentration, which instruments
    report near zero, counts as 0. Raises KeyError for an unknown pollutant, ValueError for NaN.
    """
    points = BREAKPOINTS[pollutant]
    if math.isnan(value):
        raise ValueError(f"{pollutant}: the concentration is not a number")
    if value <= points[0]:
        return 0
    for n, (low, high) in enumerate(pairwise(points)):
        if value <= high:
            slope = (INDEX[n + 1] - INDEX[n]) / (high - low)
            return half_up(slope * (value - low) + INDEX[n])
    return None if pollutant == "o3_8h" else INDEX[-1]


def hourly(means: Mapping[str, Sequence[float | None]], *, mode: NowcastMode = "normalised") -> Index | None:
    """VN_AQI of an hour from hourly means per pollutant (pm2_5 pm10 no2 so2 co o3), 12 values newest first.

    PM enter by NowCast, the gases by the hour's own mean. None without a PM value: the Decision publishes no index
    then.
    """
    found = {key: nowcast(means[key], mode=mode) for key in PM if key in means}
    found |= {key: means[key][0] for key in GASES if key in means}
    if "o3" in means:
        found["o3_1h"] = means["o3"][0]
    return _highest(found)


def daily(
    means: Mapping[str, Sequence[float | None]], availability: Availability = SUGGESTED
) -> Index | None:
    """VN_AQI of a day from the hourly means labelled 24:00 … 01:00, newest first; of O3 7 hours more, from 18:00 on.

    PM: 24 h mean. NO2, SO2, CO: highest hour. O3: highest hour and highest 8 h mean, this one only up to 400 ug/m3.
    A highest hour is that of the hours there are: fewer of them may hide a higher one, but never make one up.
    None without a PM value.
    """
    found = {key: mean(means[key][:DAY_HOURS], availability.day_hours) for key in PM if key in means}
    found |= {key: highest(means[key][:DAY_HOURS]) for key in GASES if key in means}
    if "o3" in means:
        found["o3_1h"] = highest(means["o3"][:DAY_HOURS])
        found["o3_8h"] = highest(eight_hour_means(means["o3"], availability.eight_hours))
    return _highest(found)


def eight_hour_means(hours: Sequence[float | None], least: int = SUGGESTED.eight_hours) -> list[float | None]:
    """The means of 8 consecutive hours, newest first; the one at an hour is of the 8 hours that end with it."""
    return [mean(hours[n : n + EIGHT], least) for n in range(len(hours) - EIGHT + 1)]


def mean(hours: Sequence[float | None], least: int) -> float | None:
    """Of the hours that are there, None when they are fewer than `least`."""
    present = [value for value in hours if value is not None]
    return math.fsum(present) / len(present) if present and len(present) >= least else None


def highest(hours: Iterable[float | None]) -> float | None:
    return max((value for value in hours if value is not None), default=None)


def _highest(found: Mapping[str, float | None]) -> Index | None:
    """The index is the highest sub-index, that of O3 the higher of its two; of equals the one named first gives it."""
    concentrations = {key: value for key, value in found.items() if value is not None}
    if not any(key in concentrations for key in PM):
        return None
    sub_indices: dict[str, int] = {}
    for key, value in concentrations.items():
        index, pollutant = sub_index(key, value), key.removesuffix("_1h").removesuffix("_8h")
        if index is not None:
            sub_indices[pollutant] = max(index, sub_indices.get(pollutant, 0))
    dominant = max(sub_indices, key=lambda pollutant: sub_indices[pollutant])
    return Index(
        value=sub_indices[dominant],
        dominant=dominant,
        sub_indices=sub_indices,
        concentrations=concentrations,
    )


def half_up(value: float) -> int:
    """To the nearest integer, halves up: 62.5 → 63 (Python's round gives 62).

    Ten decimals are looked at, so that 0.5 that binary arithmetic missed by a hair still counts as a half.
    """
    return math.floor(round(value, 10) + 0.5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """Table 5, paraphrased: what people are told."""

    general: Text
    sensitive: Text
    """The elderly, children, people with diseases of the airways or the heart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """A class of table 3 with its meaning of table 4."""

    level: int
    low: int
    high: int
    """The last index that belongs to it."""
    name: Text
    color: str
    color_word: Text
    effect: Text
    advice: Advice


def category(value: float) -> Category:
    """The class of an index, by its rounded integer: 100.4 is Trung bình, 100.5 is Kém. ValueError outside 0–500."""
    index = half_up(value)
    for found in CATEGORIES:
        if found.low <= index <= found.high:
            return found
    raise ValueError(f"VN_AQI is 0 to {INDEX[-1]}, got {value}")


def advice(value: float) -> Advice:
    """What people are told at an index."""
    return category(value).advice


_FREE: Final = Text(vi="Tự do hoạt động ngoài trời.", en="Free to be active outdoors.")
_STAY_IN: Final = Text(
    vi="Ở trong nhà, hạn chế vận động; nếu phải ra ngoài, đeo khẩu trang đạt chuẩn.",
    en="Stay indoors with little activity; wear a standard mask when going out.",
)
_ALL_IN: Final = Text(
    vi="Mọi người ở trong nhà, đóng cửa ra vào và cửa sổ; nếu buộc phải ra ngoài, đeo khẩu trang đạt chuẩn.",
    en="Everybody stays indoors, doors and windows shut; standard mask if going out is unavoidable.",
)

CATEGORIES: Final = (
    Category(
        level=0,
        low=0,
        high=50,
        name=Text(vi="Tốt", en="Good"),
        color="#00E400",
        color_word=Text(vi="Xanh", en="Green"),
        effect=Text(vi="Không ảnh hưởng tới sức khỏe.", en="No effect on health."),
        advice=Advice(general=_FREE, sensitive=_FREE),
    ),
    Category(
        level=1,
        low=51,
        high=100,
        name=Text(vi="Trung bình", en="Moderate"),
        color="#FFFF00",
        color_word=Text(vi="Vàng", en="Yellow"),
        effect=Text(
            vi="Chấp nhận được; người nhạy cảm có thể chịu ảnh hưởng nhất định.",
            en="Acceptable; sensitive people may feel some effect.",
        ),
        advice=Advice(
            general=_FREE,
            sensitive=Text(
                vi="Có thể hoạt động ngoài trời; để ý các triệu chứng như ho, khó thở.",
                en="May still go out; watch for cough and shortness of breath.",
            ),
        ),
    ),
    Category(
        level=2,
        low=101,
        high=150,
        name=Text(vi="Kém", en="Poor"),
        color="#FF7E00",
        color_word=Text(vi="Da cam", en="Orange"),
        effect=Text(
            vi="Người nhạy cảm gặp vấn đề về sức khỏe, người bình thường ít bị ảnh hưởng.",
            en="Sensitive people have health problems, others are little affected.",
        ),
        advice=Advice(
            general=Text(
                vi="Người đau mắt, ho hoặc đau họng giảm thời gian ở ngoài trời; học sinh có thể hoạt động ngoài "
                "trời nhưng nên tránh tập luyện gắng sức kéo dài.",
                en="Those with eye pain, cough or sore throat cut their time outdoors; pupils may play outside but "
                "limit long exercise.",
            ),
            sensitive=Text(
                vi="Giảm vận động mạnh và thời gian ở ngoài trời; người bị hen suyễn có thể cần dùng thuốc thường "
                "xuyên hơn.",
                en="Cut heavy exertion and time outdoors; asthmatics may need their medicine more often.",
            ),
        ),
    ),
    Category(
        level=3,
        low=151,
        high=200,
        name=Text(vi="Xấu", en="Bad"),
        color="#FF0000",
        color_word=Text(vi="Đỏ", en="Red"),
        effect=Text(
            vi="Người bình thường bắt đầu bị ảnh hưởng, nhóm nhạy cảm bị ảnh hưởng nặng hơn.",
            en="Ordinary people begin to be affected, sensitive people more seriously.",
        ),
        advice=Advice(
            general=Text(
                vi="Hạn chế vận động mạnh, tránh tập luyện kéo dài, nghỉ ngơi trong nhà nhiều hơn.",
                en="Cut heavy exertion, avoid long exercise, rest indoors more.",
            ),
            sensitive=_STAY_IN,
        ),
    ),
    Category(
        level=4,
        low=201,
        high=300,
        name=Text(vi="Rất xấu", en="Very bad"),
        color="#8F3F97",
        color_word=Text(vi="Tím", en="Purple"),
        effect=Text(
            vi="Cảnh báo sức khỏe: mọi người bị ảnh hưởng nghiêm trọng hơn.",
            en="Health warning: everybody is affected more seriously.",
        ),
        advice=Advice(
            general=Text(
                vi="Hạn chế tối đa ra ngoài, chuyển hoạt động vào trong nhà; nếu phải ra ngoài, đeo khẩu trang đạt "
                "chuẩn.",
                en="Be outdoors as little as possible, move activities indoors; wear a standard mask when going out.",
            ),
            sensitive=Text(vi="Ở trong nhà và hạn chế vận động.", en="Stay indoors with little activity."),
        ),
    ),
    Category(
        level=5,
        low=301,
        high=500,
        name=Text(vi="Nguy hại", en="Hazardous"),
        color="#7E0023",
        color_word=Text(vi="Nâu", en="Brown"),
        effect=Text(
            vi="Khẩn cấp: toàn bộ dân số bị ảnh hưởng nghiêm trọng.",
            en="Emergency: the whole population is seriously affected.",
        ),
        advice=Advice(general=_ALL_IN, sensitive=_ALL_IN),
    ),
)
"""Names, limits and colours are those of the Decision; effects and advice are our paraphrase of tables 4 and 5."""
