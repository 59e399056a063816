"""What the page of parking says, in Vietnamese and English."""

from typing import Final

from storage.model import Text

PARKING_TEXTS: Final[dict[str, Text]] = {
    "parking_page": Text(vi="Đỗ xe", en="Parking"),
    "parking_street_title": Text(vi="Các ô đỗ theo phố", en="Bays along the streets"),
    "parking_street_hint": Text(
        vi="Sơ đồ: thứ tự các điểm theo phố; vị trí và cách chia ô là giả định. "
        "Phím mũi tên đi từ ô này sang ô khác.",
        en="A diagram: points in the order of the street; their places and the split into bays are synthetic. "
        "Arrow keys go from bay to bay.",
    ),
    "parking_other_street": Text(vi="Phố khác", en="Another street"),
    "parking_west": Text(vi="tây", en="west"),
    "parking_east": Text(vi="đông", en="east"),
    "parking_north": Text(vi="bắc", en="north"),
    "parking_south": Text(vi="nam", en="south"),
    "parking_free": Text(vi="Trống", en="Free"),
    "parking_occupied": Text(vi="Có xe", en="Occupied"),
    "parking_out_of_service": Text(vi="Ngừng phục vụ", en="Out of service"),
    "parking_unknown": Text(vi="Im lặng", en="Silent"),
    "parking_overstaying": Text(vi="Quá giờ", en="Overstaying"),
    "parking_heard": Text(vi="báo {age}", en="heard {age}"),
    "parking_never": Text(vi="chưa báo lần nào", en="never heard"),
    "parking_since": Text(vi="có xe từ {time}", en="occupied since {time}"),
    "parking_since_before": Text(vi="có xe từ {time} hoặc trước đó", en="occupied since {time} or before"),
    "parking_from": Text(vi="từ {time}", en="since {time}"),
    "parking_from_before": Text(vi="từ {time} hoặc trước đó", en="since {time} or before"),
    "parking_exactly": Text(vi="{length}", en="{length}"),
    "parking_at_least": Text(vi="ít nhất {length}", en="at least {length}"),
    "parking_of_capacity": Text(vi="{free} trống / {capacity}", en="{free} free of {capacity}"),
    "parking_silent_count": Text(vi="{count} im lặng", en="{count} silent"),
    "parking_choose_bay": Text(
        vi="Chọn một ô để xem chi tiết.", en="Point at a bay, or go to it by keyboard, to read about it."
    ),
    "parking_to_bay": Text(vi="Trang của ô này", en="This bay's page"),
    "parking_no_bays": Text(vi="Chưa có ô đỗ nào trong danh mục.", en="The inventory has no bays yet."),
    "parking_legend": Text(vi="Chú giải", en="Legend"),
    "parking_overstays_title": Text(vi="Đang quá giờ", en="Overstaying now"),
    "parking_overstays_hint": Text(
        vi="Thời gian đỗ tối đa 4 giờ là giả định (không rõ quy định). Tính từ lúc ô đổi sang có xe.",
        en="The longest stay of 4 hours is our suggestion: none is known. Counted from when the bay turned occupied.",
    ),
    "parking_overstays_none": Text(vi="Không xe nào đỗ quá giờ.", en="Nobody overstays."),
    "parking_limit": Text(vi="giới hạn {limit}", en="limit {limit}"),
    "parking_limit_suggested": Text(vi="giới hạn giả định {limit}", en="suggested limit {limit}"),
    "parking_all_points": Text(vi="Tất cả các điểm", en="All points"),
    "parking_where": Text(vi="Ở đâu", en="Where"),
    "parking_week_title": Text(vi="Tỷ lệ lấp đầy theo giờ trong tuần", en="Occupancy by hour of the week"),
    "parking_week_hint": Text(
        vi="Trung bình của mọi tuần trong khoảng đã chọn, trong số các ô có số liệu. "
        "60–85 % là mức nên đạt (quy tắc 85 %).",
        en="The mean of all weeks in the span, of the bays whose state was known. Target: 60 to 85 % (85 % rule).",
    ),
    "parking_week_hour": Text(vi="Giờ", en="Hour"),
    "parking_week_empty": Text(vi="Không có dữ liệu trong khoảng này", en="No data in this span"),
    "parking_week_hover": Text(
        vi="%{y}, %{x}:00<br>%{text} %<br>%{customdata} giờ có số liệu<extra></extra>",
        en="%{y}, %{x}:00<br>%{text} %<br>%{customdata} hours with data<extra></extra>",
    ),
    "parking_week_words_empty": Text(
        vi="Từ {start} đến {end} không có số liệu về chỗ đỗ.",
        en="From {start} to {end} nothing is known of the bays.",
    ),
    "parking_week_words": Text(
        vi="Từ {start} đến {end}: trung bình {mean} %. Đầy nhất {fullest}: {most} %; trống nhất {emptiest}: {least} %. "
        "{over} trong {known} giờ của tuần vượt {limit} %.",
        en="From {start} to {end}: {mean} % on average. Fullest {fullest}: {most} %; emptiest {emptiest}: {least} %. "
        "{over} of {known} hours of the week are above {limit} %.",
    ),
    "parking_days_title": Text(vi="Lượt xe, thời gian đỗ, quá giờ", en="Turnover, stays, overstays"),
    "parking_days_hint": Text(
        vi="Theo ngày của Hà Nội đã kết thúc. Viền vàng: ngày thiếu số liệu. "
        "Số tiền là ước tính từ mức sử dụng theo một bảng giá có phần giả định, không phải doanh thu.",
        en="Of days in Hanoi that are over. Yellow outline: too little is known of the day. "
        "The amount is estimated from occupancy by a tariff that is partly assumed; it is no revenue.",
    ),
    "parking_days_empty": Text(vi="Không có ngày nào trong khoảng này", en="No day of this span is known"),
    "parking_turnover": Text(vi="Lượt xe mỗi ô trong ngày", en="Cars a bay and day"),
    "parking_overstay_percent": Text(vi="Lượt đỗ quá giờ", en="Stays that took too long"),
    "parking_turnover_axis": Text(vi="xe/ô", en="cars/bay"),
    "parking_overstays_axis": Text(vi="% quá giờ", en="% too long"),
    "parking_days_words_empty": Text(
        vi="Từ {start} đến {end} chưa có ngày nào được tính.",
        en="From {start} to {end} no day is derived yet.",
    ),
    "parking_days_words": Text(
        vi="Từ {start} đến {end}, {days} ngày: {turnover} lượt xe mỗi ô và ngày, đỗ trung bình {stay}, "
        "quá giờ {overstays}, có chỗ trống {availability} thời gian; {amount} ({estimated}).",
        en="From {start} to {end}, days: {days}: {turnover} cars a bay and day, mean stay {stay}, "
        "too long {overstays}, a free bay {availability} of the time; {amount} ({estimated}).",
    ),
    "parking_days_doubtful": Text(
        vi="{days} ngày thiếu số liệu ở ít nhất một điểm.",
        en="Days of which too little is known at one point at least: {days}.",
    ),
    "parking_doubtful_days": Text(vi="{days} thiếu số liệu", en="{days} doubtful"),
    "parking_column_point": Text(vi="Điểm đỗ", en="Point"),
    "parking_column_days": Text(vi="Ngày", en="Days"),
    "parking_column_doubtful": Text(vi="Ngày thiếu số liệu", en="Doubtful days"),
    "parking_column_turnover": Text(vi="Lượt xe/ô/ngày", en="Cars a bay and day"),
    "parking_column_stay": Text(vi="Đỗ trung bình", en="Mean stay"),
    "parking_column_overstays": Text(vi="Quá giờ", en="Too long"),
    "parking_column_availability": Text(vi="Thời gian có chỗ trống", en="Time with a free bay"),
    "parking_column_amount": Text(vi="Số tiền (ước tính)", en="Amount (estimate)"),
}
PARKING_SCRIPT_TEXTS: Final = (
    *("parking_free", "parking_occupied", "parking_out_of_service", "parking_unknown", "parking_overstaying"),
    *("parking_heard", "parking_never", "parking_since", "parking_since_before", "parking_of_capacity"),
    *(
        "parking_silent_count",
        "parking_choose_bay",
        "parking_to_bay",
        "parking_no_bays",
        "parking_overstays_none",
    ),
    *("parking_limit", "parking_limit_suggested", "parking_from", "parking_from_before", "simulated"),
)
