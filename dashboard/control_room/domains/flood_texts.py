"""What the page of rain and flooding says, in Vietnamese and English."""

from typing import Final

from storage.model import Text

FLOOD_TEXTS: Final[dict[str, Text]] = {
    "rain_flood": Text(vi="Mưa và úng ngập", en="Rain and flooding"),
    "rain_sums_title": Text(vi="Lượng mưa tích lũy", en="Rain so far"),
    "rain_sums_hint": Text(
        vi="Tổng của các khoảng thời gian kết thúc ở lần tính gần nhất. ≥ và gạch chéo: trạm báo chưa đủ, "
        "thực tế có thể nhiều hơn. Cấp mưa 24 giờ theo ngành khí tượng thủy văn; cấp 1 giờ do chúng tôi đề xuất; "
        "3 giờ và 6 giờ không có cấp.",
        en="Sums that end at the last calculation. ≥ and hatched: too little was reported, it may have been more. "
        "Classes of 24 hours are the hydrometeorological service's, those of one hour our suggestion; "
        "3 and 6 hours have none.",
    ),
    "rain_sums_windows": Text(vi="Khoảng thời gian", en="Lengths of time"),
    "rain_window_1h": Text(vi="1 giờ", en="1 hour"),
    "rain_window_3h": Text(vi="3 giờ", en="3 hours"),
    "rain_window_6h": Text(vi="6 giờ", en="6 hours"),
    "rain_window_24h": Text(vi="24 giờ", en="24 hours"),
    "rain_sums_empty": Text(
        vi="Chưa có tổng lượng mưa nào được tính.", en="No sum of rain has been derived yet."
    ),
    "rain_sums_coverage": Text(
        vi="{percent} % thời gian có số liệu", en="{percent} % of the time was reported"
    ),
    "rain_sums_reported": Text(vi="phủ {percent} %", en="{percent} % reported"),
    "rain_sums_words": Text(
        vi="{window} đến {at}: nhiều nhất ở {gauge}, {mm} mm ({label}).",
        en="{window} up to {at}: most at {gauge}, {mm} mm ({label}).",
    ),
    "rain_sums_silent": Text(
        vi="{count} trạm không có tổng mới: {names}.", en="{count} gauges without a fresh sum: {names}."
    ),
    "rain_sums_gauge": Text(vi="Trạm mưa", en="Gauge"),
    "rain_sums_until": Text(vi="Tính đến", en="Up to"),
    "hyetograph_title": Text(vi="Biểu đồ mưa và độ sâu ngập", en="Rain above, water on the street below"),
    "hyetograph_hint": Text(
        vi="Cột treo từ trên xuống là cường độ mưa; đường bên dưới là độ sâu ngập, cùng trục thời gian. "
        "Mức ngập do chúng tôi đề xuất, không phải của cơ quan nhà nước.",
        en="Bars that hang from the top are the intensity of the rain; the line below is the water, at the same times. "
        "The levels are our suggestion, not official.",
    ),
    "hyetograph_point": Text(vi="Điểm ngập", en="Flood point"),
    "hyetograph_gauge": Text(vi="Trạm mưa", en="Gauge"),
    "hyetograph_nearest": Text(vi="Gần nhất", en="The nearest"),
    "hyetograph_nothing": Text(
        vi="Chưa có điểm ngập hoặc trạm mưa nào.", en="There is no flood point or no rain gauge yet."
    ),
    "hyetograph_rain_raw": Text(vi="Mưa mỗi lần báo", en="Rain of each report"),
    "hyetograph_rain_1h": Text(vi="Mưa mỗi giờ", en="Rain of each hour"),
    "hyetograph_rain_1d": Text(vi="Mưa mỗi ngày", en="Rain of each day"),
    "hyetograph_depth_raw": Text(vi="Độ sâu ngập", en="Water depth"),
    "hyetograph_depth_1h": Text(vi="Độ sâu lớn nhất mỗi giờ", en="Highest depth of each hour"),
    "hyetograph_depth_1d": Text(vi="Độ sâu lớn nhất mỗi ngày", en="Highest depth of each day"),
    "hyetograph_doubtful": Text(vi="đáng ngờ", en="suspect"),
    "hyetograph_no_rain_data": Text(
        vi="Trạm mưa không có số liệu trong khoảng này", en="The gauge has no data in this span"
    ),
    "hyetograph_no_depth_data": Text(
        vi="Điểm ngập không có số liệu trong khoảng này", en="The flood point has no data in this span"
    ),
    "hyetograph_words_span": Text(
        vi="Trạm mưa {gauge}, điểm ngập {point}, cách nhau {distance} km, từ {start} đến {end}.",
        en="Gauge {gauge}, flood point {point}, {distance} km apart, from {start} to {end}.",
    ),
    "hyetograph_words_rain": Text(
        vi="Mưa {total} mm, mạnh nhất {most} mm/h đến {at}.",
        en="It rained {total} mm, hardest {most} mm/h up to {at}.",
    ),
    "hyetograph_words_depth": Text(
        vi="Ngập sâu nhất {most} cm lúc {at} ({level}).",
        en="The water was deepest at {at}: {most} cm ({level}).",
    ),
    "hyetograph_column_from": Text(vi="Từ lúc", en="From"),
    "hyetograph_column_rain": Text(vi="Mưa (mm)", en="Rain (mm)"),
    "hyetograph_column_depth": Text(vi="Ngập sâu nhất (cm)", en="Deepest (cm)"),
    "replay_title": Text(vi="Bản đồ 48 giờ qua", en="Map of the last 48 hours"),
    "replay_map": Text(vi="Bản đồ mưa và úng ngập", en="Map of rain and flooding"),
    "replay_hint": Text(
        vi="Kéo thanh hoặc dùng phím mũi tên: mỗi bước 5 phút. Vùng tô màu là vùng ngập gần đúng do điểm đo gửi, "
        "không phải ranh giới chính thức. Cấp mưa và mức ngập là đề xuất của chúng tôi.",
        en="Drag the slider or use the arrow keys: 5 minutes a step. Coloured areas are flooded ground as a "
        "point's own message gave it: approximate, no official boundary. "
        "Classes of rain and levels of water are our suggestion.",
    ),
    "replay_slider": Text(vi="Thời điểm", en="Time shown"),
    "replay_now": Text(vi="HIỆN TẠI", en="NOW"),
    "replay_past": Text(vi="QUÁ KHỨ", en="PAST"),
    "replay_to_now": Text(vi="Về hiện tại", en="Back to now"),
    "replay_play": Text(vi="Phát", en="Play"),
    "replay_pause": Text(vi="Dừng", en="Pause"),
    "replay_speed": Text(vi="Tốc độ", en="Speed"),
    "replay_speed_slow": Text(vi="chậm: 10 phút/giây", en="slow: 10 min a second"),
    "replay_speed_middle": Text(vi="vừa: 30 phút/giây", en="middle: 30 min a second"),
    "replay_speed_fast": Text(vi="nhanh: 1 giờ/giây", en="fast: 1 h a second"),
    "replay_hour_back": Text(vi="1 giờ trước", en="1 hour earlier"),
    "replay_back": Text(vi="5 phút trước", en="5 minutes earlier"),
    "replay_on": Text(vi="5 phút sau", en="5 minutes later"),
    "replay_hour_on": Text(vi="1 giờ sau", en="1 hour later"),
    "replay_1h": Text(vi="1 giờ", en="1 h"),
    "replay_5min": Text(vi="5 phút", en="5 min"),
    "replay_before": Text(vi="{length} trước hiện tại", en="{length} before now"),
    "replay_loading": Text(vi="Đang nạp 48 giờ qua", en="Loading the last 48 hours"),
    "replay_failed": Text(
        vi="Không nạp được 48 giờ qua. Bản đồ hiện tại vẫn chạy.",
        en="The last 48 hours can't be loaded. The map of now goes on.",
    ),
    "replay_again": Text(vi="Nạp lại", en="Load again"),
    "replay_empty": Text(
        vi="Không trạm nào gửi số liệu trong 48 giờ qua.", en="No station sent anything in the last 48 hours."
    ),
    "replay_extents_cut": Text(
        vi="Quá nhiều vùng ngập: những vùng cũ nhất không có ở đây.",
        en="Too many flooded areas: the oldest are not here.",
    ),
    "replay_points": Text(vi="Điểm ngập", en="Flood points"),
    "replay_gauges": Text(vi="Trạm mưa (mưa trong kỳ đo)", en="Gauges (rain in the interval)"),
    "replay_none_flooded": Text(
        vi="Không điểm nào có số liệu ngập từ 5 cm.", en="No point that reports is flooded 5 cm or more."
    ),
    "replay_none_wet": Text(
        vi="Không trạm nào có số liệu đang mưa.", en="It rains at no gauge that reports."
    ),
    "replay_nothing": Text(vi="Không có số liệu lúc này.", en="No data at this time."),
    "replay_show": Text(vi="Hiện trên bản đồ: {name}", en="Show on the map: {name}"),
    "replay_silent": Text(vi="Không có số liệu: {count}", en="No data: {count}"),
    "replay_doubtful": Text(vi="đáng ngờ", en="suspect"),
    "replay_extent": Text(vi="Vùng ngập gần đúng", en="Approximate flooded area"),
    "replay_legend": Text(vi="Chú giải", en="Legend"),
    "replay_unplaced": Text(
        vi="Vị trí phần lớn điểm ngập và trạm mưa là gần đúng (lệch 100–300 m hoặc hơn).",
        en="Most flood points and gauges are placed approximately (100 to 300 m off, or more).",
    ),
}
FLOOD_SCRIPT_TEXTS: Final = (
    *(key for key in FLOOD_TEXTS if key.startswith("replay_")),
    *("zoom_in", "zoom_out", "attribution", "state_stale", "state_never", "state_fault"),
    *("duration_hours", "duration_minutes", "simulated"),
)
