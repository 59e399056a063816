"""What the page of public notices says, in Vietnamese and English."""

from typing import Final

from storage.model import Text

NOTICE_TEXTS: Final[dict[str, Text]] = {
    "notices": Text(vi="Thông báo công khai", en="Public notices"),
    "notices_current": Text(vi="Đang hiện", en="Shown now"),
    "notices_coming": Text(vi="Sắp hiện", en="Coming"),
    "notices_past": Text(vi="Đã hết hoặc đã rút", en="Ended or withdrawn"),
    "notices_none": Text(vi="Không có thông báo nào.", en="No notices."),
    "notices_hint": Text(
        vi="Người dân thấy thông báo ở đầu trang, bằng ngôn ngữ của họ, đến khi hết hạn hoặc được rút.",
        en="Citizens see a notice at the top of their page, in their language, until it ends or is withdrawn.",
    ),
    "notice_new": Text(vi="Viết thông báo", en="Write a notice"),
    "notice_edited": Text(
        vi="Sửa thông báo số {id}: khi đăng, bản cũ được rút.",
        en="Notice {id} anew: it is withdrawn when you publish.",
    ),
    "notice_kind": Text(vi="Về việc", en="About"),
    "notice_text_vi": Text(vi="Nội dung tiếng Việt", en="Text in Vietnamese"),
    "notice_text_en": Text(vi="Nội dung tiếng Anh", en="Text in English"),
    "notice_area": Text(vi="Khu vực", en="Area"),
    "notice_whole": Text(vi="Toàn thành phố", en="Whole city"),
    "notice_some": Text(vi="Chọn phường, xã", en="Some wards"),
    "notice_find_ward": Text(vi="Tìm phường, xã", en="Find a ward"),
    "notice_wards": Text(vi="Phường, xã", en="Wards"),
    "notice_chosen": Text(vi="đã chọn {count}", en="{count} chosen"),
    "notice_starts": Text(
        vi="Bắt đầu (giờ Hà Nội; để trống: ngay)", en="Begins (Hanoi's time; empty: at once)"
    ),
    "notice_1_day": Text(vi="1 ngày", en="1 day"),
    "notice_7_days": Text(vi="7 ngày", en="7 days"),
    "notice_preview": Text(vi="Người dân sẽ thấy", en="What citizens will see"),
    "notice_publish": Text(vi="Đăng", en="Publish"),
    "notice_cancel": Text(vi="Bỏ sửa", en="Don't change it"),
    "notice_edit": Text(vi="Sửa", en="Edit"),
    "notice_edit_number": Text(vi="Sửa thông báo số {id}", en="Edit notice {id}"),
    "notice_withdraw": Text(vi="Rút", en="Withdraw"),
    "notice_withdraw_number": Text(vi="Rút thông báo số {id}", en="Withdraw notice {id}"),
    "notice_by": Text(vi="{who} đăng lúc {at}", en="Published by {who}, {at}"),
    "notice_replaces": Text(vi="thay số {id}", en="in place of {id}"),
    "notice_withdrawn_by": Text(vi="{who} rút lúc {at}", en="Withdrawn by {who}, {at}"),
    "notice_published": Text(
        vi="Đã đăng thông báo số {id}, hiện đến {at}.", en="Notice {id} is published, until {at}."
    ),
    "notice_withdrawn": Text(vi="Đã rút thông báo số {id}.", en="Notice {id} is withdrawn."),
    "refused_no_notice": Text(
        vi="Thông báo số {id} không có, hoặc đã hết.", en="There is no notice {id}, or it is over."
    ),
    "refused_notice_text": Text(
        vi="Hãy viết nội dung bằng cả hai thứ tiếng.", en="Write the text in both languages."
    ),
    "refused_notice_length": Text(
        vi="Mỗi thứ tiếng dài nhất 500 ký tự.", en="At most 500 characters in each language."
    ),
    "refused_notice_ward": Text(vi="Không có phường, xã này.", en="There is no such ward."),
    "refused_notice_no_ward": Text(
        vi="Hãy chọn ít nhất một phường, xã, hoặc toàn thành phố.",
        en="Choose a ward at least, or the whole city.",
    ),
    "refused_notice_end": Text(vi="Hãy cho biết đến khi nào.", en="Say until when."),
    "refused_notice_end_before_start": Text(
        vi="Lúc kết thúc phải sau lúc bắt đầu.", en="It must end after it begins."
    ),
    "refused_notice_end_past": Text(vi="Lúc kết thúc phải sau bây giờ.", en="It must end after now."),
    "refused_notice_too_long": Text(vi="Dài nhất là 30 ngày.", en="It lasts 30 days at most."),
    "refused_notice_far": Text(
        vi="Bắt đầu muộn nhất sau một năm nữa.", en="It begins within a year from now at the latest."
    ),
    "refused_notice_replaced_is_over": Text(
        vi="Thông báo đang sửa vừa hết hoặc vừa được rút. Đăng lại thì thành thông báo mới.",
        en="The notice that you edit has just ended or was withdrawn. Publish again to make a new one.",
    ),
}

NOTICE_SCRIPT_TEXTS: Final = (
    *("working", "refused_server", "refused_date", "notices_none", "notice_edited", "notice_chosen"),
    *("notice_new", "notice_edit", "notice_edit_number", "notice_withdraw", "notice_withdraw_number"),
    *("notice_published", "notice_withdrawn", "refused_notice_no_ward"),
)
"""What the page's script says by itself."""
