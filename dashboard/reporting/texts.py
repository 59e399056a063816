"""What pages and API say about citizens' reports, in Vietnamese and English. Plain text, never HTML."""

from collections.abc import Mapping
from typing import Final

from storage.citizen_reports import Service
from storage.model import Text

SERVICE_ABOUT: Final[Mapping[str, Text]] = {
    Service.FLOOD: Text(
        vi="Nước trên đường, hầm chui, ngõ: sâu chừng nào, xe nào còn qua được.",
        en="Water on a street, in an underpass or lane: how deep, and who still gets through.",
    ),
    Service.SMOKE: Text(
        vi="Khói, mùi khét, đốt rác hoặc rơm rạ.", en="Smoke, a smell of burning, burning of waste or straw."
    ),
    Service.DEAD_FISH: Text(
        vi="Cá chết hoặc nước bốc mùi ở hồ, sông.", en="Dead fish, or water that smells, in a lake or river."
    ),
    Service.BROKEN_BAY: Text(
        vi="Chỗ đỗ xe bị hỏng, bị chiếm, hoặc bản đồ báo sai.",
        en="A parking bay that is broken or blocked, or shown wrongly.",
    ),
}

STATUS_NOTES: Final[Mapping[str, Text]] = {
    "new": Text(
        vi="Đang chờ trung tâm điều hành xem.", en="It waits for the operations centre to look at it."
    ),
    "confirmed": Text(vi="Trung tâm điều hành đã xác nhận.", en="The operations centre has confirmed it."),
    "closed": Text(vi="Đã xong.", en="It is over."),
    "rejected": Text(
        vi="Trung tâm điều hành không xác nhận.", en="The operations centre did not confirm it."
    ),
    "merged": Text(vi="Được gộp với một phản ánh khác.", en="It was put together with another report."),
}

TEXTS: Final[Mapping[str, Text]] = {
    "title": Text(vi="Phản ánh của người dân", en="Report a problem"),
    "lead": Text(
        vi="Báo cho trung tâm điều hành về ngập nước, khói, cá chết hoặc chỗ đỗ xe bị hỏng. Không cần tài khoản.",
        en="Tell the operations centre about flooding, smoke, dead fish or a broken parking bay. No account needed.",
    ),
    "urgent": Text(
        vi="Người đang gặp nguy hiểm: gọi 112, 113, 114 hoặc 115. Trang này không thay cuộc gọi khẩn cấp.",
        en="Somebody is in danger: call 112, 113, 114 or 115. This page is no emergency call.",
    ),
    "service": Text(vi="Chuyện gì?", en="What is it?"),
    "place": Text(vi="Ở đâu?", en="Where?"),
    "place_hint": Text(
        vi="Chọn một cách. Vị trí trên bản đồ được dùng trước, rồi đến điểm đo, rồi đến phường, xã.",
        en="One way is enough. A position counts before a place of the map, and that before a ward.",
    ),
    "place_here": Text(vi="Dùng vị trí của tôi", en="Use my position"),
    "place_clear": Text(vi="Bỏ vị trí", en="Clear the position"),
    "place_map": Text(vi="Bản đồ: chạm vào nơi xảy ra", en="Map: tap where it is"),
    "place_thing": Text(vi="Điểm trên bản đồ", en="A place of the map"),
    "place_ward": Text(vi="Phường, xã", en="Ward or commune"),
    "place_none": Text(vi="(không chọn)", en="(none)"),
    "place_degrees": Text(vi="Toạ độ", en="Coordinates"),
    "lat": Text(vi="Vĩ độ (21,0285)", en="Latitude (21.0285)"),
    "lon": Text(vi="Kinh độ (105,8542)", en="Longitude (105.8542)"),
    "description": Text(vi="Bạn thấy gì?", en="What do you see?"),
    "description_hint": Text(
        vi="Nội dung có thể được công bố: đừng viết tên, số điện thoại hay biển số xe.",
        en="It may be published: leave out names, phone numbers and number plates.",
    ),
    "photo": Text(vi="Ảnh (không bắt buộc)", en="Photo (optional)"),
    "photo_hint": Text(
        vi="JPEG, PNG hoặc WebP, nhiều nhất 10 MB. Ảnh được làm lại: vị trí, giờ chụp, tên máy trong tệp bị bỏ.",
        en="JPEG, PNG or WebP, 10 MB at most. It is made anew: place, time and camera in the file are left out.",
    ),
    "contact": Text(vi="Liên hệ (không bắt buộc)", en="How to reach you (optional)"),
    "contact_hint": Text(
        vi="Điện thoại hoặc thư điện tử. Chỉ trung tâm thấy; bị xoá khi phản ánh được đóng.",
        en="Phone or mail. Only the centre sees it; it is deleted when the report is closed.",
    ),
    "send": Text(vi="Gửi phản ánh", en="Send the report"),
    "data": Text(vi="Dữ liệu của bạn", en="Your data"),
    "data_kept": Text(
        vi="Trung tâm giữ loại việc, vị trí, lời mô tả, ảnh và giờ gửi. Địa chỉ mạng của bạn không được lưu.",
        en="The centre keeps what it is, where, your words, the photo and the time. Your network address is not kept.",
    ),
    "data_shown": Text(
        vi="Chỉ phản ánh đã xác nhận mới được công bố: vị trí làm tròn khoảng 100 m, ảnh sau khi đã xem,"
        " không có cách liên hệ.",
        en="Only what was confirmed is published: the place rounded to about 100 m, a photo once somebody looked at it,"
        " never how to reach you.",
    ),
    "data_number": Text(
        vi="Ai có số phản ánh thì xem được kết quả. Trang này không dùng cookie.",
        en="Whoever has the report's number can see what became of it. This page sets no cookie.",
    ),
    "follow": Text(vi="Theo dõi một phản ánh", en="Follow a report"),
    "follow_number": Text(vi="Số phản ánh", en="Number of the report"),
    "follow_go": Text(vi="Xem", en="Show"),
    "follow_unknown": Text(
        vi="Không có phản ánh nào mang số này. Hãy kiểm tra lại từng chữ.",
        en="There is no report with this number. Please check each sign of it.",
    ),
    "wrong": Text(vi="Chưa gửi được", en="Not sent yet"),
    "photo_again": Text(vi="Hãy chọn lại ảnh nếu có.", en="If you had a photo, choose it again."),
    "wrong_service": Text(vi="Hãy chọn chuyện gì xảy ra.", en="Choose what it is."),
    "wrong_place": Text(
        vi="Hãy cho biết ở đâu: chạm bản đồ, chọn một điểm, hoặc chọn phường, xã.",
        en="Say where it is: tap the map, or choose a place or a ward.",
    ),
    "wrong_place_unknown": Text(
        vi="Không hiểu vị trí này. Toạ độ viết như 21,0285 và 105,8542.",
        en="This place is not understood. Coordinates are written 21.0285 and 105.8542.",
    ),
    "wrong_place_outside": Text(vi="Vị trí này ở ngoài Hà Nội.", en="This place is not in Hanoi."),
    "wrong_description": Text(vi="Hãy viết bạn thấy gì.", en="Write what you see."),
    "wrong_long": Text(vi="Quá dài: nhiều nhất 2000 ký tự.", en="Too long: at most 2000 characters."),
    "wrong_contact_long": Text(
        vi="Liên hệ quá dài: nhiều nhất 200 ký tự.", en="How to reach you: at most 200 characters."
    ),
    "wrong_trap": Text(
        vi="Ô cuối cùng phải để trống. Nếu trình duyệt tự điền, hãy xoá đi.",
        en="The last field must stay empty. If your browser filled it, empty it.",
    ),
    "wrong_photo": Text(
        vi="Không đọc được ảnh này. Hãy gửi JPEG, PNG hoặc WebP, hoặc gửi không kèm ảnh.",
        en="This photo can't be read. Send JPEG, PNG or WebP, or send the report without it.",
    ),
    "wrong_too_large": Text(vi="Ảnh quá lớn: nhiều nhất 10 MB.", en="The photo is too large: 10 MB at most."),
    "wrong_malformed": Text(
        vi="Không đọc được nội dung gửi. Hãy thử lại.", en="What was sent can't be read. Please try again."
    ),
    "wrong_busy": Text(
        vi="Đang có quá nhiều phản ánh cùng lúc. Hãy thử lại sau một phút.",
        en="Too many reports at this moment. Please try again in a minute.",
    ),
    "wrong_limited": Text(
        vi="Quá nhiều phản ánh từ kết nối này. Hãy thử lại sau 10 phút.",
        en="Too many reports from this connection. Please try again in 10 minutes.",
    ),
    "wrong_database": Text(
        vi="Máy chủ dữ liệu đang tạm dừng; phản ánh chưa được lưu. Hãy thử lại sau.",
        en="The data server is down; the report was not stored. Please try again later.",
    ),
    "told_title": Text(vi="Phản ánh {number}", en="Report {number}"),
    "told_keep": Text(
        vi="Giữ số này, hoặc địa chỉ trang này, để xem kết quả: {number}",
        en="Keep this number, or the address of this page, to see what becomes of it: {number}",
    ),
    "told_what": Text(vi="Chuyện gì", en="What"),
    "told_where": Text(vi="Ở đâu", en="Where"),
    "told_sent": Text(vi="Gửi lúc", en="Sent"),
    "told_changed": Text(vi="Cập nhật", en="Updated"),
    "told_status": Text(vi="Tình trạng", en="Status"),
    "told_answer": Text(vi="Trả lời của trung tâm", en="The centre's answer"),
    "told_reason": Text(vi="Lý do", en="Reason"),
    "told_merged": Text(
        vi="Nhiều người báo cùng chuyện này; dưới đây là tình trạng chung.",
        en="Several people reported the same; this is how it stands.",
    ),
    "told_main": Text(vi="Phản ánh chung: {number}", en="The common report: {number}"),
    "told_text": Text(vi="Nội dung công bố", en="As it is published"),
    "told_photo": Text(vi="Ảnh của người gửi", en="Photo of the sender"),
    "told_another": Text(vi="Gửi phản ánh khác", en="Send another report"),
    "schematic": Text(vi="Bản đồ nền: sơ đồ", en="Basemap: schematic"),
    "zoom_in": Text(vi="Phóng to", en="Zoom in"),
    "zoom_out": Text(vi="Thu nhỏ", en="Zoom out"),
    "said_chosen": Text(vi="Đã chọn vị trí", en="Position chosen"),
    "said_cleared": Text(vi="Đã bỏ vị trí", en="Position cleared"),
    "said_seeking": Text(vi="Đang tìm vị trí…", en="Looking for your position…"),
    "said_no_position": Text(
        vi="Không lấy được vị trí. Hãy chạm bản đồ hoặc chọn phường, xã.",
        en="Your position can't be had. Tap the map or choose a ward.",
    ),
    "said_outside": Text(vi="Vị trí này ở ngoài Hà Nội.", en="This position is not in Hanoi."),
    "said_photo": Text(
        vi="Ảnh đã được thu nhỏ trên máy của bạn.", en="The photo was made smaller on your device."
    ),
}

SCRIPT_TEXTS: Final = (
    *("schematic", "zoom_in", "zoom_out", "said_chosen", "said_cleared", "said_seeking", "said_no_position"),
    *("said_outside", "said_photo"),
)
"""What the page's script says by itself."""


def answer_of(answer_vi: str | None, answer_en: str | None, language: str) -> str | None:
    """The centre's answer in the reader's language, else in the other."""
    return (answer_vi or answer_en) if language == "vi" else (answer_en or answer_vi)
