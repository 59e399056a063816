"""What pages of domains say, in Vietnamese and English. Names of domains, properties and bands come with the data."""

from typing import Final

from storage.model import Text

DOMAIN_TEXTS: Final[dict[str, Text]] = {
    "domains": Text(vi="Lĩnh vực", en="Domains"),
    "domain_page": Text(vi="Trang lĩnh vực", en="The domain's page"),
    "domain_missing": Text(vi="Không có trang này", en="There is no such page"),
    "domain_open": Text(vi="Mở trang: {name}", en="Open the page: {name}"),
    "domain_newest": Text(vi="giá trị mới nhất", en="newest value"),
    "domain_silent": Text(vi="Chưa có giá trị nào.", en="No value yet."),
    "range_live": Text(vi="Trực tiếp", en="Live"),
    "range_live_title": Text(
        vi="Bật: khoảng thời gian đi theo hiện tại. Tắt: giữ nguyên khoảng đang xem.",
        en="On: the range goes along with now. Off: it stays as it is.",
    ),
    "range_fixed": Text(vi="khoảng cố định", en="fixed range"),
    "panel_loading": Text(vi="Đang nạp…", en="Loading…"),
    "panel_empty": Text(vi="Không có số liệu", en="No data"),
    "panel_old": Text(vi="số liệu cũ", en="old data"),
    "panel_newest": Text(vi="mới nhất", en="newest"),
    "panel_note": Text(vi="Ghi chú…", en="Annotate…"),
    "panel_place": Text(vi="Điểm đo", en="Place"),
    "panel_things": Text(vi="Điểm đo", en="Places"),
    "panel_things_count": Text(vi="{name}: {count}/{all}", en="{name}: {count} of {all}"),
    "panel_every_place": Text(vi="Tất cả các điểm", en="All places"),
    "panel_none_chosen": Text(vi="Hãy chọn ít nhất một.", en="Choose one at least."),
    "panel_silent": Text(vi="Không có số liệu: {names}.", en="Nothing from: {names}."),
    "panel_doubtful": Text(
        vi="Đáng ngờ hoặc lỗi, không vẽ: {count}.", en="Suspect or failed and not drawn: {count}."
    ),
    "panel_newest_only": Text(
        vi="Chỉ vẽ và liệt kê {count} lần mới nhất; CSV có tất cả.",
        en="Only the newest {count} are drawn and listed; a CSV has all.",
    ),
    "panel_newest_words": Text(
        vi="{count} giá trị: {fresh} mới, {old} cũ; mới nhất đo lúc {newest}.",
        en="{count} values: {fresh} fresh, {old} old; the newest was read {newest}.",
    ),
    "panel_newest_doubt": Text(vi="Đáng ngờ hoặc lỗi: {count}.", en="Suspect or failed: {count}."),
    "panel_newest_empty": Text(vi="Chưa nhận được giá trị nào.", en="No value has come yet."),
    "panel_lines_words": Text(
        vi="{name}, {start} đến {end}, {step}: {things} điểm, {count} giá trị; cao nhất {highest} ({highest_at}), "
        "thấp nhất {lowest} ({lowest_at}).",
        en="{name}, {start} to {end}, {step}: {things} places, {count} values; highest {highest} ({highest_at}), "
        "lowest {lowest} ({lowest_at}).",
    ),
    "panel_lines_empty": Text(
        vi="{name}, {start} đến {end}: {things} điểm, không có giá trị dùng được.",
        en="{name}, {start} to {end}: {things} places, no usable value.",
    ),
    "panel_heat_words": Text(
        vi="{name}, {start} đến {end}, mỗi ô {width}, {statistic}: cao nhất {highest} ({highest_at}), "
        "thấp nhất {lowest} ({lowest_at}).",
        en="{name}, {start} to {end}, {width} a square, {statistic}: highest {highest} ({highest_at}), "
        "lowest {lowest} ({lowest_at}).",
    ),
    "panel_heat_empty": Text(
        vi="{name}, {start} đến {end}: không có giá trị dùng được.",
        en="{name}, {start} to {end}: no usable value.",
    ),
    "panel_width_10": Text(vi="10 phút", en="10 minutes"),
    "panel_width_30": Text(vi="30 phút", en="30 minutes"),
    "panel_width_60": Text(vi="1 giờ", en="1 hour"),
    "panel_width_180": Text(vi="3 giờ", en="3 hours"),
    "panel_width_1440": Text(vi="1 ngày", en="1 day"),
    "panel_statistic_mean": Text(vi="lấy trung bình", en="its mean"),
    "panel_statistic_min": Text(vi="lấy giá trị thấp nhất", en="its lowest value"),
    "panel_statistic_max": Text(vi="lấy giá trị cao nhất", en="its highest value"),
    "panel_column_mean": Text(vi="Trung bình", en="Mean"),
    "panel_column_min": Text(vi="Thấp nhất", en="Lowest"),
    "panel_column_max": Text(vi="Cao nhất", en="Highest"),
    "panel_calendar_words": Text(
        vi="{name}, {start} đến {end}: {count} giá trị ngày; cao nhất {highest}, {place}, {day}.",
        en="{name}, {start} to {end}: {count} values of days; highest {highest}, {place}, {day}.",
    ),
    "panel_calendar_days": Text(vi="Số ngày theo mức:", en="Days of each class:"),
    "panel_calendar_empty": Text(
        vi="{name}, {start} đến {end}: chưa có ngày nào.", en="{name}, {start} to {end}: no day yet."
    ),
    "weekday_0": Text(vi="Thứ 2", en="Mon"),
    "weekday_1": Text(vi="Thứ 3", en="Tue"),
    "weekday_2": Text(vi="Thứ 4", en="Wed"),
    "weekday_3": Text(vi="Thứ 5", en="Thu"),
    "weekday_4": Text(vi="Thứ 6", en="Fri"),
    "weekday_5": Text(vi="Thứ 7", en="Sat"),
    "weekday_6": Text(vi="CN", en="Sun"),
    # air
    "air_hour": Text(vi="Giờ", en="Hour"),
    "air_matrix_words": Text(
        vi="{count}/{all} trạm có VN_AQI mới; cao nhất {place}: {value} lúc {hour}, do {dominant}.",
        en="{count} of {all} stations have a fresh VN_AQI; highest {place}: {value} at {hour}, by {dominant}.",
    ),
    "air_matrix_missing": Text(vi="Không có hoặc đã cũ: {names}.", en="None, or old: {names}."),
    "air_matrix_empty": Text(vi="Không trạm nào có VN_AQI mới.", en="No station has a fresh VN_AQI."),
    "air_exceedances_words": Text(
        vi="{start} đến {end}: {count} lần ở {places} trạm; cao nhất {pollutant} trung bình {averaging} bằng "
        "{percent} % giới hạn, "
        "{place}, từ {at}.",
        en="{start} to {end}: times {count}, stations {places}; highest {pollutant}, mean of {averaging}, "
        "{percent} % of the limit, "
        "{place}, from {at}.",
    ),
    "air_exceedances_cut": Text(
        vi="Mỗi trạm chỉ đọc {count} giá trị mới nhất trên giới hạn, có thể thiếu phần trước đó (cả trong CSV): "
        "{places}. Hãy chọn khoảng ngắn hơn.",
        en="Of each station only the newest {count} values above a limit are read; earlier ones may be missing "
        "(in a CSV too): {places}. Choose a shorter range.",
    ),
    "air_exceedances_none": Text(
        vi="{start} đến {end}: không trung bình nào đã tính vượt giới hạn.",
        en="{start} to {end}: no mean that was computed is above a limit.",
    ),
    "air_limit_of": Text(vi="Thông số, trung bình", en="Pollutant, mean of"),
    "air_share": Text(vi="So với giới hạn", en="Share of the limit"),
    "air_mean": Text(vi="Nồng độ", en="Concentration"),
    "air_lasted": Text(vi="Kéo dài", en="Lasted"),
    "air_edition": Text(vi="Quy chuẩn", en="Regulation"),
    "air_edition_unverified": Text(vi="chưa kiểm chứng", en="not verified"),
    # West Lake
    "water_hour": Text(vi="Giờ", en="Hour"),
    "water_below_4": Text(vi="Giờ dưới 4", en="Hours below 4"),
    "water_below_2": Text(vi="Giờ dưới 2", en="Hours below 2"),
    "water_below_1": Text(vi="Giờ dưới 1", en="Hours below 1"),
    "water_dips_words": Text(
        vi="{start} đến {end}: {count} ngày-trạm; thấp nhất {lowest}, {place}, {at}. Số ngày-trạm dưới 4 mg/L: "
        "{below_4}, dưới 2: "
        "{below_2}, dưới 1: {below_1}. Thấp nhất lúc 3–8 giờ sáng: {dawn} %.",
        en="{start} to {end}: {count} sonde-days; lowest {lowest}, {place}, {at}. Sonde-days below 4 mg/L: "
        "{below_4}, below 2: "
        "{below_2}, below 1: {below_1}. Lowest between 3 and 8 in the morning: {dawn} %.",
    ),
    "water_dips_none": Text(
        vi="{start} đến {end}: chưa có giá trị ôxy dùng được.",
        en="{start} to {end}: no usable value of oxygen.",
    ),
    "water_index_official": Text(vi="VN_WQI: {values}.", en="VN_WQI: {values}."),
    "water_index_indicative": Text(
        vi="Chỉ có chỉ số tham khảo, không phải VN_WQI: thiếu nhóm {groups}.",
        en="Only an indicative index, no VN_WQI: groups {groups} are missing.",
    ),
    "water_samples_words": Text(
        vi="{count} kết quả phòng thí nghiệm, mẫu mới nhất lấy {newest}.",
        en="{count} results of a lab, the newest sample taken {newest}.",
    ),
    "water_samples_none": Text(
        vi="Không có kết quả phòng thí nghiệm nào trong một năm.", en="No result of a lab in a year."
    ),
    "water_missing": Text(vi="Thiếu nhóm", en="Groups missing"),
    # annotations
    "annotations": Text(vi="Ghi chú trong khoảng này", en="Annotations of this range"),
    "annotations_hint": Text(
        vi="Mọi người đều thấy, được vẽ trên các biểu đồ theo thời gian. Ghi nhầm thì rút lại, dòng chữ vẫn còn.",
        en="Everybody sees them, on all charts over time. What was wrong is withdrawn and stays, struck through.",
    ),
    "annotations_none": Text(vi="Không có ghi chú nào trong khoảng này.", en="No annotation in this range."),
    "annotations_add": Text(vi="Thêm ghi chú", en="Annotate"),
    "annotations_about": Text(vi="Về", en="About"),
    "annotations_whole": Text(vi="{name} (cả lĩnh vực)", en="{name} (all of it)"),
    "annotations_text": Text(vi="Ghi chú (bắt buộc)", en="What to note (required)"),
    "annotations_from": Text(vi="Từ (giờ Hà Nội, bắt buộc)", en="From (Hanoi's time, required)"),
    "annotations_to": Text(vi="Đến (nếu kéo dài)", en="To (if it lasted)"),
    "annotations_added": Text(vi="Đã thêm ghi chú.", en="The annotation is added."),
    "annotations_withdrawn": Text(vi="Đã rút lại ghi chú.", en="The annotation is withdrawn."),
    "cancel_annotation": Text(vi="Thôi", en="Cancel"),
    # refusals
    "refused_no_page": Text(vi="Không có trang lĩnh vực '{page}'.", en="There is no domain page '{page}'."),
    "refused_no_panel": Text(vi="Trang này không có '{panel}'.", en="This page has no '{panel}'."),
    "refused_panel_choice": Text(
        vi="'{value}' không có trong danh sách '{name}'.", en="'{value}' is not in the list '{name}'."
    ),
    "refused_panel_choice_many": Text(
        vi="'{name}': chọn nhiều nhất {most}.", en="'{name}': choose {most} at most."
    ),
    "refused_annotation_empty": Text(vi="Hãy viết ghi chú.", en="Write what to note."),
    "refused_annotation_too_long": Text(
        vi="Ghi chú dài nhất là 500 ký tự.", en="An annotation has 500 characters at most."
    ),
    "refused_annotation_end_before_start": Text(
        vi="'Đến' không được trước 'Từ'.", en="It can't end before it begins."
    ),
    "refused_annotation_thing": Text(
        vi="Điểm đo này không thuộc lĩnh vực đó.", en="This Thing is none of that domain."
    ),
}

CHART_SCRIPT_TEXTS: Final = (
    *("refused_server", "refused_date", "working", "chart_live", "chart_copied", "chart_not_copied"),
    *("chart_no_plotly", "chart_label", "range_fixed"),
)
"""What the scripts of charts and of the range's bar say."""

DOMAIN_SCRIPT_TEXTS: Final = (
    *CHART_SCRIPT_TEXTS,
    *("chart_copy", "chart_png", "chart_csv", "chart_excel", "chart_table", "chart_scale", "simulated"),
    *("panel_loading", "panel_empty", "panel_old", "panel_newest", "panel_note", "panel_things_count"),
    *("panel_none_chosen", "annotations_none", "annotations_whole", "annotations_added"),
    *(
        "annotations_withdrawn",
        "notes_withdraw",
        "notes_withdraw_of",
        "refused_note_start",
        "refused_annotation_empty",
    ),
    *("domain_newest", "domain_silent"),
)
