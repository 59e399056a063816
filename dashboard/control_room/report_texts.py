"""What the pages of reports and the shift report say, in Vietnamese and English."""

from typing import Final

from dashboard.control_room.bulletin_texts import BULLETIN_TEXTS
from dashboard.control_room.work_texts import WORK_SCRIPT_TEXTS
from storage.model import Text

REPORT_TEXTS: Final[dict[str, Text]] = {
    "reports": Text(vi="Báo cáo", en="Reports"),
    "shift_report": Text(vi="Báo cáo ca trực", en="Shift report"),
    "daily_bulletin": Text(vi="Bản tin ngày", en="Daily bulletin"),
    "monthly_bulletin": Text(vi="Bản tin tháng", en="Monthly bulletin"),
    "report_pdf": Text(vi="Tải PDF", en="PDF"),
    "report_print": Text(vi="In", en="Print"),
    "report_csv": Text(vi="CSV", en="CSV"),
    "report_csv_excel": Text(vi="CSV cho Excel", en="CSV for Excel (vi)"),
    "report_show": Text(vi="Xem", en="Show"),
    "report_before": Text(vi="← trước", en="← earlier"),
    "report_after": Text(vi="sau →", en="later →"),
    "report_from": Text(vi="Từ", en="From"),
    "report_to": Text(vi="Đến", en="To"),
    "report_day": Text(vi="Ngày", en="Day"),
    "report_month": Text(vi="Tháng", en="Month"),
    "report_none": Text(vi="Không có.", en="None."),
    "report_more": Text(vi="Còn {count} dòng không liệt kê.", en="{count} more are not listed."),
    "report_simulated": Text(
        vi="DỮ LIỆU MÔ PHỎNG: một phần hay toàn bộ số liệu dưới đây không phải số đo thật.",
        en="SIMULATED DATA: some or all of the figures below are not measurements.",
    ),
    "report_provenance": Text(vi="Nguồn số liệu", en="Source of data"),
    "report_place": Text(vi="Nơi", en="Place"),
    "report_until_now": Text(vi="đến lúc lập", en="so far"),
    "report_foot": Text(
        vi="Lập lúc {at} tại phòng điều hành từ dữ liệu đã lưu. Giờ Hà Nội.",
        en="Made {at} in the control room from what is stored. Hanoi's time.",
    ),
    "no_pdf": Text(vi="Chưa tạo được PDF", en="No PDF"),
    "no_pdf_no_pango": Text(
        vi="Máy chủ thiếu thư viện Pango (Debian: libpango-1.0-0, libpangoft2-1.0-0, "
        "fonts-dejavu-core), nên không tạo được PDF.",
        en="This server lacks the Pango libraries (Debian: libpango-1.0-0, libpangoft2-1.0-0, "
        "fonts-dejavu-core), so it can't make a PDF.",
    ),
    "no_pdf_busy": Text(
        vi="Đang tạo nhiều PDF cùng lúc: thử lại sau ít giây.",
        en="Several PDFs are being made: try again in some seconds.",
    ),
    "no_pdf_too_large": Text(vi="Báo cáo quá dài cho một PDF.", en="The report is too long for a PDF."),
    "no_pdf_over_bound": Text(
        vi="Báo cáo vượt giới hạn của một PDF ({seconds} giây, 2 GB bộ nhớ) nên đã dừng.",
        en="The report needed more than a PDF may ({seconds} s, 2 GB of memory) and was ended.",
    ),
    "no_pdf_failed": Text(vi="Có lỗi khi tạo PDF.", en="Making the PDF failed."),
    "no_pdf_instead": Text(
        vi="Hãy mở báo cáo rồi dùng lệnh In của trình duyệt (chọn 'Lưu thành PDF').",
        en="Open the report and print it from the browser instead (choose 'Save as PDF').",
    ),
    "refused_pdf": Text(vi="{why} {instead}", en="{why} {instead}"),
    "pdf_stopped": Text(vi="Đã hủy. Không có PDF nào được tạo.", en="Cancelled. No PDF was made."),
    "pdf_bound": Text(vi="dựng lâu nhất {seconds} giây", en="rendering ends after {seconds} s at the latest"),
    "pdf_saved": Text(
        vi="Đã tạo PDF và giao cho trình duyệt lưu.",
        en="The PDF was made and given to the browser to keep.",
    ),
    "pdf_again": Text(vi="Lưu lần nữa", en="Save it again"),
    "pdf_at_step": Text(vi="bước {step}/{of}", en="step {step} of {of}"),
    "pdf_at_page": Text(vi="bước {step}/{of}, trang {page}", en="step {step} of {of}, page {page}"),
    "pdf_read": Text(vi="Đọc số liệu đã lưu", en="Reading what is stored"),
    "pdf_turn": Text(vi="Đợi PDF khác xong", en="Waiting for other PDFs"),
    "pdf_start": Text(vi="Khởi động bộ dựng PDF", en="Starting the renderer"),
    "pdf_parse": Text(vi="Đọc báo cáo", en="Reading the report"),
    "pdf_style": Text(vi="Áp kiểu in", en="Applying the print style"),
    "pdf_layout": Text(vi="Xếp trang", en="Laying out pages"),
    "pdf_write": Text(vi="Ghi tệp", en="Writing the file"),
    "report_back": Text(vi="Về báo cáo", en="Back to the report"),
    # The shift
    "shift_period": Text(vi="Ca từ {start} đến {end}", en="Shift from {start} to {end}"),
    "shift_period_now": Text(
        vi="Ca từ {start} đến {end}, tính đến {now}", en="Shift from {start} to {end}, as of {now}"
    ),
    "shift_rule": Text(vi="Khung giờ ca", en="Hours of the shift"),
    "shift_rule_roster": Text(vi="theo lịch trực", en="by the roster"),
    "shift_rule_hours": Text(vi="theo giờ đổi ca đã đặt", en="by the configured hours"),
    "shift_rule_chosen": Text(vi="do người xem chọn", en="chosen by hand"),
    "shift_duty": Text(vi="Trực ban lúc cuối ca", en="On call at its end"),
    "shift_duty_unknown": Text(vi="không có lịch trực", en="no roster"),
    "shift_availability": Text(vi="Tỷ lệ thông suốt của hệ thống", en="Availability of the platform"),
    "shift_handed": Text(vi="Bàn giao", en="Handed over"),
    "shift_handed_by": Text(vi="{who}, lúc {at}", en="{who}, {at}"),
    "shift_not_handed": Text(vi="chưa bàn giao", en="not handed over"),
    "shift_note": Text(vi="Lời bàn giao", en="Handover note"),
    "shift_no_note": Text(vi="Không ghi gì.", en="Nothing was written."),
    "shift_summary": Text(vi="Tóm tắt", en="In short"),
    "shift_summary_line": Text(
        vi="{fired} cảnh báo bắt đầu, {ended} kết thúc, {firing} còn diễn ra; {incidents} sự cố đang mở với "
        "{steps} việc chưa xong; {rejected} thông điệp bị từ chối.",
        en="Alerts that began: {fired}, ended: {ended}, going on: {firing}. Open incidents: {incidents}, "
        "steps left: {steps}. Messages rejected: {rejected}.",
    ),
    "shift_firing": Text(vi="Còn diễn ra lúc giao ca", en="Still going on at handover"),
    "shift_incidents": Text(vi="Sự cố", en="Incidents"),
    "shift_sensors": Text(
        vi="Cảm biến im lặng, đứng yên hoặc hỏng", en="Sensors that are silent, stuck or faulty"
    ),
    "shift_fired": Text(vi="Bắt đầu trong ca", en="Began in the shift"),
    "shift_ended": Text(vi="Kết thúc trong ca", en="Ended in the shift"),
    "shift_people": Text(vi="Ai đã xử lý gì", en="Who did what"),
    "shift_silences": Text(vi="Tắt thông báo và bảo trì", en="Silences and maintenance"),
    "shift_notices": Text(
        vi="Thông báo công khai đã đăng, đã rút", en="Public notices published or withdrawn"
    ),
    "shift_entries": Text(vi="Nhập tay còn hiệu lực", en="Entries by hand in force"),
    "shift_rejected": Text(vi="Thông điệp bị từ chối", en="Rejected messages"),
    "shift_platform": Text(vi="Gián đoạn của chính hệ thống", en="The platform's own standstills"),
    "shift_col_severity": Text(vi="Mức", en="Severity"),
    "shift_col_alert": Text(vi="Cảnh báo", en="Alert"),
    "shift_col_since": Text(vi="Từ lúc", en="Since"),
    "shift_col_until": Text(vi="Đến lúc", en="Until"),
    "shift_col_lasted": Text(vi="Kéo dài", en="Lasted"),
    "shift_col_worst": Text(vi="Tệ nhất", en="Worst"),
    "shift_col_seen_to": Text(vi="Ai nhận xử lý", en="Acknowledged by"),
    "shift_col_at": Text(vi="Lúc", en="At"),
    "shift_col_who": Text(vi="Ai", en="Who"),
    "shift_col_did": Text(vi="Làm gì", en="What"),
    "shift_col_note": Text(vi="Ghi chú", en="Note"),
    "shift_col_state": Text(vi="Tình trạng", en="State"),
    "shift_col_incident": Text(vi="Sự cố", en="Incident"),
    "shift_col_steps_left": Text(vi="Việc chưa xong", en="Steps left"),
    "shift_col_commander": Text(vi="Chỉ huy", en="Commander"),
    "shift_col_matchers": Text(vi="Cái gì", en="What of"),
    "shift_col_reason": Text(vi="Lý do", en="Reason"),
    "shift_col_text": Text(vi="Nội dung", en="Text"),
    "shift_col_values": Text(vi="Giá trị", en="Values"),
    "shift_col_count": Text(vi="Số lượng", en="Number"),
    "shift_some_go_on": Text(vi="{count} chưa hết", en="{count} go on"),
    "shift_deed_acknowledged": Text(vi="nhận xử lý", en="acknowledged"),
    "shift_deed_unacknowledged": Text(vi="bỏ nhận xử lý", en="took the acknowledgement back"),
    "shift_deed_noted": Text(vi="ghi chú", en="noted"),
    "shift_deed_silenced": Text(vi="tắt thông báo", en="silenced"),
    "shift_deed_escalation_asked": Text(vi="chuyển cấp", en="escalated"),
    "shift_deed_approved": Text(vi="duyệt cho công chúng", en="approved for the public"),
    "shift_deed_refused": Text(vi="không cho công bố", en="refused for the public"),
    "shift_incident_opened": Text(vi="mở trong ca", en="opened in the shift"),
    "shift_incident_closed": Text(vi="đóng trong ca", en="closed in the shift"),
    "shift_incident_changed": Text(vi="có thay đổi", en="worked on"),
    "shift_incident_waits": Text(vi="không có thay đổi", en="not worked on"),
    "shift_notice_published": Text(vi="đăng {at}, {who}", en="published {at}, {who}"),
    "shift_notice_withdrawn": Text(vi="rút {at}, {who}", en="withdrawn {at}, {who}"),
    "shift_hand_over": Text(vi="Bàn giao ca", en="Hand the shift over"),
    "shift_hand_over_hint": Text(
        vi="Báo cáo được giữ nguyên như lúc bàn giao, kèm tên bạn và giờ; sau đó không ai sửa được.",
        en="The report is kept as it is now, with your name and the time; nobody can change it afterwards.",
    ),
    "shift_note_to": Text(vi="Lời bàn giao cho ca sau", en="Note to the next shift"),
    "shift_before": Text(vi="Các lần bàn giao", en="Handovers"),
    "shift_before_none": Text(vi="Chưa có lần bàn giao nào.", en="No shift was handed over yet."),
    "shift_line": Text(vi="{start} – {end}: {who}, {at}", en="{start} – {end}: {who}, {at}"),
    "shift_frozen": Text(
        vi="Báo cáo đã bàn giao: đúng như lúc đó.", en="A report that was handed over: as it was read then."
    ),
    "shift_done": Text(vi="Đã bàn giao.", en="Handed over."),
    "refused_shift_span": Text(
        vi="Ca phải kết thúc sau khi bắt đầu, bắt đầu trước bây giờ và dài nhất 7 ngày.",
        en="A shift ends after it begins, begins before now and lasts 7 days at most.",
    ),
    "refused_no_handover": Text(vi="Không có lần bàn giao này.", en="There is no such handover."),
    "refused_no_table": Text(vi="Không có bảng này.", en="There is no such table."),
    "refused_report_date": Text(
        vi="Viết ngày như 22/11/2026, tháng như 11/2026; không sau hôm nay.",
        en="Write a day as 22/11/2026, a month as 11/2026; not after today.",
    ),
    **BULLETIN_TEXTS,
}

SHIFT_SCRIPT_TEXTS: Final = (
    *("working", "refused_server", "shift_done", "pdf_saved", "pdf_again", "report_pdf"),
    *WORK_SCRIPT_TEXTS,
)
