"""What the page of a Thing says, in Vietnamese and English. Names of Things and properties come with the data."""

from typing import Final

from storage.model import Text

THING_TEXTS: Final[dict[str, Text]] = {
    "thing_page": Text(vi="Trang điểm đo", en="The Thing's page"),
    "thing_missing": Text(vi="Không có điểm đo này", en="There is no such Thing"),
    "thing_is_in": Text(vi="Thuộc", en="Part of"),
    "thing_children": Text(vi="Gồm {count} phần", en="Parts: {count}"),
    "thing_not_public": Text(vi="không công khai", en="not public"),
    "nearby_title": Text(vi="Trong bán kính 1 km", en="Within 1 km"),
    "nearby_none": Text(
        vi="Không có điểm đo nào khác, hoặc không rõ vị trí.",
        en="No other place, or nobody knows where this is.",
    ),
    "state_live": Text(vi="Đang gửi", en="Live"),
    "thing_newest": Text(vi="giá trị mới nhất", en="newest value"),
    # series
    "series_title": Text(vi="Chuỗi số liệu", en="Series"),
    "series_none": Text(vi="Điểm đo này chưa có đại lượng nào.", en="This Thing has no property yet."),
    "series_no_value": Text(vi="chưa có", en="none yet"),
    "series_property": Text(vi="Đại lượng", en="Property"),
    "series_value": Text(vi="Mới nhất", en="Newest"),
    "series_measured": Text(vi="Đo", en="Read"),
    "series_quality": Text(vi="Chất lượng", en="Quality"),
    "series_provenance": Text(vi="Nguồn gốc", en="Provenance"),
    "series_draw": Text(vi="Vẽ {name}", en="Draw {name}"),
    "chart_title": Text(vi="Biểu đồ", en="Chart"),
    "chart_range": Text(vi="Khoảng thời gian", en="Range"),
    "chart_6h": Text(vi="6 giờ", en="6 h"),
    "chart_24h": Text(vi="24 giờ", en="24 h"),
    "chart_7d": Text(vi="7 ngày", en="7 days"),
    "chart_30d": Text(vi="30 ngày", en="30 days"),
    "chart_1y": Text(vi="1 năm", en="1 year"),
    "chart_from": Text(vi="Từ", en="From"),
    "chart_to": Text(vi="Đến", en="To"),
    "chart_own": Text(vi="Khoảng khác", en="Another span"),
    "chart_show": Text(vi="Xem", en="Show"),
    "chart_previous": Text(vi="Khoảng trước", en="Earlier"),
    "chart_next": Text(vi="Khoảng sau", en="Later"),
    "chart_zoom_in": Text(vi="Phóng to", en="Zoom in"),
    "chart_zoom_out": Text(vi="Thu nhỏ", en="Zoom out"),
    "chart_copy": Text(vi="Chép liên kết", en="Copy the link"),
    "chart_copied": Text(
        vi="Đã chép liên kết tới đúng khoảng này.", en="A link to just this span is copied."
    ),
    "chart_not_copied": Text(
        vi="Trình duyệt không cho chép. Liên kết: {link}", en="The browser lets nobody copy. The link: {link}"
    ),
    "chart_png": Text(vi="Ảnh PNG", en="PNG"),
    "chart_csv": Text(vi="CSV", en="CSV"),
    "chart_excel": Text(vi="CSV cho Excel (tiếng Việt)", en="CSV for Excel (Vietnamese)"),
    "chart_hint": Text(
        vi="Kéo trên biểu đồ để phóng to. CSV có đúng những gì biểu đồ vẽ; giá trị gốc của cả năm: hanoi-export.",
        en="Drag over the chart to zoom. A CSV has what the chart draws; for a year of raw values use hanoi-export.",
    ),
    "chart_scale": Text(vi="Thang mức và ngưỡng", en="Bands and limits"),
    "chart_table": Text(vi="Xem dạng bảng", en="As a table"),
    "chart_loading": Text(vi="Đang vẽ…", en="Drawing…"),
    "chart_no_plotly": Text(
        vi="Không nạp được phần vẽ; lời và bảng dưới đây nói cùng nội dung.",
        en="What draws could not be loaded; the words and the table below say the same.",
    ),
    "chart_live": Text(vi="nối tiếp trực tiếp", en="goes on live"),
    "chart_label": Text(vi="Biểu đồ: {words}", en="Chart: {words}"),
    "step_raw": Text(vi="từng giá trị", en="each value"),
    "step_1h": Text(vi="theo giờ", en="by the hour"),
    "step_1d": Text(vi="theo ngày", en="by the day"),
    "band_below": Text(vi="{name}: dưới {limit}", en="{name}: below {limit}"),
    "band_between": Text(vi="{name}: {low} đến dưới {limit}", en="{name}: {low} to below {limit}"),
    "band_from": Text(vi="{name}: từ {low}", en="{name}: {low} or more"),
    "band_all": Text(vi="{name}", en="{name}"),
    "limit_line": Text(vi="Cảnh báo '{title}': {sign} {limit}", en="Alert '{title}': {sign} {limit}"),
    "limit_suggested_short": Text(vi="đề xuất", en="suggested"),
    "series_words": Text(
        vi="{name}, {start} đến {end}, {step}: thấp nhất {lowest}, cao nhất {highest}, "
        "trung bình {mean}; độ phủ {coverage} %.",
        en="{name}, {start} to {end}, {step}: lowest {lowest}, highest {highest}, mean {mean}; coverage {coverage} %.",
    ),
    "series_words_empty": Text(
        vi="{name}, {start} đến {end}: không có giá trị dùng được; độ phủ 0 %.",
        en="{name}, {start} to {end}: no usable value; coverage 0 %.",
    ),
    "series_words_doubts": Text(
        vi="Đáng ngờ hoặc lỗi: {count} ({reasons}).", en="Suspect or failed: {count} ({reasons})."
    ),
    "series_words_doubt_counts": Text(
        vi="Đáng ngờ: {suspect}, lỗi: {fail}.", en="Suspect: {suspect}, failed: {fail}."
    ),
    "column_time": Text(vi="Thời điểm", en="Time"),
    "column_from": Text(vi="Từ lúc", en="From"),
    "column_day": Text(vi="Ngày", en="Day"),
    "column_value": Text(vi="Giá trị", en="Value"),
    "column_mean": Text(vi="Trung bình", en="Mean"),
    "column_low": Text(vi="Thấp nhất", en="Lowest"),
    "column_high": Text(vi="Cao nhất", en="Highest"),
    "column_count": Text(vi="Số giá trị", en="Values"),
    "column_coverage": Text(vi="Độ phủ", en="Coverage"),
    "column_suspect": Text(vi="Đáng ngờ", en="Suspect"),
    "column_fail": Text(vi="Lỗi", en="Failed"),
    "column_missing": Text(vi="Thiếu", en="Missing"),
    "column_reason": Text(vi="Lý do", en="Reason"),
    # alerts
    "thing_alerts": Text(vi="Cảnh báo của điểm đo", en="Its alerts"),
    "thing_no_alerts": Text(vi="Chưa có cảnh báo nào.", en="It never had one."),
    # metadata
    "about": Text(vi="Thông tin", en="About it"),
    "about_id": Text(vi="Mã", en="Id"),
    "about_place": Text(vi="Vị trí", en="Place"),
    "about_no_place": Text(vi="không có vị trí riêng", en="no place of its own"),
    "about_place_source": Text(vi="Nguồn vị trí", en="The place is from"),
    "about_public": Text(vi="Trang công khai", en="Public pages"),
    "about_public_yes": Text(vi="có hiển thị", en="show it"),
    "about_public_no": Text(vi="không hiển thị: chỉ người vận hành thấy", en="do not: only operators see it"),
    "about_online": Text(vi="Kết nối", en="Connection"),
    "about_online_yes": Text(
        vi="thiết bị báo đang kết nối, lúc {at}", en="the device said it is connected, {at}"
    ),
    "about_online_no": Text(vi="mất kết nối từ {at}", en="disconnected since {at}"),
    "about_online_unknown": Text(
        vi="thiết bị không báo trạng thái kết nối", en="the device says nothing of its connection"
    ),
    "about_topic": Text(vi="Gửi theo chuẩn thành phố", en="In the city's own format"),
    "about_source": Text(vi="Nguồn khác", en="Other source"),
    "about_source_line": Text(
        vi="{source}, thiết bị {device}, bộ giải mã {decoder}",
        en="{source}, device {device}, decoder {decoder}",
    ),
    "about_claim": Text(vi="Đã nhận thiết bị", en="Claimed device"),
    "about_claim_line": Text(
        vi="{device} của nguồn {source}, {who} nhận lúc {at}",
        en="{device} of source {source}, by {who}, {at}",
    ),
    "about_sources_fault": Text(
        vi="không đọc được HANOI_SOURCES_FILE: {fault}", en="HANOI_SOURCES_FILE can't be read: {fault}"
    ),
    "about_streams": Text(vi="Các đại lượng", en="Properties"),
    "about_interval": Text(vi="Chu kỳ gửi", en="Reports every"),
    "about_made": Text(vi="Cách có", en="How it is made"),
    "about_made_measured": Text(vi="thiết bị gửi", en="sent by the device"),
    "about_made_derived": Text(vi="dẫn xuất", en="derived"),
    "about_range": Text(vi="Khoảng hợp lý", en="Plausible"),
    "about_calibration": Text(vi="Hiệu chuẩn", en="Calibration"),
    "about_no_calibration": Text(vi="không có", en="none"),
    "about_calibration_line": Text(
        vi="{gain} × giá trị gửi {sign} {offset}, từ {start}",
        en="{gain} × what was sent {sign} {offset}, from {start}",
    ),
    "about_calibration_to": Text(vi=" đến {end}", en=" to {end}"),
    "attribute_address": Text(vi="Địa chỉ", en="Address"),
    "attribute_street": Text(vi="Phố", en="Street"),
    "attribute_district_2017": Text(vi="Quận (2017)", en="District (2017)"),
    "attribute_district_by_polygon": Text(vi="Quận cũ theo bản đồ", en="Former district by the map"),
    "attribute_station_type": Text(vi="Loại trạm", en="Type of station"),
    "attribute_portal_id": Text(vi="Số trên cổng thông tin", en="Number on the portal"),
    "attribute_portal_code": Text(vi="Mã trên cổng thông tin", en="Code on the portal"),
    "attribute_basin": Text(vi="Lưu vực", en="Basin"),
    "attribute_hsdc_id": Text(vi="Số của công ty thoát nước", en="Number at the drainage company"),
    "attribute_doubtful": Text(vi="Điều chưa chắc", en="What is doubtful"),
    "attribute_lake": Text(vi="Hồ", en="Lake"),
    "attribute_shore": Text(vi="Bờ", en="Shore"),
    "attribute_real_station": Text(vi="Có trạm thật ở đây", en="A real station stands here"),
    "attribute_event_2016_mm": Text(vi="Mưa trận 25/5/2016 (mm)", en="Rain of 25 May 2016 (mm)"),
    "attribute_name_note": Text(vi="Về tên", en="On the name"),
    "attribute_design_mm_48h": Text(vi="Mưa thiết kế hai ngày (mm)", en="Design rain of two days (mm)"),
    "attribute_gauges": Text(vi="Các trạm đo mưa", en="Rain gauges"),
    "attribute_capacity": Text(vi="Số chỗ", en="Bays"),
    "attribute_max_stay_min": Text(vi="Đỗ lâu nhất (phút)", en="Longest stay (min)"),
    "attribute_tariff": Text(vi="Giá đỗ", en="Price"),
    "attribute_interval_s": Text(vi="Chu kỳ riêng (giây)", en="Own interval (s)"),
    "attribute_resolution_mm": Text(vi="Mưa mỗi lần lật (mm)", en="Rain of a tip (mm)"),
    "attribute_counter_bits": Text(vi="Số bit của bộ đếm", en="Bits of the counter"),
    "attribute_recording": Text(vi="Bản ghi", en="Recording"),
    "attribute_licence": Text(vi="Giấy phép", en="Licence"),
    "attribute_value_sensor": Text(vi="cảm biến", en="sensor"),
    "attribute_value_fixed": Text(vi="cố định", en="fixed"),
    "attribute_tariff_line": Text(
        vi="{vnd} đ cho {minutes} phút đầu", en="{vnd} đ for the first {minutes} min"
    ),
    "attribute_trust_V": Text(vi="đã kiểm chứng", en="verified"),
    "attribute_trust_M": Text(vi="chưa kiểm chứng", en="not verified"),
    "attribute_trust_S": Text(vi="giả định", en="made up"),
    "answer_yes": Text(vi="có", en="yes"),
    "answer_no": Text(vi="không", en="no"),
    # last message
    "message_title": Text(vi="Thông điệp cuối", en="Last message"),
    "message_none": Text(vi="Chưa nhận được thông điệp nào.", en="No message has come yet."),
    "message_last_accepted": Text(vi="Thông điệp cuối được nhận.", en="The last message was accepted."),
    "message_last_rejected": Text(vi="Thông điệp cuối bị từ chối.", en="The last message was refused."),
    "message_accepted": Text(vi="Được nhận gần nhất", en="Last accepted"),
    "message_rejected": Text(vi="Bị từ chối gần nhất", en="Last refused"),
    "message_no_rejected": Text(
        vi="Chưa thông điệp nào theo chuẩn thành phố bị từ chối.",
        en="None in the city's own format was refused.",
    ),
    "message_not_kept": Text(
        vi="Nội dung gốc của thông điệp được nhận không được lưu: dưới đây là các giá trị như đã lưu.",
        en="Accepted messages are not kept as they came: these are their values as they were stored.",
    ),
    "message_arrived": Text(vi="Lưu lúc", en="Stored"),
    "message_result_time": Text(vi="Có kết quả lúc", en="Result made"),
    "message_where": Text(vi="Sai ở", en="Wrong at"),
    "message_bytes": Text(
        vi="{size} byte; hiện {shown} byte đầu", en="{size} bytes; the first {shown} are shown"
    ),
    "message_all": Text(vi="{size} byte", en="{size} bytes"),
    # clock, loss, completeness
    "health_title": Text(vi="Đồng hồ và mất mát", en="Clock and losses"),
    "clock_title": Text(vi="Đồng hồ", en="Clock"),
    "clock_unknown": Text(vi="chưa đo được", en="not measured yet"),
    "clock_fits": Text(vi="đúng, lệch dưới một phút", en="right, less than a minute off"),
    "clock_unsure": Text(
        vi="chậm {by}, hoặc số liệu được gửi bù muộn", en="{by} behind, or what it sends comes late"
    ),
    "loss_title": Text(vi="Mất thông điệp", en="Messages lost"),
    "loss_of": Text(
        vi="{missing} trên {expected} ({share} %), từ {since}",
        en="{missing} of {expected} ({share} %), since {since}",
    ),
    "loss_not_numbered": Text(vi="thiết bị không đánh số", en="it does not number its messages"),
    "calendar_title": Text(vi="Mức đầy đủ từng ngày", en="Completeness by day"),
    "calendar_hint": Text(
        vi="Một năm, mỗi ô một ngày của đại lượng đang vẽ: giá trị dùng được so với số phải đến. Phím mũi tên: chọn ô.",
        en="A year, a cell a day, of the property that is drawn: usable values against those due. Arrow keys move.",
    ),
    "calendar_none": Text(
        vi="Chưa có ngày trọn vẹn nào sau giá trị đầu tiên.", en="No whole day yet since the first value."
    ),
    "calendar_day": Text(
        vi="{day}: {share} % ({received} trên {expected})", en="{day}: {share} % ({received} of {expected})"
    ),
    "calendar_day_doubts": Text(
        vi="; đáng ngờ {suspect}, lỗi {fail}", en="; suspect {suspect}, failed {fail}"
    ),
    "calendar_before": Text(vi="{day}: trước giá trị đầu tiên", en="{day}: before the first value"),
    "calendar_words": Text(
        vi="{days} ngày, trung bình {mean} %; {whole} ngày từ 95 % trở lên, {silent} ngày im lặng.",
        en="Days: {days}; mean {mean} %; of 95 % or more: {whole}; silent: {silent}.",
    ),
    "calendar_level_0": Text(vi="im lặng", en="silent"),
    "calendar_level_1": Text(vi="dưới 50 %", en="below 50 %"),
    "calendar_level_2": Text(vi="dưới 80 %", en="below 80 %"),
    "calendar_level_3": Text(vi="dưới 95 %", en="below 95 %"),
    "calendar_level_4": Text(vi="từ 95 %", en="95 % or more"),
    "calendar_level_none": Text(vi="chưa có", en="nothing yet"),
    "calendar_table": Text(vi="Xem dạng bảng", en="As a table"),
    # maintenance
    "notes_title": Text(vi="Bảo dưỡng", en="Maintenance"),
    "notes_hint": Text(
        vi="Ghi chú được vẽ trên biểu đồ. Không gì bị xóa: ghi nhầm thì rút lại, dòng chữ vẫn còn, gạch ngang.",
        en="They are marked on the chart. Nothing is deleted: what was wrong is withdrawn and stays, struck through.",
    ),
    "notes_none": Text(vi="Chưa có ghi chú nào.", en="No note yet."),
    "notes_viewer": Text(vi="Chỉ người vận hành ghi được.", en="Only operators write here."),
    "notes_add": Text(vi="Thêm ghi chú", en="Add a note"),
    "notes_kind": Text(vi="Việc", en="What"),
    "notes_text": Text(vi="Đã làm gì (bắt buộc)", en="What was done (required)"),
    "notes_from": Text(vi="Từ (giờ Hà Nội)", en="From (Hanoi's time)"),
    "notes_to": Text(vi="Đến (nếu kéo dài)", en="To (if it took time)"),
    "notes_withdraw": Text(vi="Rút lại", en="Withdraw"),
    "notes_withdraw_of": Text(vi="Rút lại ghi chú: {text}", en="Withdraw the note: {text}"),
    "notes_by": Text(vi="{who} ghi lúc {at}", en="written by {who}, {at}"),
    "notes_withdrawn": Text(vi="{who} rút lại lúc {at}", en="withdrawn by {who}, {at}"),
    "notes_span": Text(vi="{start} đến {end}", en="{start} to {end}"),
    "notes_added": Text(vi="Đã thêm ghi chú.", en="The note is added."),
    "notes_is_withdrawn": Text(vi="Đã rút lại ghi chú.", en="The note is withdrawn."),
    "maintenance_cleaning": Text(vi="vệ sinh", en="cleaning"),
    "maintenance_calibration": Text(vi="hiệu chuẩn", en="calibration"),
    "maintenance_repair": Text(vi="sửa chữa", en="repair"),
    "maintenance_replacement": Text(vi="thay thế", en="replacement"),
    "maintenance_other": Text(vi="việc khác", en="other"),
    # refused
    "refused_no_property": Text(
        vi="Điểm đo '{thing}' không có đại lượng '{property}'.",
        en="Thing '{thing}' has no property '{property}'.",
    ),
    "refused_range_span": Text(
        vi="range={span}: hãy dùng 6h, 24h, 7d, 30d hoặc 1y.", en="range={span}: use 6h, 24h, 7d, 30d or 1y."
    ),
    "refused_range_time": Text(
        vi="'{time}' không phải thời điểm: cần cả hai, from và to, như 2026-11-22T10:00.",
        en="'{time}' is no time: give both, from and to, like 2026-11-22T10:00.",
    ),
    "refused_range_order": Text(
        vi="'Đến' phải sau 'Từ' ít nhất một phút.", en="The end must be at least a minute after the start."
    ),
    "refused_range_too_long": Text(
        vi="Khoảng dài nhất là {days} ngày.", en="A span has {days} days at most."
    ),
    "refused_range_beyond": Text(
        vi="Khoảng này ở ngoài thời gian có số liệu.",
        en="This span is outside the time that there is data of.",
    ),
    "refused_csv_form": Text(
        vi="for={form}: hãy bỏ trống hoặc dùng excel.", en="for={form}: leave it out or write excel."
    ),
    "refused_note_empty": Text(vi="Hãy viết đã làm gì.", en="Write what was done."),
    "refused_note_too_long": Text(
        vi="Ghi chú dài nhất là 2.000 ký tự.", en="A note has 2,000 characters at most."
    ),
    "refused_note_start": Text(vi="Hãy viết từ lúc nào.", en="Write when it began."),
    "refused_note_end_before_start": Text(
        vi="'Đến' không được trước 'Từ'.", en="It can't end before it begins."
    ),
    "refused_no_note": Text(
        vi="Không rút lại được ghi chú số {id}: không có, hoặc đã rút lại.",
        en="Note {id} can't be withdrawn: there is none, or it is already.",
    ),
}

THING_SCRIPT_TEXTS: Final = (
    "range_fixed",
    *(
        "refused_server",
        "refused_date",
        "working",
        "show",
        "series_no_value",
        "series_draw",
    ),
    *("thing_newest", "thing_children", "thing_is_in", "thing_no_alerts", "simulated", "thing_not_public"),
    *("chart_copied", "chart_not_copied", "chart_no_plotly", "chart_live", "chart_label"),
    *("calendar_none", "notes_none", "notes_withdraw", "notes_withdraw_of", "notes_added"),
    *(
        "notes_is_withdrawn",
        "message_no_rejected",
        "message_where",
        "about_no_calibration",
        "refused_note_start",
    ),
    *("severity_critical", "severity_warning", "severity_info", "series_none"),
)
"""What the page's script says by itself."""
