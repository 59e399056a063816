"""What the page of citizens' reports says, in Vietnamese and English."""

from typing import Final

from storage.model import Text

CITIZEN_REPORT_TEXTS: Final[dict[str, Text]] = {
    "citizen_reports": Text(vi="Phản ánh của người dân", en="Citizens' reports"),
    "citizen_new": Text(vi="Đang chờ", en="Waiting"),
    "citizen_hint": Text(
        vi="Người dân gửi qua trang công khai hoặc Open311. Chưa ai kiểm chứng: chưa có gì được công bố. Ngập đã xác"
        " nhận hiện trên bản đồ công khai, không đổi số đo, cảnh báo hay chỉ số nào.",
        en="Sent by the public page or Open311. Nobody has checked them, and nothing of them is published yet. A flood"
        " that is confirmed stands on the public map; no measurement, alert or indicator changes by it.",
    ),
    "citizen_confirmed": Text(vi="Đã xác nhận, chưa đóng", en="Confirmed, not closed"),
    "citizen_over": Text(vi="Đã đóng", en="Closed"),
    "citizen_none": Text(vi="Không có phản ánh nào.", en="No reports."),
    "citizen_map": Text(vi="Nơi được báo", en="Where"),
    "citizen_show": Text(vi="Xem trên bản đồ", en="Show on the map"),
    "citizen_show_number": Text(vi="Xem {number} trên bản đồ", en="Show {number} on the map"),
    "citizen_sent": Text(vi="gửi {at}, {how}", en="sent {at}, {how}"),
    "citizen_channel_page": Text(vi="qua trang công khai", en="by the public page"),
    "citizen_channel_api": Text(vi="qua Open311", en="by Open311"),
    "citizen_place_point": Text(vi="gần {name} (điểm trên bản đồ)", en="near {name} (a point on the map)"),
    "citizen_place_thing": Text(vi="{name} (điểm đo)", en="{name} (a place of the map)"),
    "citizen_place_ward": Text(
        vi="{name} (chỉ biết phường, xã: dấu đặt ở tâm)",
        en="{name} (only the ward is known: marked at its centre)",
    ),
    "citizen_state_new": Text(vi="đang chờ", en="waiting"),
    "citizen_state_confirmed": Text(vi="đã xác nhận", en="confirmed"),
    "citizen_state_rejected": Text(vi="không xác nhận", en="rejected"),
    "citizen_state_merged": Text(vi="đã gộp", en="merged"),
    "citizen_state_closed": Text(vi="đã đóng", en="closed"),
    "citizen_on_map": Text(vi="đã xác nhận, trên bản đồ đến {at}", en="confirmed, on the map until {at}"),
    "citizen_off_map": Text(vi="đã xác nhận, hết hiện lúc {at}", en="confirmed, off the map since {at}"),
    "citizen_merged_count": Text(vi="cùng {count} phản ánh khác", en="with {count} more reports"),
    "citizen_moderated": Text(vi="{who} xét lúc {at}", en="moderated by {who}, {at}"),
    "citizen_shown_as": Text(vi="công bố: “{text}”", en="published: “{text}”"),
    "citizen_shown_without": Text(vi="công bố không có lời mô tả", en="published without words"),
    "citizen_photo_shown": Text(vi="ảnh được công bố", en="the photo is published"),
    "citizen_photo_kept": Text(vi="ảnh không công bố", en="the photo is not published"),
    "citizen_reason_was": Text(vi="lý do: {reason}", en="reason: {reason}"),
    "citizen_answered": Text(vi="trả lời: “{text}”", en="answer: “{text}”"),
    "citizen_closed_by": Text(vi="{who} đóng lúc {at}", en="closed by {who}, {at}"),
    "citizen_near": Text(vi="Có thể cùng một chuyện", en="May be the same"),
    "citizen_near_m": Text(vi="cách {distance} m", en="{distance} m away"),
    "citizen_near_ward": Text(vi="cùng phường, xã", en="the same ward"),
    "citizen_near_words": Text(vi="{place}, cách {apart}, {state}", en="{place}, {apart} apart, {state}"),
    "citizen_merge": Text(vi="Gộp vào {number}", en="Merge into {number}"),
    "citizen_confirm": Text(vi="Xác nhận", en="Confirm"),
    "citizen_confirm_title": Text(vi="Xác nhận {number}", en="Confirm {number}"),
    "citizen_confirm_text": Text(
        vi="Lời mô tả được công bố (bỏ tên, số điện thoại; để trống: không công bố)",
        en="Words as they are published (leave out names and numbers; empty: none)",
    ),
    "citizen_confirm_photo": Text(
        vi="Công bố ảnh: tôi đã xem, không có mặt người hay biển số",
        en="Publish the photo: I looked, no faces or plates",
    ),
    "citizen_confirm_hours": Text(vi="Hiện trên bản đồ", en="On the map for"),
    "citizen_1_hour": Text(vi="1 giờ", en="1 hour"),
    "citizen_3_hours": Text(vi="3 giờ", en="3 hours"),
    "citizen_6_hours": Text(vi="6 giờ", en="6 hours"),
    "citizen_12_hours": Text(vi="12 giờ", en="12 hours"),
    "citizen_reject": Text(vi="Không xác nhận", en="Reject"),
    "citizen_reject_title": Text(vi="Không xác nhận {number}", en="Reject {number}"),
    "citizen_reason": Text(
        vi="Lý do, người gửi đọc được (viết bằng tiếng của họ)",
        en="Why; the sender reads it (write in their language)",
    ),
    "citizen_answer": Text(vi="Trả lời", en="Answer"),
    "citizen_answer_title": Text(vi="Trả lời {number}", en="Answer {number}"),
    "citizen_answer_hint": Text(
        vi="Người gửi đọc bằng số phản ánh; của phản ánh đã xác nhận thì ai cũng đọc được. Một hoặc cả hai thứ tiếng.",
        en="The sender reads it by the number; of a confirmed report everybody can. In one language or both.",
    ),
    "citizen_answer_vi": Text(vi="Tiếng Việt", en="Vietnamese"),
    "citizen_answer_en": Text(vi="Tiếng Anh", en="English"),
    "citizen_close": Text(vi="Đóng", en="Close"),
    "citizen_close_number": Text(vi="Đóng phản ánh {number}", en="Close report {number}"),
    "citizen_contact": Text(vi="liên hệ: {contact}", en="reach them: {contact}"),
    "citizen_has_contact": Text(vi="có để lại liên hệ", en="left how to be reached"),
    "citizen_forget": Text(vi="Xoá liên hệ", en="Delete contact"),
    "citizen_forget_number": Text(vi="Xoá liên hệ của {number}", en="Delete the contact of {number}"),
    "citizen_remove_photo": Text(vi="Xoá ảnh", en="Delete photo"),
    "citizen_remove_photo_number": Text(vi="Xoá ảnh của {number}", en="Delete the photo of {number}"),
    "citizen_sure": Text(vi="Xoá hẳn, không lấy lại được?", en="Delete for good? It can't be had back."),
    "citizen_photo_of": Text(vi="Ảnh của phản ánh {number}", en="Photo of report {number}"),
    "citizen_written_in_vi": Text(vi="viết bằng tiếng Việt", en="written in Vietnamese"),
    "citizen_written_in_en": Text(vi="viết bằng tiếng Anh", en="written in English"),
    "citizen_done_confirm": Text(vi="Đã xác nhận {number}.", en="{number} is confirmed."),
    "citizen_done_reject": Text(vi="Đã ghi không xác nhận {number}.", en="{number} is rejected."),
    "citizen_done_merge": Text(vi="Đã gộp {number}.", en="{number} is merged."),
    "citizen_done_answer": Text(vi="Đã trả lời {number}.", en="{number} is answered."),
    "citizen_done_close": Text(vi="Đã đóng {number}.", en="{number} is closed."),
    "citizen_done_forget": Text(vi="Đã xoá liên hệ của {number}.", en="The contact of {number} is deleted."),
    "citizen_done_photo": Text(vi="Đã xoá ảnh của {number}.", en="The photo of {number} is deleted."),
    "refused_citizen_unknown": Text(vi="Không có phản ánh này.", en="There is no such report."),
    "refused_citizen_moderated": Text(
        vi="Phản ánh {number} đã được xét rồi.", en="Report {number} was moderated already."
    ),
    "refused_citizen_closed": Text(vi="Phản ánh {number} đã đóng.", en="Report {number} is closed."),
    "refused_citizen_not_confirmed": Text(
        vi="Phản ánh {number} chưa được xác nhận.", en="Report {number} is not confirmed yet."
    ),
    "refused_citizen_other_service": Text(
        vi="Hai phản ánh không cùng loại việc.", en="The two reports are of different kinds."
    ),
    "refused_citizen_reason_missing": Text(vi="Hãy viết lý do.", en="Write why."),
    "refused_citizen_answer_missing": Text(vi="Hãy viết câu trả lời.", en="Write an answer."),
    "refused_citizen_long": Text(vi="Dài nhất {longest} ký tự.", en="At most {longest} characters."),
    "refused_citizen_lasting": Text(vi="Dài nhất 24 giờ trên bản đồ.", en="At most 24 hours on the map."),
}

CITIZEN_REPORT_SCRIPT_TEXTS: Final = (
    *("working", "refused_server", "attribution", "zoom_in", "zoom_out", "citizen_none", "citizen_near"),
    *("citizen_show", "citizen_show_number", "citizen_merge", "citizen_confirm", "citizen_confirm_title"),
    *("citizen_reject", "citizen_reject_title", "citizen_answer", "citizen_answer_title", "citizen_close"),
    *(
        "citizen_close_number",
        "citizen_contact",
        "citizen_has_contact",
        "citizen_forget",
        "citizen_forget_number",
    ),
    *("citizen_remove_photo", "citizen_remove_photo_number", "citizen_sure", "citizen_photo_of"),
    *("citizen_written_in_vi", "citizen_written_in_en", "citizen_done_confirm", "citizen_done_reject"),
    *("citizen_done_merge", "citizen_done_answer", "citizen_done_close", "citizen_done_forget"),
    "citizen_done_photo",
)
"""What the page's script says by itself."""
