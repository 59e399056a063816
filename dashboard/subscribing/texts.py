"""What the pages say about being told, in Vietnamese and English. Plain text, never HTML."""

from collections.abc import Mapping
from typing import Final

from storage.model import Text

TEXTS: Final[Mapping[str, Text]] = {
    "title": Text(vi="Báo cho tôi", en="Tell me"),
    "lead": Text(
        vi="Nhận tin khi không khí qua một mức, khi đường ngập, hoặc khi có chỗ đỗ xe. Không cần tài khoản.",
        en="Be told when the air passes a class, a street floods, or parking frees up. No account needed.",
    ),
    "urgent": Text(
        vi="Tin tự động, có thể sai hoặc đến muộn. Người đang gặp nguy hiểm: gọi 112, 113, 114 hoặc 115.",
        en="Messages are automatic; they may be wrong or late. Somebody is in danger: call 112, 113, 114 or 115.",
    ),
    "where": Text(vi="Ở đâu?", en="Where?"),
    "where_hint": Text(
        vi="Chọn trạm hoặc điểm gần nơi bạn quan tâm nhất; chúng tôi không lưu vị trí của bạn.",
        en="Choose the station or point that is nearest to what you care about; your own place is not kept.",
    ),
    "none": Text(vi="(chọn)", en="(choose)"),
    "next": Text(vi="Tiếp", en="Next"),
    "other_place": Text(vi="Chọn nơi khác", en="Another place"),
    "when": Text(vi="Báo khi", en="Tell me when it is"),
    "email": Text(vi="Thư điện tử", en="E-mail"),
    "email_hint": Text(
        vi="Bạn sẽ nhận một thư để xác nhận. Chưa xác nhận thì không có tin nào được gửi, và sau 48 giờ bị xoá.",
        en="You get a mail to confirm. Until you do nothing is sent, and after 48 hours it is deleted.",
    ),
    "send": Text(vi="Gửi thư xác nhận", en="Send me the mail to confirm"),
    "no_email": Text(
        vi="Trang này chưa gửi được thư điện tử.", en="This site has no mail server to send mail with yet."
    ),
    "by_browser": Text(
        vi="Tin qua trình duyệt: mở nơi ấy trên bản đồ và bấm “Báo cho tôi”.",
        en="By your browser: open the place on the map and press “Tell me”.",
    ),
    "by_zalo": Text(vi="Theo dõi thành phố trên Zalo", en="Follow the city on Zalo"),
    "data": Text(vi="Chúng tôi giữ gì", en="What is kept"),
    "data_kept": Text(
        vi="Địa chỉ thư (hoặc địa chỉ nhận tin của trình duyệt), ngôn ngữ, nơi và mức bạn chọn, lúc bạn đăng ký và"
        " lúc được báo lần cuối. Không tên, không vị trí của bạn, không lịch sử tin.",
        en="The mail address (or the browser's address for messages), the language, the place and class you chose, when"
        " you asked and when you were last told. No name, no place of yours, no history of messages.",
    ),
    "data_end": Text(
        vi="Mỗi tin có liên kết để thôi nhận bằng một lần bấm; khi ấy đăng ký bị xoá ngay, không còn lại gì.",
        en="Every message has a link that ends it with one press; then it is deleted at once and nothing of it stays.",
    ),
    "data_mail": Text(
        vi="Mỗi địa chỉ nhận nhiều nhất 5 thư xác nhận một ngày, ai yêu cầu cũng vậy; để đếm, một mã băm của địa"
        " chỉ được giữ 24 giờ.",
        en="An address gets at most 5 mails to confirm a day, whoever asks; to count them a hash of it"
        " is kept for 24 hours.",
    ),
    "asked_title": Text(vi="Hãy xem hộp thư", en="Look into your mail"),
    "asked": Text(
        vi="Nếu địa chỉ đúng và hôm nay chưa nhận quá nhiều thư, một thư xác nhận đang được gửi. Xem cả mục thư rác.",
        en="If the address is right and had not too many mails today, a mail to confirm is coming. Look into spam too.",
    ),
    "held_title": Text(vi="Những gì đang giữ", en="What is kept of you"),
    "held_address": Text(vi="Địa chỉ", en="Address"),
    "held_browser": Text(vi="trình duyệt, qua {host}", en="a browser, by {host}"),
    "held_language": Text(vi="Ngôn ngữ", en="Language"),
    "held_asked": Text(vi="Đăng ký lúc", en="Asked"),
    "held_confirmed": Text(vi="Xác nhận lúc", en="Confirmed"),
    "held_told": Text(vi="Báo lần cuối", en="Last told"),
    "held_never": Text(vi="chưa", en="not yet"),
    "held_none": Text(
        vi="Không có gì được giữ dưới địa chỉ này: đã bị xoá, hoặc liên kết không đúng.",
        en="Nothing is kept under this address: it was deleted, or the link is not right.",
    ),
    "confirm_lead": Text(
        vi="Đăng ký này chưa được xác nhận. Bấm nút thì tin mới được gửi.",
        en="This is not confirmed yet. Messages are sent only after you press the button.",
    ),
    "confirm": Text(vi="Xác nhận", en="Confirm"),
    "confirmed": Text(vi="Đã xác nhận. Bạn sẽ được báo.", en="Confirmed. You will be told."),
    "delete": Text(vi="Thôi nhận và xoá", en="End and delete"),
    "delete_all": Text(vi="Xoá tất cả", en="Delete everything"),
    "deleted_title": Text(vi="Đã xoá", en="Deleted"),
    "deleted": Text(
        vi="Đã xoá. Bạn sẽ không nhận tin này nữa.", en="It is deleted. You will not be told of it any more."
    ),
    "deleted_others": Text(
        vi="Những đăng ký khác của địa chỉ này vẫn còn; trong thư của chúng có liên kết riêng.",
        en="Others of this address are still there; their messages have links of their own.",
    ),
    "another": Text(vi="Nhờ báo thêm một nơi", en="Ask for another place"),
    "wrong": Text(vi="Chưa được", en="Not yet"),
    "wrong_thing": Text(vi="Hãy chọn một nơi trên bản đồ.", en="Choose a place of the map."),
    "wrong_at_least": Text(vi="Hãy chọn khi nào báo.", en="Choose when to tell you."),
    "wrong_email": Text(vi="Địa chỉ thư không đúng.", en="The mail address is not right."),
    "wrong_trap": Text(vi="Có một ô phải để trống.", en="There is a field that has to stay empty."),
    "wrong_limited": Text(
        vi="Có quá nhiều yêu cầu từ mạng của bạn. Hãy thử lại sau mười phút.",
        en="Too much was asked from your network. Try again in ten minutes.",
    ),
    "wrong_full": Text(
        vi="Hiện có quá nhiều yêu cầu. Hãy thử lại sau.", en="Too much is asked now. Try again later."
    ),
    "wrong_malformed": Text(
        vi="Không đọc được những gì đã gửi. Hãy thử lại.", en="What was sent can't be read. Try again."
    ),
    "wrong_elsewhere": Text(
        vi="Yêu cầu này đến từ một trang khác. Hãy điền biểu mẫu ở đây.",
        en="That came from another site. Fill in the form here.",
    ),
    "wrong_database": Text(
        vi="Cơ sở dữ liệu không trả lời. Hãy thử lại sau.",
        en="The database does not answer. Try again later.",
    ),
}
