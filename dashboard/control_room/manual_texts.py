"""What the page of entries by hand says, in Vietnamese and English."""

from typing import Final

from storage.model import Text

MANUAL_TEXTS: Final[dict[str, Text]] = {
    "by_hand": Text(vi="Nhập tay", en="By hand"),
    "by_hand_hint": Text(
        vi="Người dân thấy 'Trung tâm báo', đến hết thời hạn. Giá trị đo mới hơn sẽ thay thế.",
        en="Citizens see 'reported by the centre', until it expires. A newer reading of a sensor takes its place.",
    ),
    "by_hand_off": Text(
        vi="Chưa thể nhập tay: HANOI_MANUAL_MQTT_URL chưa được đặt cho phòng điều hành. Đó là địa chỉ"
        " mqtt://người-dùng:mật-khẩu@máy:cổng của một tài khoản được gửi tới hanoi/v1/+/+/observations.",
        en="Nothing can be entered by hand: HANOI_MANUAL_MQTT_URL is not set for the control room. It is the"
        " mqtt://user:password@host:port of an account that may publish to hanoi/v1/+/+/observations.",
    ),
    "matter": Text(vi="Việc gì", en="What"),
    "matter_flood": Text(vi="Ngập", en="Flooded street"),
    "matter_road": Text(vi="Cấm đường", en="Road closed"),
    "matter_bay": Text(vi="Chỗ đỗ hỏng", en="Bay out of service"),
    "matter_lab": Text(vi="Mẫu nước Hồ Tây", en="West Lake sample"),
    "manual_where": Text(vi="Ở đâu", en="Where"),
    "manual_find": Text(vi="Tìm theo tên, có dấu hay không", en="Find by name, with or without accents"),
    "manual_near": Text(vi="Gần tôi nhất", en="Nearest to me"),
    "manual_no_position": Text(
        vi="Điện thoại không cho biết vị trí: hãy tìm theo tên.",
        en="The phone does not say where it is: find the place by name.",
    ),
    "manual_more": Text(vi="và {count} nơi khác: gõ thêm để tìm", en="and {count} more: type to find one"),
    "manual_none_found": Text(vi="Không có nơi nào tên như vậy.", en="No place of that name."),
    "manual_values": Text(vi="Thấy gì", en="What is seen"),
    "manual_state": Text(vi="Mức ngập", en="State"),
    "manual_range": Text(vi="thường từ {low} đến {high} {unit}", en="usually {low} to {high} {unit}"),
    "manual_yes": Text(vi="Có", en="Yes"),
    "manual_no": Text(vi="Không", en="No"),
    "manual_at": Text(vi="Lúc nào (giờ Hà Nội; để trống: bây giờ)", en="When (Hanoi's time; empty: now)"),
    "manual_for": Text(vi="Có hiệu lực trong", en="It holds for"),
    "minutes_60": Text(vi="1 giờ", en="1 h"),
    "manual_6_hours": Text(vi="6 giờ", en="6 h"),
    "manual_1_day": Text(vi="1 ngày", en="1 day"),
    "manual_7_days": Text(vi="7 ngày", en="7 days"),
    "manual_note": Text(vi="Ghi chú (chỉ trung tâm thấy)", en="Note (seen by the centre only)"),
    "manual_enter": Text(vi="Báo", en="Report"),
    "manual_waiting": Text(vi="Đang chờ bộ phận tiếp nhận…", en="Waiting for ingest…"),
    "manual_entries": Text(vi="Đã nhập", en="Entered"),
    "manual_empty": Text(vi="Chưa nhập gì.", en="Nothing was entered yet."),
    "manual_cancel": Text(vi="Hủy", en="Cancel"),
    "manual_cancel_number": Text(vi="Hủy số {id}", en="Cancel entry {id}"),
    "manual_done_cancel": Text(
        vi="Đã hủy số {id}: không còn hiệu lực.", en="Entry {id} is cancelled: it counts no more."
    ),
    "manual_choose": Text(vi="Hãy chọn nơi.", en="Choose a place."),
    "manual_holds": Text(vi="có hiệu lực đến {at}", en="holds until {at}"),
    "manual_expired": Text(vi="đã hết hiệu lực", en="expired"),
    "manual_cancelled": Text(vi="đã hủy", en="cancelled"),
    "manual_rejected": Text(vi="bị từ chối", en="rejected"),
    "manual_unsent": Text(vi="không gửi được", en="not sent"),
    "manual_sent": Text(
        vi="Chưa rõ đã được lưu hay chưa: bộ phận tiếp nhận không trả lời kịp.",
        en="It is not known whether it was stored: ingest did not answer in time.",
    ),
    "manual_by": Text(vi="{who} nhập lúc {at}; thấy lúc {time}", en="Entered by {who}, {at}; seen {time}"),
    "manual_cancelled_by": Text(vi="{who} hủy lúc {at}", en="Cancelled by {who}, {at}"),
    "manual_result_stored": Text(vi="Đã lưu, có hiệu lực đến {at}.", en="Stored; it holds until {at}."),
    "manual_result_partly": Text(
        vi="Chỉ lưu được một phần, đến {at}.", en="Only a part is stored, until {at}."
    ),
    "manual_result_rejected": Text(vi="Bị từ chối, không lưu gì.", en="Rejected, nothing is stored."),
    "manual_result_sent": Text(
        vi="Đã gửi, nhưng sau 10 giây vẫn chưa rõ có được lưu không. Thông điệp không mất: nếu bộ phận tiếp nhận"
        " đang dừng, nó sẽ được lưu khi chạy lại. Hãy xem danh sách bên dưới trước khi nhập lần nữa.",
        en="Sent, but after 10 s it is not known whether it is stored. Nothing is lost: if ingest is down, it is"
        " stored once it runs again. Look at the list below before you enter it again.",
    ),
    "manual_result_unsent": Text(
        vi="Không gửi được tới máy chủ MQTT, không lưu gì. Hãy thử lại.",
        en="The MQTT broker did not take it, nothing is stored. Try again.",
    ),
    "reason_unsent": Text(vi="Máy chủ MQTT", en="MQTT broker"),
    "refused_manual_not_set_up": Text(vi="Chưa thể nhập tay.", en="Nothing can be entered by hand."),
    "refused_manual_thing": Text(vi="Hãy chọn nơi trong danh sách.", en="Choose a place of the list."),
    "refused_manual_nothing": Text(vi="Hãy nhập ít nhất một giá trị.", en="Enter a value at least."),
    "refused_manual_ahead": Text(
        vi="Lúc thấy không thể ở tương lai.", en="What is seen can't be in the future."
    ),
    "refused_manual_until": Text(vi="Hãy cho biết đến khi nào.", en="Say until when it holds."),
    "refused_manual_over": Text(vi="Thời hạn phải sau bây giờ.", en="It must hold until after now."),
    "refused_manual_no_entry": Text(
        vi="Số {id} không có, hoặc không còn hiệu lực.", en="There is no entry {id}, or it holds no more."
    ),
}

MANUAL_SCRIPT_TEXTS: Final = (
    *("working", "refused_server", "refused_date", "manual_no_position", "manual_more", "manual_none_found"),
    *("manual_state", "manual_yes", "manual_no", "manual_waiting", "manual_empty"),
    *("manual_cancel", "manual_cancel_number", "manual_done_cancel", "manual_choose"),
)
"""What the page's script says by itself."""
