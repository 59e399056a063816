"""What the pages of alerts say, in Vietnamese and English. Names, titles and runbooks come with the data."""

from typing import Final

from storage.model import Text

ALERT_TEXTS: Final[dict[str, Text]] = {
    # one alert
    "alert_title": Text(vi="Cảnh báo số {id}", en="Alert {id}"),
    "all_alerts": Text(vi="Mọi cảnh báo", en="All alerts"),
    "age": Text(vi="Đã", en="For"),
    "since_when": Text(vi="Từ", en="Since"),
    "ended_when": Text(vi="Hết lúc", en="Ended"),
    "observed_since": Text(vi="Bắt đầu thấy", en="First seen"),
    "flapping": Text(vi="chập chờn", en="flapping"),
    "flapping_long": Text(
        vi="Bật tắt nhiều lần trong một giờ: nơi nhận chỉ được báo một lần.",
        en="It came and went several times within an hour: receivers are told once, not each time.",
    ),
    "acknowledged": Text(vi="Đã nhận xử lý", en="Acknowledged"),
    "acknowledged_by": Text(vi="{who} nhận xử lý lúc {at}", en="Acknowledged by {who}, {at}"),
    "evidence": Text(vi="Căn cứ", en="Evidence"),
    "condition_of": Text(vi="Điều kiện", en="Condition"),
    "last_heard": Text(vi="Nghe lần cuối {at}", en="Last heard {at}"),
    "value_now": Text(vi="Giá trị", en="Value"),
    "limit_of": Text(vi="Ngưỡng", en="Limit"),
    "limit_suggested": Text(vi="ngưỡng do trung tâm đề xuất [S]", en="limit suggested by the centre [S]"),
    "clear_level": Text(vi="Ngưỡng dừng", en="Clear level"),
    "holds_for": Text(vi="Phải kéo dài", en="Must hold for"),
    "keeps_firing": Text(vi="Hết sau khi yên", en="Ends after calm of"),
    "basis": Text(vi="Cơ sở của ngưỡng", en="Where the limit comes from"),
    "provenance": Text(vi="Nguồn gốc", en="Provenance"),
    "rule": Text(vi="Quy tắc", en="Rule"),
    "no_limit": Text(vi="không có một ngưỡng riêng", en="no single limit"),
    "readings": Text(vi="Số liệu làm căn cứ", en="The readings behind it"),
    "reading": Text(vi="Số liệu", en="Reading"),
    "reading_first": Text(vi="đầu tiên", en="first"),
    "reading_peak": Text(vi="tệ nhất", en="worst"),
    "reading_last": Text(vi="mới nhất", en="newest"),
    "reading_beside": Text(vi="xét cùng", en="beside it"),
    "measured_at": Text(vi="Đo lúc", en="Read at"),
    "arrived_at": Text(vi="Đến lúc", en="Arrived at"),
    "quality_of": Text(vi="Chất lượng", en="Quality"),
    "no_readings": Text(vi="Không có số liệu kèm theo.", en="No readings are kept with it."),
    "quality_1": Text(vi="tốt", en="good"),
    "quality_2": Text(vi="chưa kiểm tra", en="not evaluated"),
    "quality_3": Text(vi="đáng ngờ", en="suspect"),
    "quality_4": Text(vi="lỗi", en="failed"),
    "quality_9": Text(vi="thiếu", en="missing"),
    "provenance_measured": Text(vi="đo được", en="measured"),
    "provenance_manual": Text(vi="nhập tay", en="manual"),
    "provenance_derived": Text(vi="dẫn xuất, chưa rõ đầu vào", en="derived, inputs unknown"),
    "provenance_replayed": Text(vi="phát lại", en="replayed"),
    "provenance_forecast": Text(vi="dự báo", en="forecast"),
    "provenance_simulated": Text(vi="mô phỏng", en="simulated"),
    "measure_rises": Text(vi="tăng trong {within}", en="rise within {within}"),
    "measure_falls": Text(vi="giảm trong {within}", en="fall within {within}"),
    "measure_above_usual": Text(vi="cao hơn thường lệ", en="above the usual"),
    "measure_below_usual": Text(vi="thấp hơn thường lệ", en="below the usual"),
    "measure_stuck": Text(vi="đứng yên", en="stands still"),
    "measure_absent": Text(vi="im lặng", en="silent"),
    "condition_threshold": Text(vi="vượt ngưỡng", en="beyond a limit"),
    "condition_outside": Text(vi="ngoài khoảng", en="outside a range"),
    "condition_change": Text(vi="thay đổi quá nhanh", en="changes too fast"),
    "condition_usual": Text(
        vi="khác cùng giờ những ngày trước", en="unlike the same hour of the days before"
    ),
    "condition_stuck": Text(vi="đứng yên quá lâu", en="stands still too long"),
    "condition_absent": Text(vi="im lặng quá lâu", en="silent too long"),
    "condition_all": Text(vi="mọi điều kiện cùng lúc", en="all of several conditions"),
    "condition_any": Text(vi="một trong nhiều điều kiện", en="any of several conditions"),
    "runbook": Text(vi="Việc cần làm", en="What to do"),
    "labels": Text(vi="Nhãn", en="Labels"),
    "public_state": Text(vi="Với công chúng", en="The public"),
    "public_never": Text(vi="Không bao giờ ra bản tin công khai.", en="It is never put on the public feed."),
    "public_auto": Text(vi="Tự ra bản tin công khai.", en="It goes on the public feed by itself."),
    "public_waits": Text(
        vi="Chỉ ra bản tin công khai khi có người vận hành duyệt.",
        en="It goes on the public feed only when an operator approves.",
    ),
    "public_approved": Text(vi="{who} đã duyệt lúc {at}.", en="Approved by {who}, {at}."),
    "public_refused": Text(vi="Đã từ chối lúc {at}.", en="Refused at {at}."),
    "public_is_over": Text(
        vi="Cảnh báo đã hết: không còn gì để duyệt.",
        en="The alert is over: there is nothing left to approve.",
    ),
    "public_preview": Text(vi="Công chúng sẽ đọc", en="What the public would read"),
    "cap_exercise": Text(
        vi="Bản tin mang chữ 'Exercise' (diễn tập): số liệu không hoàn toàn là số đo thật.",
        en="The message says 'Exercise': not everything behind it was measured.",
    ),
    "cap_actual": Text(
        vi="Bản tin mang chữ 'Actual' (thật): người dân sẽ coi là cảnh báo thật.",
        en="The message says 'Actual': the public will take it for a real warning.",
    ),
    "approve": Text(vi="Duyệt cho công chúng", en="Approve for the public"),
    "refuse": Text(vi="Từ chối", en="Refuse"),
    "refuse_reason": Text(vi="Lý do từ chối", en="Why it is refused"),
    "timeline": Text(vi="Diễn biến", en="Timeline"),
    "timeline_hint": Text(
        vi="Điều gì đã xảy ra, ai được báo và vì sao, cũ nhất trước. Giờ Hà Nội.",
        en="What happened, who was told and why, oldest first. Hanoi's time.",
    ),
    "timeline_empty": Text(vi="Chưa có gì được ghi.", en="Nothing is recorded yet."),
    "message_text": Text(vi="Nội dung tin", en="The message"),
    "why": Text(vi="Vì sao tôi (không) được báo?", en="Why did I (not) get this?"),
    "why_receiver": Text(vi="Nơi nhận", en="Receiver"),
    "why_none": Text(vi="Chưa có nơi nhận nào.", en="There is no receiver."),
    "actions": Text(vi="Hành động", en="Actions"),
    "actions_viewer": Text(
        vi="Bạn đang xem với vai trò người xem: chỉ người vận hành mới hành động được.",
        en="You look as a viewer: only operators can act.",
    ),
    "acknowledge": Text(vi="Nhận xử lý", en="Acknowledge"),
    "acknowledge_it": Text(vi="Nhận xử lý cảnh báo {id}", en="Acknowledge alert {id}"),
    "unacknowledge": Text(vi="Bỏ nhận xử lý", en="Take back the acknowledgement"),
    "note_optional": Text(
        vi="Ghi chú (không bắt buộc khi nhận xử lý)", en="Note (optional with an acknowledgement)"
    ),
    "add_note": Text(vi="Thêm ghi chú", en="Add the note"),
    "escalate": Text(vi="Chuyển cấp ngay", en="Escalate now"),
    "silence_it": Text(vi="Tắt thông báo", en="Silence"),
    "silence_hint": Text(
        vi="Cảnh báo vẫn diễn ra và vẫn ở trên màn hình; chỉ không ai được báo.",
        en="The alert goes on and stays on the screen; only nobody is told.",
    ),
    "matchers": Text(vi="Những nhãn phải khớp, mỗi dòng một nhãn", en="Labels that must match, one a line"),
    "matchers_short": Text(vi="nhãn", en="labels"),
    "silence_reason": Text(vi="Lý do (bắt buộc)", en="Reason (required)"),
    "minutes_30": Text(vi="30 phút", en="30 min"),
    "hours_2": Text(vi="2 giờ", en="2 h"),
    "hours_8": Text(vi="8 giờ", en="8 h"),
    "how_long": Text(vi="Trong bao lâu", en="For how long"),
    "until_then": Text(vi="đến lúc…", en="until…"),
    "until": Text(vi="Đến (giờ Hà Nội)", en="Until (Hanoi's time)"),
    "silence_until": Text(vi="Tắt đến lúc đó", en="Silence until then"),
    "done_acknowledge": Text(vi="Đã nhận xử lý.", en="Acknowledged."),
    "done_unacknowledge": Text(vi="Đã bỏ nhận xử lý.", en="The acknowledgement is taken back."),
    "done_note": Text(vi="Đã thêm ghi chú.", en="The note is added."),
    "done_escalate": Text(
        vi="Đã chuyển cấp: người trực được báo ngay.", en="Escalated: who comes next is told now."
    ),
    "done_approve": Text(vi="Đã duyệt: bản tin ra ngay.", en="Approved: the message goes out."),
    "done_refuse": Text(vi="Đã từ chối.", en="Refused."),
    "done_silence": Text(vi="Đã tắt thông báo (số {id}) đến {at}.", en="Silenced by #{id} until {at}."),
    "done_ended": Text(vi="Đã kết thúc số {id}.", en="#{id} is ended."),
    # the page of all alerts
    "filters": Text(vi="Lọc", en="Filter"),
    "severity": Text(vi="Mức", en="Severity"),
    "kind_of": Text(vi="Loại", en="Kind"),
    "area": Text(vi="Khu vực", en="Area"),
    "any": Text(vi="tất cả", en="all"),
    "kind_sensor": Text(vi="Cảm biến", en="Sensors"),
    "kind_platform": Text(vi="Nền tảng", en="Platform"),
    "area_to-lich": Text(vi="Lưu vực Tô Lịch", en="Tô Lịch basin"),
    "area_nhue": Text(vi="Lưu vực Nhuệ", en="Nhuệ basin"),
    "area_cau-bay": Text(vi="Lưu vực Cầu Bây", en="Cầu Bây basin"),
    "queue_title": Text(vi="Hàng đợi", en="Queue"),
    "queue_firing": Text(vi="Đang diễn ra", en="Firing"),
    "queue_pending": Text(vi="Đang theo dõi", en="Pending"),
    "queue_acknowledged": Text(vi="Đã nhận xử lý", en="Acknowledged"),
    "queue_empty": Text(vi="Không có.", en="None."),
    "history": Text(vi="Lịch sử", en="History"),
    "history_hint": Text(
        vi="Mọi cảnh báo đã từng diễn ra, mới nhất trước.",
        en="Every alert that has ever fired, newest first.",
    ),
    "history_empty": Text(vi="Không có cảnh báo nào như vậy.", en="No alert is like that."),
    "history_place": Text(vi="Điểm đo", en="Thing"),
    "history_from": Text(vi="Từ ngày", en="From"),
    "history_to": Text(vi="Đến ngày", en="To"),
    "search": Text(vi="Tìm", en="Search"),
    "search_more": Text(vi="Cũ hơn", en="Older"),
    "worst_of": Text(vi="Tệ nhất", en="Worst"),
    "began": Text(vi="Bắt đầu", en="Began"),
    "lasted": Text(vi="Kéo dài", en="Lasted"),
    "still": Text(vi="chưa hết", en="goes on"),
    "alert_col": Text(vi="Cảnh báo", en="Alert"),
    "silences": Text(vi="Tắt thông báo và bảo trì", en="Silences and maintenance"),
    "silences_active": Text(vi="Đang có hiệu lực", en="Active"),
    "silences_planned": Text(vi="Đã lên lịch", en="Planned"),
    "silences_ended": Text(vi="Đã kết thúc", en="Ended"),
    "silences_none": Text(vi="Không có.", en="None."),
    "kind_silence": Text(vi="tắt thông báo", en="silence"),
    "kind_maintenance": Text(vi="bảo trì", en="maintenance"),
    "silence_line": Text(vi="{who}, từ {start} đến {end}", en="{who}, {start} to {end}"),
    "silence_ended_by": Text(vi="{who} kết thúc lúc {at}", en="ended by {who}, {at}"),
    "silence_mutes": Text(vi="số cảnh báo đang bị tắt: {count}", en="alerts muted now: {count}"),
    "end_it": Text(vi="Kết thúc", en="End"),
    "end_number": Text(vi="Kết thúc số {id}", en="End #{id}"),
    "add_silence": Text(vi="Thêm", en="Add"),
    "what_kind": Text(vi="Loại", en="What"),
    "choose_silence": Text(vi="Tắt thông báo, ngay bây giờ", en="A silence, from now on"),
    "choose_maintenance": Text(vi="Bảo trì, lên lịch trước", en="Maintenance, planned ahead"),
    "scope": Text(vi="Của", en="Of"),
    "scope_thing": Text(vi="một điểm đo", en="a Thing"),
    "scope_area": Text(vi="một khu vực", en="an area"),
    "scope_kind": Text(vi="một loại", en="a kind"),
    "scope_rule": Text(vi="một quy tắc", en="a rule"),
    "scope_own": Text(vi="nhãn tự viết", en="labels as written"),
    "scope_value": Text(vi="Nào (gõ để tìm)", en="Which (type to search)"),
    "starts": Text(vi="Bắt đầu (giờ Hà Nội)", en="Begins (Hanoi's time)"),
    "receivers": Text(vi="Nơi nhận", en="Receivers"),
    "receivers_none": Text(vi="Chưa có nơi nhận nào được khai báo.", en="No receiver is configured."),
    "receiver_sent": Text(vi="giao lần cuối {at}", en="last delivery {at}"),
    "receiver_never": Text(vi="chưa giao lần nào", en="nothing delivered yet"),
    "receiver_failed": Text(vi="lỗi gần nhất: {error}", en="last failure: {error}"),
    "receiver_waiting": Text(vi="{count} tin đang chờ", en="{count} waiting"),
    "receiver_dead": Text(vi="{count} tin bị bỏ", en="{count} given up"),
    "send_test": Text(vi="Gửi thử", en="Send a test"),
    "send_test_to": Text(vi="Gửi thử tới {receiver}", en="Send a test to {receiver}"),
    "test_waiting": Text(vi="Đang gửi…", en="Sending…"),
    "test_sent": Text(vi="Đã giao lúc {at}.", en="Delivered at {at}."),
    "test_sent_receipt": Text(
        vi="Đã giao lúc {at} (biên nhận {receipt}).", en="Delivered at {at} (receipt {receipt})."
    ),
    "test_failed": Text(
        vi="Chưa giao được: {error}. Sẽ thử lại.", en="Not delivered yet: {error}. It is tried again."
    ),
    "test_dead": Text(vi="Không giao được: {error}.", en="Not delivered: {error}."),
    "test_slow": Text(
        vi="Sau 60 giây vẫn chưa giao: hanoi-alerts có đang chạy không?",
        en="Not delivered within 60 seconds: does hanoi-alerts run?",
    ),
    "dead_letters": Text(vi="Tin không giao được", en="Dead letters"),
    "dead_none": Text(vi="Không có tin nào bị bỏ.", en="Nothing was given up."),
    "dead_line": Text(vi="{at}, số lần thử {attempts}: {error}", en="{at}, attempts {attempts}: {error}"),
    "noisiest": Text(vi="Mười quy tắc ồn nhất", en="The ten noisiest rules"),
    "noisiest_24h": Text(vi="24 giờ qua", en="last 24 hours"),
    "noisiest_7d": Text(vi="7 ngày qua", en="last 7 days"),
    "noisiest_none": Text(vi="Không quy tắc nào kêu.", en="No rule made a noise."),
    "fired": Text(vi="Số lần", en="Fired"),
    "notified": Text(vi="Số tin", en="Messages"),
    "on_call": Text(vi="Đang trực", en="On call now"),
    "on_call_named": Text(vi="người trực: {name}", en="on call: {name}"),
    "on_call_none": Text(vi="Chưa khai báo lịch trực.", en="No roster is configured."),
    "on_call_nobody": Text(vi="Không có ai trong lịch!", en="The roster has nobody!"),
    "on_call_fault": Text(
        vi="Không dùng được tệp HANOI_ALERTING_FILE. Lý do (tiếng Anh): ",
        en="The file of HANOI_ALERTING_FILE can't be used: ",
    ),
    "cap_out": Text(vi="Bản tin công khai (CAP)", en="Public messages (CAP)"),
    "cap_none": Text(vi="Chưa có bản tin nào.", en="No message went out."),
    "cap_Alert": Text(vi="mới", en="alert"),
    "cap_Update": Text(vi="cập nhật", en="update"),
    "cap_Cancel": Text(vi="hủy", en="cancel"),
    "cap_status_Actual": Text(vi="thật", en="actual"),
    "cap_status_Exercise": Text(vi="diễn tập", en="exercise"),
    "cap_status_Test": Text(vi="thử", en="test"),
    "cap_line": Text(vi="gửi {sent}, hết hạn {expires}", en="sent {sent}, expires {expires}"),
    "engine": Text(vi="Bộ máy cảnh báo", en="The alert engine"),
    "engine_leads": Text(vi="{holder} điều hành, nhiệm kỳ {term}", en="{holder} leads, term {term}"),
    "engine_beat": Text(vi="nhịp cuối {ago} trước", en="last heartbeat {ago} ago"),
    "engine_silent": Text(
        vi="Bộ máy cảnh báo im lặng {ago}: không ai được báo gì!",
        en="The alert engine has been silent for {ago}: nobody is told anything!",
    ),
    "engine_never": Text(vi="Bộ máy cảnh báo chưa chạy lần nào.", en="The alert engine has never run."),
    "availability": Text(vi="Tỷ lệ thông suốt từ đầu đến cuối", en="End-to-end availability"),
    "availability_day": Text(vi="hôm nay {share}", en="today {share}"),
    "availability_month": Text(vi="tháng này {share}", en="this month {share}"),
    "availability_unknown": Text(vi="Không hỏi được hanoi-watchdog.", en="hanoi-watchdog does not answer."),
    # what the timeline says
    "story_pending": Text(vi="Điều kiện được thỏa: bắt đầu theo dõi", en="The condition is met: pending"),
    "story_firing": Text(vi="Cảnh báo bắt đầu", en="It fires"),
    "story_firing_held": Text(vi="Kéo dài đủ lâu: cảnh báo bắt đầu", en="It held for long enough: it fires"),
    "story_firing_silent": Text(
        vi="Im lặng quá lâu: cảnh báo bắt đầu", en="Nothing was heard for too long: it fires"
    ),
    "story_inactive": Text(
        vi="Hết trước khi đủ lâu: không thành cảnh báo", en="It ended before it had held long enough"
    ),
    "story_resolved": Text(vi="Cảnh báo hết", en="It is resolved"),
    "story_resolved_cleared": Text(
        vi="Giá trị đã yên đủ lâu: cảnh báo hết", en="Values stayed calm for long enough: it is resolved"
    ),
    "story_resolved_silent": Text(
        vi="Không có số liệu nữa: cảnh báo hết", en="No values come any more: it is resolved"
    ),
    "story_resolved_heard": Text(
        vi="Đã có tín hiệu lại: cảnh báo hết", en="It is heard again: it is resolved"
    ),
    "story_corrected": Text(
        vi="Số liệu đến muộn hoặc được sửa cho thấy không phải vậy: rút lại",
        en="Late or corrected data say that it never was: withdrawn",
    ),
    "story_rule_changed": Text(
        vi="Quy tắc được sửa: cảnh báo hết, quy tắc mới bắt đầu lại",
        en="Its rule was changed: it is resolved, and the rule begins anew",
    ),
    "story_thing_retired": Text(
        vi="Điểm đo ngừng sử dụng: cảnh báo hết", en="Its Thing was retired: it is resolved"
    ),
    "story_rule_removed": Text(vi="Quy tắc bị bỏ: cảnh báo hết", en="Its rule was removed: it is resolved"),
    "story_rule_by": Text(vi="do {who}: {why}", en="by {who}: {why}"),
    "story_value": Text(vi="{value} lúc {at}", en="{value} at {at}"),
    "story_late": Text(vi="thấy muộn {by}", en="seen late by {by}"),
    "story_happened": Text(vi="xảy ra lúc {at}, thấy muộn {by}", en="happened at {at}, seen late by {by}"),
    "outcome_only_pending": Text(
        vi="không báo ai: chỉ mới theo dõi", en="nobody is told of what is only pending"
    ),
    "outcome_retrospective": Text(
        vi="không báo ai: xảy ra đã quá lâu và không còn",
        en="nobody is told: it was too long ago, and is over",
    ),
    "outcome_firing_was_not_announced": Text(
        vi="không báo ai: lúc bắt đầu cũng không ai được báo",
        en="nobody is told: nobody heard of its beginning",
    ),
    "outcome_revised": Text(
        vi="không báo lại: nơi nhận đã biết, chỉ thời điểm thay đổi",
        en="nobody is told again: only its time is another",
    ),
    "outcome_nobody_was_told": Text(
        vi="không báo ai: lúc bắt đầu cũng không ai được báo",
        en="nobody is told: nobody heard of its beginning",
    ),
    "outcome_shown_only": Text(
        vi="không báo ai: đường báo của nó không có nơi nhận",
        en="nobody is told: its route names no receivers",
    ),
    "told_firing": Text(vi="cảnh báo bắt đầu", en="it fires"),
    "told_resolved": Text(vi="cảnh báo hết", en="it is resolved"),
    "told_repeat": Text(vi="nhắc lại", en="a reminder"),
    "told_escalation": Text(vi="chuyển cấp", en="an escalation"),
    "told_test": Text(vi="tin thử", en="a test"),
    "next_up": Text(vi="Sắp tới", en="Next"),
    "group_of_all": Text(vi="mọi cảnh báo", en="all alerts"),
    "show_alert": Text(vi="Xem cảnh báo {id}", en="See alert {id}"),
    "event_grouped": Text(
        vi="Sẽ báo cho {receiver}, gộp theo {group}", en="Goes to {receiver}, grouped by {group}"
    ),
    "event_suppressed": Text(
        vi="Không báo cho {receiver}: {because}", en="Not told to {receiver}: {because}"
    ),
    "event_told": Text(vi="Báo cho {receiver}: {why}", en="Told to {receiver}: {why}"),
    "event_sent": Text(vi="Đã giao cho {receiver}", en="Delivered to {receiver}"),
    "event_sent_receipt": Text(
        vi="Đã giao cho {receiver} (biên nhận {receipt})", en="Delivered to {receiver} (receipt {receipt})"
    ),
    "event_waiting": Text(
        vi="Chưa giao được cho {receiver} (lần {attempts}): {error}; thử lại lúc {at}",
        en="Not delivered to {receiver} yet (attempt {attempts}): {error}; again at {at}",
    ),
    "event_roster_failed": Text(
        vi="Lịch trực {receiver} không cho biết ai trực, nên báo mọi người dự phòng: {fault}",
        en="{receiver} can't say who is on call, so everybody of its fallback is told: {fault}",
    ),
    "event_dead": Text(vi="Bỏ, không giao cho {receiver} nữa: {error}", en="Given up on {receiver}: {error}"),
    "event_acknowledged": Text(vi="{who} nhận xử lý", en="{who} acknowledged it"),
    "event_unacknowledged": Text(vi="{who} bỏ nhận xử lý", en="{who} took the acknowledgement back"),
    "event_silenced": Text(
        vi="{who} tắt tin (số {silence}) đến {until}", en="{who} silenced it (no. {silence}) until {until}"
    ),
    "event_noted": Text(vi="{who} ghi chú", en="{who} noted"),
    "event_escalated": Text(
        vi="Chuyển cấp (bước {step}) tới {receivers}", en="Escalated (step {step}) to {receivers}"
    ),
    "event_escalation_asked": Text(vi="{who} chuyển cấp ngay", en="{who} escalated it by hand"),
    "event_escalation_skipped": Text(vi="Không chuyển cấp: {because}", en="Not escalated: {because}"),
    "event_approved": Text(vi="{who} duyệt cho công chúng", en="{who} approved it for the public"),
    "event_refused": Text(vi="{who} từ chối cho ra công chúng", en="{who} refused it for the public"),
    "event_published": Text(vi="Bản tin công khai: {type}, {status}", en="Public message: {type}, {status}"),
    "event_flapping": Text(
        vi="Bật tắt quá nhiều lần: coi là chập chờn", en="It comes and goes too often: flapping"
    ),
    "because_silenced": Text(
        vi="số {id} tắt thông báo ({who}: {why}) đến {until}",
        en="silenced by #{id} ({who}: {why}) until {until}",
    ),
    "because_maintenance": Text(
        vi="đang bảo trì, số {id} ({who}: {why}) đến {until}",
        en="under maintenance, #{id} ({who}: {why}) until {until}",
    ),
    "because_inhibited": Text(vi="bị cảnh báo {id} che: {title}", en="inhibited by alert #{id} {title}"),
    "because_mute_time": Text(
        vi="đường báo này tắt vào giờ '{cause}'", en="its route is mute at the time '{cause}'"
    ),
    "because_rerouted": Text(
        vi="các đường báo đã thay đổi: nay báo nơi khác", en="the routes were changed: it goes elsewhere now"
    ),
    "because_acknowledged": Text(vi="{cause} đã nhận xử lý", en="{cause} acknowledged it"),
    "because_ended_before_told": Text(
        vi="nó hết trước khi đến lượt báo", en="it was over before it was its turn to be told"
    ),
    "because_firing": Text(vi="cảnh báo đang diễn ra", en="it fires"),
    "because_pending": Text(vi="cảnh báo mới đang theo dõi", en="it is only pending"),
    "because_not_configured": Text(
        vi="bước này không còn trong cấu hình", en="this step is no longer configured"
    ),
    "because_resolved": Text(vi="cảnh báo đã hết", en="it is resolved"),
    "why_sent": Text(vi="Có: {reason}, đã giao lúc {at}.", en="You did: {reason}, delivered at {at}."),
    "why_sent_receipt": Text(
        vi="Có: {reason}, đã giao lúc {at} (biên nhận {receipt}).",
        en="You did: {reason}, delivered at {at} (receipt {receipt}).",
    ),
    "why_dead": Text(
        vi="Không: bỏ lúc {at} (số lần thử {attempts}): {error}.",
        en="You did not: given up at {at} (attempts {attempts}): {error}.",
    ),
    "why_failed": Text(
        vi="Chưa: {error}; thử lại sau {again}.", en="Not yet: {error}; tried again in {again}."
    ),
    "why_sending": Text(vi="Chưa: đang gửi từ {since}.", en="Not yet: it is being sent since {since}."),
    "why_no": Text(
        vi="Không: {because} (quyết định lúc {at}).", en="You did not: {because} (decided at {at})."
    ),
    "why_before": Text(vi="Trước đó đã giao lúc {at}.", en="Before that it was delivered at {at}."),
    "why_waits": Text(
        vi="Chưa: đợi nhóm của nó được báo lúc {at}.", en="Not yet: its group is told next at {at}."
    ),
    "why_pending": Text(
        vi="Chưa: cảnh báo còn đang theo dõi, chưa báo ai.",
        en="Not yet: it is pending, and nobody is told of that.",
    ),
    "why_not_routed_yet": Text(
        vi="Chưa: hanoi-alerts chưa xét đến nó.", en="Not yet: hanoi-alerts has not come to it."
    ),
    "why_withheld": Text(vi="Không: {because}.", en="You did not: {because}."),
    "why_no_route": Text(
        vi="Không: không đường báo nào dẫn tới {receiver}.", en="You did not: no route leads to {receiver}."
    ),
    "why_no_route_yet": Text(
        vi="Chưa: không đường báo nào dẫn tới {receiver}; lần chuyển cấp tới là lúc {at}.",
        en="Not yet: no route leads to {receiver}; the next escalation is due at {at}.",
    ),
    # what is refused
    "refused_no_alert": Text(vi="Không có cảnh báo số {id}.", en="There is no alert {id}."),
    "refused_acknowledge": Text(
        vi="Cảnh báo đã hết, hoặc đã có người nhận xử lý.",
        en="The alert is over, or somebody acknowledged it before.",
    ),
    "refused_unacknowledge": Text(
        vi="Cảnh báo đã hết, hoặc chưa ai nhận xử lý.", en="The alert is over, or nobody has acknowledged it."
    ),
    "refused_escalate": Text(
        vi="Không có ai để chuyển cấp tới: không có bước tiếp theo, đã nhận xử lý hoặc đã hết.",
        en="Nobody is left to escalate to: there is no next step, or it is acknowledged or over.",
    ),
    "refused_approve": Text(
        vi="Không duyệt được: quy tắc không cho phép, đã duyệt từ trước, hoặc cảnh báo đã hết.",
        en="It can't be approved: its rule says otherwise, it was approved before, or it is over.",
    ),
    "refused_refuse": Text(
        vi="Không từ chối được: quy tắc không cho ra công chúng, hoặc đã từ chối từ trước.",
        en="It can't be refused: its rule never publishes, or it was refused before.",
    ),
    "refused_date": Text(
        vi="Viết ngày như 22/11/2026, ngày giờ như 22/11/2026 14:00.",
        en="Write a day as 22/11/2026, a time as 22/11/2026 14:00.",
    ),
    "refused_no_notification": Text(vi="Không có tin số {id}.", en="There is no message {id}."),
    "refused_note_missing": Text(vi="Hãy viết ghi chú.", en="Write the note first."),
    "refused_reason_missing": Text(vi="Hãy viết lý do.", en="Give a reason."),
    "refused_silence_matcher": Text(vi="Hãy cho biết tắt cái gì.", en="Say what is to be silenced."),
    "refused_silence_matchers": Text(vi="Quá nhiều nhãn.", en="Those are too many labels."),
    "refused_silence_matcher_wrong": Text(
        vi="'{text}': phải viết như \"severity = critical\"; các dấu là = != =~ !~",
        en="'{text}': is written like \"severity = critical\"; the signs are = != =~ !~",
    ),
    "refused_silence_matches_everything": Text(
        vi="Như vậy sẽ tắt mọi cảnh báo: hãy chỉ rõ hơn.", en="That would silence every alert: say what."
    ),
    "refused_silence_end": Text(vi="Hãy cho biết đến khi nào.", en="Say until when."),
    "refused_silence_end_before_start": Text(
        vi="Lúc kết thúc phải sau lúc bắt đầu.", en="It must end after it begins."
    ),
    "refused_silence_end_past": Text(vi="Lúc kết thúc phải sau bây giờ.", en="It must end after now."),
    "refused_too_long": Text(vi="Dài nhất là {days} ngày.", en="It lasts {days} days at most."),
    "refused_no_silence": Text(
        vi="Số {id} không có, hoặc đã kết thúc.", en="There is no #{id}, or it is over."
    ),
    "refused_no_receiver": Text(
        vi="Không có nơi nhận '{receiver}'.", en="There is no receiver '{receiver}'."
    ),
    "refused_alerting_file": Text(
        vi="Không dùng được HANOI_ALERTING_FILE: {fault}", en="HANOI_ALERTING_FILE can't be used: {fault}"
    ),
}

ALERT_SCRIPT_TEXTS: Final = (
    *(
        "refused_server",
        "refused_date",
        "working",
        "show",
        "no_readings",
        "message_text",
        "timeline_empty",
        "why_none",
    ),
    *("done_acknowledge", "done_unacknowledge", "done_note", "done_escalate", "done_approve", "done_refuse"),
    *("done_silence", "done_ended", "any", "queue_empty", "acknowledge", "acknowledge_it", "history_empty"),
    *("silences_none", "end_it", "end_number", "receivers_none", "send_test", "send_test_to", "test_waiting"),
    *(
        "test_slow",
        "dead_none",
        "noisiest_none",
        "on_call_fault",
        "on_call_none",
        "on_call_nobody",
        "cap_none",
    ),
)
"""What the pages' scripts say by themselves."""
