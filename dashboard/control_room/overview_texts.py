"""What the overview page says of acting on alerts, of its keys, and of what it does by itself."""

from typing import Final

from storage.model import Text

OVERVIEW_TEXTS: Final[dict[str, Text]] = {
    "silenced_silence": Text(
        vi="{who} tắt thông báo đến {until}: {why}", en="Silenced by {who} until {until}: {why}"
    ),
    "silenced_maintenance": Text(
        vi="{who} bảo trì đến {until}: {why}", en="Maintenance by {who} until {until}: {why}"
    ),
    "standstill_no_broker": Text(
        vi="Bộ phận tiếp nhận mất kết nối MQTT: không có số liệu mới từ các trạm!",
        en="Ingest has lost its MQTT connection: nothing new is heard from the stations!",
    ),
    "standstill_silent": Text(
        vi="Bộ phận tiếp nhận không trả lời: số liệu mới có thể không được lưu!",
        en="Ingest does not answer: what the stations send may not be stored!",
    ),
    "on_duty_until": Text(vi="{people} đến {until}", en="{people} until {until}"),
    "on_duty_nobody": Text(vi="KHÔNG CÓ AI TRỰC!", en="NOBODY IS ON DUTY!"),
    "on_duty_fallback": Text(
        vi="KHÔNG CÓ AI TRONG LỊCH, báo dự phòng: {people}", en="NOBODY ON THE ROSTER, fallback: {people}"
    ),
    "on_duty_unconfigured": Text(
        vi="KHÔNG CÓ AI TRỰC: chưa khai báo lịch trực", en="NOBODY IS ON DUTY: no roster is configured"
    ),
    "on_duty_unusable": Text(
        vi="KHÔNG BIẾT AI TRỰC: tệp HANOI_ALERTING_FILE hỏng",
        en="NOBODY KNOWS WHO IS ON DUTY: the file of HANOI_ALERTING_FILE can't be used",
    ),
    "points": Text(vi="điểm %", en="points"),
    "ago_hour": Text(vi="1 giờ trước", en="1 h ago"),
    "ago_day": Text(vi="giờ này hôm qua", en="this hour yesterday"),
    "change_value_up": Text(vi="cao hơn {when}", en="higher than {when}"),
    "change_value_down": Text(vi="thấp hơn {when}", en="lower than {when}"),
    "change_value_same": Text(vi="như {when}", en="as {when}"),
    "change_share_up": Text(vi="nhiều chỗ có xe hơn {when}", en="more occupied than {when}"),
    "change_share_down": Text(vi="ít chỗ có xe hơn {when}", en="less occupied than {when}"),
    "change_share_same": Text(vi="chỗ có xe như {when}", en="occupied as {when}"),
    "change_no_now": Text(vi="Không có giá trị mới để so sánh", en="No fresh value to compare"),
    "change_no_hour": Text(
        vi="Không có giá trị 1 giờ trước để so sánh", en="No value of 1 h ago to compare with"
    ),
    "change_no_day": Text(
        vi="Không có giá trị giờ này hôm qua để so sánh", en="No value of this hour yesterday to compare with"
    ),
    "search_things": Text(vi="Tìm theo tên", en="Search by name"),
    "search_hint": Text(vi="tran hung dao", en="tran hung dao"),
    "search_none": Text(vi="Không có nơi nào tên như vậy", en="No place has such a name"),
    "key_search": Text(vi="tìm theo tên", en="search by name"),
    "sound_on": Text(vi="Âm báo: bật", en="Sound: on"),
    "sound_off": Text(vi="Âm báo: tắt", en="Sound: off"),
    "sound_title": Text(
        vi="Kêu một lần khi có cảnh báo nghiêm trọng mới (phím m)",
        en="Is heard once for every new critical alert (key m)",
    ),
    "sound_blocked": Text(
        vi="Trình duyệt chưa cho phát âm thanh: cảnh báo nghiêm trọng mới sẽ không kêu.",
        en="The browser does not let this page be heard: a new critical alert makes no sound.",
    ),
    "sound_allow": Text(vi="Cho phép âm báo", en="Allow sound"),
    "key_sound": Text(vi="bật, tắt âm báo", en="sound on and off"),
    "key_leave": Text(vi="rời màn hình lớn", en="leave the wall mode"),
    "wall_city": Text(vi="Toàn thành phố", en="The whole city"),
    "wall_next": Text(vi="tiếp theo: {name}, sau {seconds} giây", en="next: {name}, in {seconds} s"),
    "wall_alert": Text(vi="CẢNH BÁO NGHIÊM TRỌNG MỚI", en="NEW CRITICAL ALERT"),
    "wall_goes_on": Text(
        vi="ở lại đến khi có người nhận xử lý, nhiều nhất {seconds} giây nữa",
        en="stays until somebody acknowledges it, at most {seconds} s more",
    ),
    "wall_newest": Text(vi="số liệu mới nhất", en="newest value"),
    "wall_no_value": Text(vi="chưa có số liệu", en="no value yet"),
    "only_this": Text(vi="Chỉ xem {name}", en="Show only {name}"),
    "only_now": Text(vi="Chỉ đang xem: {name}. Xem tất cả", en="Only shown: {name}. Show all"),
    "no_alerts_here": Text(vi="Không có cảnh báo của lĩnh vực này.", en="No alerts of this domain."),
    "do_silence": Text(vi="Tắt báo", en="Silence"),
    "do_note": Text(vi="Ghi chú", en="Note"),
    "do_escalate": Text(vi="Chuyển cấp", en="Escalate"),
    "note_title": Text(vi="Ghi chú", en="Note"),
    "note_text": Text(vi="Đã thấy gì, đã làm gì", en="What was found or done"),
    "cancel": Text(vi="Thôi", en="Cancel"),
    "keys": Text(vi="Phím tắt", en="Keys"),
    "keys_on": Text(vi="Dùng phím tắt một chữ", en="Single-key shortcuts"),
    "keys_off_hint": Text(
        vi="Tắt đi thì mọi việc vẫn làm được bằng Tab và Enter. Lựa chọn được nhớ trong trình duyệt này.",
        en="Without them everything can still be done by Tab and Enter. This browser remembers the choice.",
    ),
    "key_help": Text(vi="bảng này", en="this list"),
    "key_next": Text(vi="cảnh báo sau", en="next alert"),
    "key_previous": Text(vi="cảnh báo trước", en="previous alert"),
    "key_open": Text(vi="mở trang của cảnh báo đang chọn", en="open the page of the chosen alert"),
    "key_acknowledge": Text(vi="nhận xử lý cảnh báo đang chọn", en="acknowledge the chosen alert"),
    "key_silence": Text(vi="tắt thông báo của nó", en="silence it"),
    "key_note": Text(vi="ghi chú vào nó", en="add a note to it"),
    "key_escalate": Text(vi="chuyển cấp ngay", en="escalate it now"),
    "choose_alert": Text(vi="Hãy chọn một cảnh báo trước (phím j).", en="Choose an alert first (key j)."),
    "not_for_this": Text(
        vi="Với cảnh báo đang chọn thì không làm thế được.", en="That can't be done to the chosen alert."
    ),
}

OVERVIEW_SCRIPT_TEXTS: Final = (
    *("acknowledge", "do_silence", "do_note", "do_escalate", "silence_it", "silence_hint", "silence_reason"),
    *("how_long", "minutes_30", "hours_2", "hours_8", "note_title", "note_text", "cancel", "close"),
    *("working", "refused_server", "done_acknowledge", "done_silence", "done_note", "done_escalate"),
    *("only_this", "only_now", "no_alerts_here"),
    *("search_things", "search_hint", "search_none", "key_search"),
    *("sound_on", "sound_off", "sound_blocked", "sound_allow", "key_sound", "key_leave", "alerts"),
    *("wall_city", "wall_next", "wall_alert", "wall_goes_on", "wall_newest", "wall_no_value"),
    *("keys", "keys_on", "keys_off_hint", "key_help", "key_next", "key_previous", "key_open"),
    *("key_acknowledge", "key_silence", "key_note", "key_escalate", "choose_alert", "not_for_this"),
)
"""What the page's script says by itself."""
