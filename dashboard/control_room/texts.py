"""What the control room says, in Vietnamese and English. Names of domains, levels and rules come with the data."""

from typing import Final

from dashboard.control_room.alert_texts import ALERT_TEXTS
from dashboard.control_room.board_texts import BOARD_TEXTS
from dashboard.control_room.citizen_report_texts import CITIZEN_REPORT_TEXTS
from dashboard.control_room.data_texts import DATA_TEXTS
from dashboard.control_room.device_texts import DEVICE_TEXTS
from dashboard.control_room.domains.flood_texts import FLOOD_TEXTS
from dashboard.control_room.domains.parking_texts import PARKING_TEXTS
from dashboard.control_room.domains.texts import DOMAIN_TEXTS
from dashboard.control_room.explore_texts import EXPLORE_TEXTS
from dashboard.control_room.incident_texts import INCIDENT_TEXTS
from dashboard.control_room.language import Language
from dashboard.control_room.manual_texts import MANUAL_TEXTS
from dashboard.control_room.notice_texts import NOTICE_TEXTS
from dashboard.control_room.overview_texts import OVERVIEW_SCRIPT_TEXTS, OVERVIEW_TEXTS
from dashboard.control_room.people_texts import PEOPLE_TEXTS
from dashboard.control_room.replay_texts import PAST_TEXTS
from dashboard.control_room.report_texts import REPORT_TEXTS
from dashboard.control_room.roster_texts import ROSTER_TEXTS
from dashboard.control_room.rule_texts import RULE_TEXTS
from dashboard.control_room.thing_texts import THING_TEXTS
from dashboard.control_room.things_texts import THINGS_TEXTS
from dashboard.control_room.work_texts import WORK_TEXTS
from storage.model import Text

TEXTS: Final[dict[str, Text]] = {
    "product": Text(vi="Trung tâm điều hành Hà Nội", en="Hanoi operations centre"),
    "other_language": Text(vi="English", en="Tiếng Việt"),
    "login_title": Text(vi="Đăng nhập phòng điều hành", en="Log in to the control room"),
    "login_name": Text(vi="Tên người dùng", en="User name"),
    "login_password": Text(vi="Mật khẩu", en="Password"),
    "login_enter": Text(vi="Đăng nhập", en="Log in"),
    "login_refused": Text(
        vi="Tên người dùng hoặc mật khẩu không đúng.", en="The user name or the password is wrong."
    ),
    "login_limited": Text(
        vi="Quá nhiều lần thử. Hãy đợi một phút rồi thử lại.",
        en="Too many attempts. Wait a minute, then try again.",
    ),
    "login_expired": Text(
        vi="Trang đăng nhập đã hết hạn. Hãy thử lại.", en="This login page has expired. Please try again."
    ),
    "database_gone": Text(vi="Mất kết nối cơ sở dữ liệu", en="The database does not answer"),
    "database_gone_long": Text(
        vi="Không kiểm tra được phiên đăng nhập. Trang sẽ tự thử lại; dữ liệu từ trạm đo vẫn được giữ.",
        en="Nobody's login can be checked. This page tries again by itself; what the stations send is kept.",
    ),
    "not_started": Text(
        vi="Trang này chưa chạy: phiên đăng nhập có thể đã hết, hoặc kết nối bị gián đoạn.",
        en="This page has not started: your session may have ended, or the connection failed.",
    ),
    "not_started_again": Text(
        vi="Đăng nhập lại hoặc tải lại trang", en="Log in again, or load the page again"
    ),
    "link_live": Text(vi="Dữ liệu trực tiếp", en="Live"),
    "link_old": Text(vi="Không trạm nào đang gửi: số liệu đã cũ", en="No station is sending: data is old"),
    "link_empty": Text(vi="Chưa có dữ liệu", en="No data yet"),
    "link_gone": Text(
        vi="Mất kết nối cơ sở dữ liệu: số liệu dưới đây đã cũ", en="Database lost: what you see is old"
    ),
    "link_loading": Text(vi="Đang nạp dữ liệu", en="Loading data"),
    "ingest_receiving": Text(vi="Đang nhận", en="Receiving"),
    "ingest_no_broker": Text(vi="Mất kết nối MQTT", en="MQTT connection lost"),
    "ingest_silent": Text(vi="Không trả lời", en="Does not answer"),
    "ingest_unknown": Text(vi="Không rõ", en="Not known"),
    "highest": Text(vi="Cao nhất", en="Highest"),
    "lowest": Text(vi="Thấp nhất", en="Lowest"),
    "value_at": Text(vi="Tại", en="At"),
    "last_known": Text(vi="Giá trị cuối cùng", en="Last known"),
    "free_bays": Text(vi="Chỗ trống", en="Free"),
    "trend_highest": Text(vi="cao nhất, 12 giờ qua", en="highest, last 12 hours"),
    "trend_lowest": Text(vi="thấp nhất, 12 giờ qua", en="lowest, last 12 hours"),
    "trend_share": Text(vi="chỗ có xe, 12 giờ qua", en="occupied, last 12 hours"),
    "no_level": Text(vi="Chưa phân mức", en="Not classified"),
    "state_stale": Text(vi="Dữ liệu cũ", en="Old data"),
    "state_never": Text(vi="Chưa có dữ liệu", en="No data yet"),
    "state_fault": Text(vi="Thiết bị lỗi", en="Sensor fault"),
    "severity_info": Text(vi="Thông tin", en="Info"),
    "severity_warning": Text(vi="Cảnh báo", en="Warning"),
    "severity_critical": Text(vi="Nghiêm trọng", en="Critical"),
    "alert_firing": Text(vi="Đang diễn ra", en="Firing"),
    "alert_pending": Text(vi="Đang theo dõi", en="Pending"),
    "alert_resolved": Text(vi="Đã hết", en="Resolved"),
    "alert_withdrawn": Text(vi="Rút lại: số liệu đã được sửa", en="Withdrawn: the data was corrected"),
    "reason_not_json": Text(vi="Không phải JSON", en="Not JSON"),
    "reason_invalid_utf8": Text(vi="Sai mã UTF-8", en="Invalid UTF-8"),
    "reason_duplicate_key": Text(vi="Trùng khóa", en="Duplicate key"),
    "reason_empty": Text(vi="Thông điệp rỗng", en="Empty message"),
    "reason_too_large": Text(vi="Quá lớn", en="Too large"),
    "reason_too_deep": Text(vi="Lồng quá sâu", en="Nested too deep"),
    "reason_wrong_type": Text(vi="Sai kiểu dữ liệu", en="Wrong type"),
    "reason_not_finite": Text(vi="Không phải số hữu hạn", en="Not a finite number"),
    "reason_naive_time": Text(vi="Thời gian thiếu múi giờ", en="Time without an offset"),
    "reason_time_out_of_range": Text(vi="Thời gian ngoài khoảng", en="Time out of range"),
    "reason_missing_field": Text(vi="Thiếu trường", en="Missing field"),
    "reason_unknown_topic": Text(vi="Chủ đề không biết", en="Unknown topic"),
    "reason_unknown_thing": Text(vi="Thiết bị không biết", en="Unknown Thing"),
    "reason_unknown_property": Text(vi="Đại lượng không biết", en="Unknown property"),
    "reason_unknown_unit": Text(vi="Đơn vị không biết", en="Unknown unit"),
    "reason_not_decodable": Text(vi="Không giải mã được", en="Not decodable"),
    "reason_unsupported": Text(vi="Không hỗ trợ", en="Not supported"),
    "reason_rate_limited": Text(vi="Gửi quá nhiều", en="Sends too much"),
    "reason_out_of_range": Text(vi="Giá trị ngoài khoảng", en="Value out of range"),
    "reason_wrong_provenance": Text(vi="Dự báo lẫn với quan trắc", en="Forecast and observation mixed up"),
    "reason_decoder_error": Text(vi="Lỗi bộ giải mã", en="Decoder error"),
    "reason_refused_by_database": Text(vi="Không lưu được", en="Could not be stored"),
    "menu_label": Text(vi="Các trang", en="Pages"),
    "skip": Text(vi="Tới nội dung chính", en="Skip to the content"),
    "tiles": Text(vi="Các lĩnh vực", en="Domains"),
    "map": Text(vi="Bản đồ thành phố", en="City map"),
    "map_long": Text(
        vi="Bản đồ thành phố. Dùng danh sách 'Tìm điểm đo' để chọn bằng bàn phím.",
        en="City map. Use the list 'Find a place' to choose by keyboard.",
    ),
    "layers": Text(vi="Lớp bản đồ", en="Map layers"),
    "find": Text(vi="Tìm điểm đo", en="Find a place"),
    "alerts": Text(vi="Cảnh báo", en="Alerts"),
    "rejections": Text(vi="Thông điệp bị từ chối", en="Rejected messages"),
    "simulated": Text(vi="Dữ liệu mô phỏng", en="Simulated data"),
    "simulated_short": Text(vi="mô phỏng", en="simulated"),
    "wall": Text(vi="Màn hình lớn", en="Wall mode"),
    "devices": Text(vi="Thiết bị chưa nhận", en="Unclaimed devices"),
    "log_out": Text(vi="Đăng xuất", en="Log out"),
    "close": Text(vi="Đóng", en="Close"),
    "role_viewer": Text(vi="người xem", en="viewer"),
    "role_operator": Text(vi="người vận hành", en="operator"),
    "role_admin": Text(vi="quản trị", en="admin"),
    "occupancy": Text(vi="Tỷ lệ chỗ có xe", en="Share of bays taken"),
    "trust_V": Text(vi="Vị trí đã kiểm chứng", en="Verified position"),
    "trust_M": Text(vi="Vị trí gần đúng, lệch 100–300 m", en="Approximate position, 100 to 300 m off"),
    "trust_S": Text(vi="Vị trí giả định", en="Made-up position"),
    "figure_words": Text(
        vi="24 giờ qua: {count} giá trị; thấp nhất {lowest}, cao nhất {highest}, mới nhất {newest}.",
        en="Last 24 hours: {count} values; lowest {lowest}, highest {highest}, newest {newest}.",
    ),
    "figure_doubts": Text(vi="Đáng ngờ hoặc lỗi: {reasons}.", en="Suspect or failed: {reasons}."),
    "figure_empty": Text(
        vi="Không có giá trị dùng được trong 24 giờ qua.", en="No usable value in the last 24 hours."
    ),
    "attribution": Text(
        vi="Bản đồ nền sơ đồ hóa, không dùng để đo", en="Schematic basemap, not for measuring"
    ),
    "zoom_in": Text(vi="Phóng to", en="Zoom in"),
    "zoom_out": Text(vi="Thu nhỏ", en="Zoom out"),
    "newest": Text(vi="mới nhất", en="newest"),
    "sensors_live": Text(vi="đang gửi", en="live"),
    "sensors_stale": Text(vi="cũ", en="old"),
    "sensors_never": Text(vi="chưa gửi", en="never heard"),
    "sensors_fault": Text(vi="lỗi", en="faulty"),
    "no_alerts": Text(vi="Không có cảnh báo.", en="No alerts."),
    "no_rejections": Text(vi="Không có thông điệp nào bị từ chối.", en="No message was rejected."),
    "day": Text(vi="trong 24 giờ", en="in 24 hours"),
    "value": Text(vi="giá trị", en="value"),
    "peak": Text(vi="tệ nhất", en="worst"),
    "limit": Text(vi="ngưỡng", en="limit"),
    "since": Text(vi="từ", en="since"),
    "ended": Text(vi="hết lúc", en="ended"),
    "show": Text(vi="Xem trên bản đồ", en="Show on the map"),
    "more": Text(vi="lỗi khác", en="more"),
    "messages_per_s": Text(vi="thông điệp/giây", en="messages/s"),
    "lag": Text(vi="trễ", en="lag"),
    "ingest": Text(vi="Tiếp nhận", en="Ingest"),
    "loss": Text(vi="Mất thông điệp", en="Messages lost"),
    "loss_unknown": Text(vi="không có thiết bị nào đánh số", en="no device numbers its messages"),
    "of": Text(vi="trên", en="of"),
    "clocks": Text(vi="Đồng hồ lệch", en="Clock off by"),
    "clock_ahead": Text(vi="{place} nhanh {by}", en="{place} {by} ahead"),
    "clock_behind": Text(vi="{place} chậm {by}", en="{place} {by} behind"),
    "clocks_more": Text(vi="{count} nơi khác", en="{count} more"),
    "duration_days": Text(vi="{count} ngày", en="{count} days"),
    "duration_hours": Text(vi="{count} giờ", en="{count} h"),
    "duration_minutes": Text(vi="{count} phút", en="{count} min"),
    "duration_seconds": Text(vi="{count} giây", en="{count} s"),
    "server_gone": Text(
        vi="Mất kết nối máy chủ: số liệu dưới đây đã cũ", en="Server lost: what you see is old"
    ),
    "property": Text(vi="Đại lượng", en="Property"),
    "choose": Text(vi="Chọn…", en="Choose…"),
    "no_trend": Text(vi="Chưa có số liệu 12 giờ qua", en="Nothing in the last 12 hours"),
    **ALERT_TEXTS,
    **DEVICE_TEXTS,
    **DATA_TEXTS,
    **THING_TEXTS,
    **THINGS_TEXTS,
    **NOTICE_TEXTS,
    **CITIZEN_REPORT_TEXTS,
    **RULE_TEXTS,
    **ROSTER_TEXTS,
    **OVERVIEW_TEXTS,
    **MANUAL_TEXTS,
    **PEOPLE_TEXTS,
    **DOMAIN_TEXTS,
    **EXPLORE_TEXTS,
    **BOARD_TEXTS,
    **FLOOD_TEXTS,
    **PARKING_TEXTS,
    **INCIDENT_TEXTS,
    **REPORT_TEXTS,
    **PAST_TEXTS,
    **WORK_TEXTS,
}

SCRIPT_TEXTS: Final = (
    *("attribution", "zoom_in", "zoom_out", "newest", "find", "choose", "no_trend", "show", "map"),
    *("sensors_live", "sensors_stale", "sensors_never", "sensors_fault", "no_alerts", "no_rejections", "day"),
    *("value", "peak", "limit", "since", "ended", "more", "messages_per_s", "lag", "ingest", "server_gone"),
    *("loss", "loss_unknown", "of"),
    *("occupancy", "property", "simulated_short", "severity_critical", "severity_warning", "severity_info"),
    *OVERVIEW_SCRIPT_TEXTS,
)
"""What the page's script says by itself."""


def say(key: str, language: Language) -> str:
    """The text in a language. Raises KeyError: a text that nobody wrote is a fault of ours."""
    return TEXTS[key].in_language(language)
