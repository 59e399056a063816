"""What the pages of incidents say, in Vietnamese and English."""

from typing import Final

from storage.model import Text

INCIDENT_TEXTS: Final[dict[str, Text]] = {
    "incidents": Text(vi="Sự cố", en="Incidents"),
    "incident_title": Text(vi="Sự cố số {id}", en="Incident {id}"),
    "incidents_open": Text(vi="Đang xử lý", en="Open"),
    "incidents_closed": Text(vi="Đã đóng", en="Closed"),
    "incidents_none": Text(vi="Không có sự cố nào đang mở.", en="No incident is open."),
    "incidents_none_found": Text(vi="Không tìm thấy sự cố nào.", en="No incident was found."),
    "incidents_hint": Text(
        vi="Mở sự cố từ trang của cảnh báo hoặc từ các cảnh báo được chọn trong hàng đợi, hoặc tại "
        "đây khi chưa có cảnh báo.",
        en="Open one from an alert's page or from alerts chosen in the queue, or here when there is no alert.",
    ),
    "incidents_search": Text(vi="Tìm theo tên, nơi, người", en="Find by title, place or name"),
    "incident_new": Text(vi="Mở sự cố không có cảnh báo", en="Open one without an alert"),
    "incident_open_it": Text(vi="Mở sự cố", en="Open an incident"),
    "incident_open_chosen": Text(
        vi="Mở sự cố từ {count} cảnh báo", en="Open an incident from {count} alerts"
    ),
    "incident_join_chosen": Text(vi="Thêm vào", en="Add to"),
    "incident_join_to": Text(vi="Thêm vào sự cố", en="Add to incident"),
    "incident_choose": Text(vi="Chọn cho sự cố: {title}", en="Choose for an incident: {title}"),
    "incident_is_in": Text(vi="Trong sự cố số {id}: {title}", en="In incident {id}: {title}"),
    "incident_in_none": Text(vi="Chưa ở trong sự cố nào.", en="In no incident."),
    "incident_was_in": Text(
        vi="Từng ở trong sự cố số {id} (đã đóng): {title}", en="Was in incident {id} (closed): {title}"
    ),
    "incident_what": Text(vi="Tên sự cố", en="Title"),
    "incident_place": Text(vi="Nơi xảy ra", en="Place"),
    "incident_severity": Text(vi="Mức", en="Severity"),
    "incident_commander": Text(vi="Chỉ huy", en="Commander"),
    "incident_assignee": Text(vi="Lực lượng, người làm", en="Crew or person at work"),
    "incident_nobody": Text(vi="chưa có", en="nobody yet"),
    "incident_facts": Text(vi="Ai, ở đâu, mức nào", en="Who, where, how severe"),
    "incident_save": Text(vi="Lưu thay đổi", en="Save changes"),
    "incident_take": Text(vi="Tôi chỉ huy", en="I take command"),
    "incident_alerts": Text(vi="Cảnh báo của sự cố", en="Its alerts"),
    "incident_no_alerts": Text(vi="Chưa có cảnh báo nào.", en="No alerts yet."),
    "incident_add_alert": Text(vi="Thêm cảnh báo đang diễn ra", en="Add an alert that goes on"),
    "incident_add": Text(vi="Thêm", en="Add"),
    "incident_steps": Text(vi="Việc phải làm", en="What is to be done"),
    "incident_no_steps": Text(vi="Chưa có việc nào.", en="No steps yet."),
    "incident_steps_done": Text(vi="{done}/{steps} việc đã xong", en="{done} of {steps} steps done"),
    "incident_step_new": Text(vi="Thêm một việc", en="Add a step"),
    "incident_step_of": Text(vi="quy trình: {title}", en="runbook: {title}"),
    "incident_step_by": Text(vi="{who} thêm lúc {at}", en="added by {who}, {at}"),
    "incident_step_done": Text(vi="✓ {who}, {at}", en="✓ {who}, {at}"),
    "incident_notes": Text(vi="Ghi chú", en="Note"),
    "incident_note_new": Text(vi="Viết điều đã thấy, đã làm", en="Write what was found or done"),
    "incident_note_add": Text(vi="Ghi", en="Add the note"),
    "incident_files": Text(vi="Tệp đính kèm", en="Attachments"),
    "incident_no_files": Text(vi="Chưa có tệp nào.", en="No attachments yet."),
    "incident_file_new": Text(
        vi="Ảnh (JPEG, PNG, WebP), PDF hoặc văn bản, nhiều nhất 8 MB; ảnh được lưu lại không kèm vị trí máy ảnh.",
        en="A picture (JPEG, PNG, WebP), PDF or text of at most 8 MB; pictures are kept without the "
        "camera's position.",
    ),
    "incident_file": Text(vi="Tệp", en="File"),
    "incident_file_add": Text(vi="Đính kèm", en="Attach"),
    "incident_file_by": Text(vi="{size} · {who}, {at}", en="{size} · {who}, {at}"),
    "incident_timeline": Text(vi="Diễn biến", en="Timeline"),
    "incident_timeline_hint": Text(
        vi="Người làm gì và cảnh báo ra sao, mới nhất ở trên.",
        en="What people did and what became of the alerts, the newest first.",
    ),
    "incident_timeline_cut": Text(
        vi="Chỉ hiện {count} dòng mới nhất của các cảnh báo; phần trước ở trang của từng cảnh báo.",
        en="Only the newest {count} lines of the alerts; what was before is on each alert's page.",
    ),
    "incident_messages": Text(vi="Hiện cả tin đã gửi", en="Show messages that were sent, too"),
    "incident_close_title": Text(vi="Đóng sự cố", en="Close the incident"),
    "incident_resolution": Text(vi="Kết quả xử lý", en="How it was resolved"),
    "incident_close": Text(vi="Đóng sự cố", en="Close the incident"),
    "incident_reopen": Text(vi="Mở lại", en="Open it again"),
    "incident_reopen_title": Text(vi="Mở lại sự cố", en="Open the incident again"),
    "incident_reason": Text(vi="Lý do mở lại", en="Why it is opened again"),
    "incident_viewer": Text(vi="Tài khoản này chỉ xem.", en="This account may only look."),
    "incident_state_open": Text(vi="đang xử lý", en="open"),
    "incident_state_closed": Text(vi="đã đóng", en="closed"),
    "incident_not_measured": Text(
        vi="{count}/{all} cảnh báo không hoàn toàn từ số đo thật",
        en="{count} of {all} alerts are not all from measurements",
    ),
    "incident_opened_line": Text(vi="{who} mở lúc {at}", en="opened by {who}, {at}"),
    "incident_closed_line": Text(vi="{who} đóng lúc {at}", en="closed by {who}, {at}"),
    "incident_lasted": Text(vi="kéo dài {time}", en="lasted {time}"),
    "incident_firing": Text(
        vi="{firing}/{alerts} cảnh báo đang diễn ra", en="{firing} of {alerts} alerts firing"
    ),
    "incident_led_by": Text(vi="chỉ huy: {who}", en="commander: {who}"),
    "incident_worked_by": Text(vi="lực lượng: {who}", en="at work: {who}"),
    # What people did
    "incident_did_opened": Text(vi="{who} mở sự cố", en="{who} opened the incident"),
    "incident_did_joined": Text(vi="{who} thêm cảnh báo {alerts}", en="{who} added the alerts {alerts}"),
    "incident_did_changed": Text(vi="{who} sửa: {changes}", en="{who} changed: {changes}"),
    "incident_did_noted": Text(vi="{who} ghi chú", en="{who} noted"),
    "incident_did_step_added": Text(vi="{who} thêm việc", en="{who} added a step"),
    "incident_did_ticked": Text(vi="{who}: việc đã xong", en="{who} ticked off"),
    "incident_did_unticked": Text(vi="{who} bỏ dấu xong", en="{who} took the tick back"),
    "incident_did_attached": Text(vi="{who} đính kèm {name}", en="{who} attached {name}"),
    "incident_did_closed": Text(vi="{who} đóng sự cố", en="{who} closed the incident"),
    "incident_did_reopened": Text(vi="{who} mở lại sự cố", en="{who} opened the incident again"),
    "incident_change": Text(vi="{field}: {before} → {after}", en="{field}: {before} → {after}"),
    "incident_steps_left": Text(vi="còn {count} việc chưa xong", en="{count} steps were left undone"),
    # What came of it
    "incident_done_open": Text(vi="Đã mở sự cố số {id}.", en="Incident {id} is open."),
    "incident_done_join": Text(vi="Đã thêm vào sự cố số {id}.", en="Added to incident {id}."),
    "incident_done_change": Text(vi="Đã lưu.", en="Saved."),
    "incident_done_note": Text(vi="Đã ghi.", en="Noted."),
    "incident_done_step": Text(vi="Đã thêm việc.", en="The step is added."),
    "incident_done_tick": Text(vi="Đã đánh dấu xong.", en="Ticked off."),
    "incident_done_untick": Text(vi="Đã bỏ dấu xong.", en="The tick is taken back."),
    "incident_done_attach": Text(vi="Đã đính kèm {name}.", en="{name} is attached."),
    "incident_done_close": Text(vi="Đã đóng sự cố.", en="The incident is closed."),
    "incident_done_reopen": Text(vi="Đã mở lại sự cố.", en="The incident is open again."),
    # Refusals
    "refused_incident_unknown": Text(vi="Không có sự cố số {id}.", en="There is no incident {id}."),
    "refused_incident_closed": Text(
        vi="Sự cố số {id} đã đóng: hãy mở lại trước.", en="Incident {id} is closed: open it again first."
    ),
    "refused_incident_open_already": Text(vi="Sự cố số {id} đang mở.", en="Incident {id} is open."),
    "refused_incident_alert_unknown": Text(
        vi="Không có cảnh báo số {alert}.", en="There is no alert {alert}."
    ),
    "refused_incident_alert_taken": Text(
        vi="Cảnh báo số {alert} đã ở trong sự cố số {id} đang mở.",
        en="Alert {alert} is in incident {id}, which is open.",
    ),
    "refused_incident_many_alerts": Text(
        vi="Một sự cố có nhiều nhất {most} cảnh báo.", en="An incident has at most {most} alerts."
    ),
    "refused_incident_many_steps": Text(
        vi="Một sự cố có nhiều nhất {most} việc.", en="An incident has at most {most} steps."
    ),
    "refused_incident_many_attachments": Text(
        vi="Một sự cố có nhiều nhất {most} tệp.", en="An incident has at most {most} attachments."
    ),
    "refused_incident_many_events": Text(
        vi="Một sự cố có nhiều nhất {most} dòng diễn biến: hãy đóng nó và mở sự cố mới.",
        en="An incident has at most {most} lines of history: close it and open another.",
    ),
    "refused_incident_commander": Text(
        vi="Không có tài khoản '{name}' được phép chỉ huy.", en="No account '{name}' may lead."
    ),
    "refused_incident_step_unknown": Text(
        vi="Sự cố này không có việc đó.", en="The incident has no such step."
    ),
    "refused_incident_file_unknown": Text(vi="Không có tệp này.", en="There is no such attachment."),
    "refused_incident_title_missing": Text(vi="Hãy đặt tên cho sự cố.", en="Give the incident a title."),
    "refused_incident_note_missing": Text(vi="Hãy viết ghi chú.", en="Write the note."),
    "refused_incident_step_missing": Text(vi="Hãy viết việc phải làm.", en="Write what is to be done."),
    "refused_incident_resolution_missing": Text(
        vi="Hãy viết kết quả xử lý.", en="Write how it was resolved."
    ),
    "refused_incident_reason_missing": Text(vi="Hãy viết lý do.", en="Write the reason."),
    "refused_incident_long": Text(vi="Dài nhất {longest} ký tự.", en="At most {longest} characters."),
    "refused_attachment_empty": Text(vi="Tệp trống.", en="The file is empty."),
    "refused_attachment_too_large": Text(vi="Tệp lớn hơn 8 MB.", en="The file is larger than 8 MB."),
    "refused_attachment_image": Text(
        vi="Không đọc được ảnh này, hoặc ảnh quá lớn.", en="This picture can't be read, or is too large."
    ),
    "refused_attachment_unknown_type": Text(
        vi="Chỉ nhận ảnh JPEG, PNG, WebP, tệp PDF và văn bản UTF-8; xét theo nội dung, không theo tên.",
        en="Only JPEG, PNG and WebP pictures, PDF and UTF-8 text are taken; what counts is the "
        "content, not the name.",
    ),
    "refused_attachment_none": Text(vi="Hãy chọn một tệp.", en="Choose a file."),
}

_EVERYWHERE: Final = ("working", "refused_server", "severity_critical", "severity_warning", "severity_info")
INCIDENT_LIST_SCRIPT_TEXTS: Final = (*_EVERYWHERE, "incidents_none", "incidents_none_found")
INCIDENT_SCRIPT_TEXTS: Final = (
    *_EVERYWHERE,
    *("incident_no_alerts", "incident_no_steps", "incident_no_files", "incident_nobody", "timeline_empty"),
    *("incident_done_change", "incident_done_note", "incident_done_step", "incident_done_tick"),
    *("incident_done_untick", "incident_done_attach", "incident_done_close", "incident_done_reopen"),
    *("incident_done_join", "refused_attachment_none", "refused_attachment_too_large", "message_text"),
)
"""What the pages' scripts say by themselves."""
INCIDENT_PICK_SCRIPT_TEXTS: Final = (
    *("incident_choose", "incident_open_chosen", "incident_open_it", "incident_is_in", "incident_was_in"),
    "incident_in_none",
    *("incident_join_to", "incident_join_chosen", "incident_done_open", "incident_done_join"),
)
"""What pages of alerts say of incidents."""
