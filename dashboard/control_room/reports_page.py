"""The pages of reports: the shift's, the bulletins of a day and a month; as PDF, and their tables as CSV."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from dashboard import security
from dashboard.control_room import (
    answering,
    language,
    pdf,
    replay_moment,
    report_csv,
    report_html,
    report_view,
)
from dashboard.control_room.alert_words import stamp
from dashboard.control_room.answering import Frame, for_everybody, for_operators
from dashboard.control_room.bulletin_rows import Kind
from dashboard.control_room.language import REPORTS, Language
from dashboard.control_room.long_work import Asked, Works, wants_lines
from dashboard.control_room.parts import Parts
from dashboard.control_room.pdf import PdfUnavailable
from dashboard.control_room.refused import Refused
from dashboard.control_room.report_desk import HandoverBody, ReportDesk
from dashboard.control_room.report_document import Document
from dashboard.control_room.report_view import Around, FormField
from dashboard.control_room.shifts import Shift
from dashboard.control_room.texts import say
from dashboard.control_room.waiting import Waiting
from storage.bulletins import Span
from storage.db import DatabaseUnreachable
from storage.operators import Role

SHIFT: Final = f"{REPORTS}/shift"
API: Final = f"{security.ROOT}/api/reports/shift"
NAMES: Final[dict[Kind, str]] = {"day": "daily", "month": "monthly"}
LONGEST_ASKED: Final = 40
STAGES: Final = ("read", *pdf.STAGES)
"""Of the making of a PDF."""


def routes(parts: Parts, works: Works) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = ReportDesk(parts)
    router.add_api_route(REPORTS, _to_shift, methods=["GET"])
    _shift(router, desk, works)
    _handovers(router, desk, works)
    for kind in NAMES:
        _bulletin(router, desk, works, kind)
    return router


async def _to_shift() -> Response:
    return RedirectResponse(SHIFT, 303)


def _shift(router: APIRouter, desk: ReportDesk, works: Works) -> None:
    @router.get(SHIFT)
    async def get_shift(request: Request) -> Response:
        shown, who, asked = language.current(), security.visitor(), _asked(request)

        def made() -> tuple[Document, Around]:
            shift, rule = desk.shift(asked)
            document = desk.shift_document(shift, rule, shown)
            return document, _around_shift(desk, shift, who, shown)

        return await _answered("shift", made, _shift_fields("", "", shown), shown, who)

    @router.get(f"{SHIFT}.pdf")
    @for_everybody
    async def get_pdf(request: Request) -> Response:
        shown, asked = language.current(), _asked(request)

        def made() -> Document:
            shift, rule = desk.shift(asked)
            return desk.shift_document(shift, rule, shown)

        return await _printed(request, works, made, "shift", f"{SHIFT}?{request.url.query}", shown)

    @router.post(API)
    @for_operators
    async def post_handover(request: Request) -> Response:
        asked, sender = await answering.body(request, HandoverBody), answering.sender(request)
        return answering.encoded(await asyncio.to_thread(desk.hand_over, asked, sender))


def _handovers(router: APIRouter, desk: ReportDesk, works: Works) -> None:
    @router.get(f"{SHIFT}/{{handover_id:int}}")
    async def get_handover(handover_id: int) -> Response:
        shown, who = language.current(), security.visitor()

        def made() -> tuple[Document, Around]:
            links = [(SHIFT, say("shift_report", shown)), *report_view.others("shift", shown)]
            around = Around(
                address=SHIFT,
                fields=(),
                links=links,
                pdf=f"{SHIFT}/{handover_id}.pdf",
                handovers=desk.handovers(),
                frozen=True,
            )
            return desk.handed_over(handover_id, shown), around

        return await _answered("shift", made, (), shown, who, path=f"{SHIFT}/{handover_id}")

    @router.get(f"{SHIFT}/{{handover_id:int}}.pdf")
    @for_everybody
    async def get_pdf(handover_id: int, request: Request) -> Response:
        shown = language.current()
        back = f"{SHIFT}/{handover_id}"

        def made() -> Document:
            return desk.handed_over(handover_id, shown)

        return await _printed(request, works, made, "shift", back, shown)


def _bulletin(router: APIRouter, desk: ReportDesk, works: Works, kind: Kind) -> None:
    name, key = NAMES[kind], "date" if kind == "day" else "month"
    address = f"{REPORTS}/{name}"

    def span_of(request: Request) -> Callable[[], Span]:
        asked = _asked(request).get(key, "")
        return lambda: desk.day(asked) if kind == "day" else desk.month(asked)

    @router.get(address)
    async def get_page(request: Request) -> Response:
        shown, who, span = language.current(), security.visitor(), span_of(request)

        def made() -> tuple[Document, Around]:
            found = span()
            return desk.bulletin(kind, found, shown), _around_bulletin(desk, kind, found, shown)

        return await _answered(name, made, _bulletin_fields(kind, "", shown), shown, who)

    @router.get(f"{address}.pdf")
    @for_everybody
    async def get_pdf(request: Request) -> Response:
        shown, span = language.current(), span_of(request)
        back = f"{address}?{request.url.query}"

        def made() -> Document:
            return desk.bulletin(kind, span(), shown)

        return await _printed(request, works, made, name, back, shown)

    @router.get(f"{address}.csv")
    @for_everybody
    async def get_csv(request: Request) -> Response:
        shown, span, asked = language.current(), span_of(request), _asked(request)
        found = await asyncio.to_thread(span)
        excel = asked.get("for") == "excel"
        document = await asyncio.to_thread(desk.bulletin, kind, found, "vi" if excel else shown)
        table = next((one for one in document.tables() if one.key == asked.get("table")), None)
        if table is None:
            raise Refused(404, "no_table")
        content = report_csv.for_excel(table) if excel else report_csv.plain(table)
        file = f"hanoi-{name}-{table.key}-{found.first:%Y%m%d}-{found.last:%Y%m%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{file}"'}
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


async def _answered(
    name: str,
    made: Callable[[], tuple[Document, Around]],
    fields: tuple[FormField, ...],
    shown: Language,
    who: security.Visitor,
    *,
    path: str = "",
) -> Response:
    """The report on its page; what can't be shown is said there, where another can be asked for."""
    address, key = f"{REPORTS}/{name}", {"shift": "shift_report"}.get(name, f"{name}_bulletin")
    article, fault, status = "", "", 200
    around = Around(address=address, fields=fields, links=report_view.others(name, shown), pdf="")
    try:
        document, around = await asyncio.to_thread(made)
        article = await asyncio.to_thread(_article, document, around, name, shown)
    except Refused as refused:
        fault, status = say(f"refused_{refused.code}", shown).format(**refused.values), refused.status
    except DatabaseUnreachable:
        fault, status = say("refused_database", shown), 503
    frame = Frame(
        title=say(key, shown),
        path=path or around.pdf.replace(".pdf", "", 1) or address,
        styles=["alerts.css", "report.css"],
        script="report.js",
    )
    main = report_view.main_part(around, article, fault, shown)
    return answering.framed(frame, main, shown=shown, who=who, status=status)


def _article(document: Document, around: Around, name: str, shown: Language) -> str:
    if name == "shift":
        return report_html.article(document)
    csv = around.pdf.replace(".pdf", ".csv") + "&table="
    return report_html.article(
        document, csv=csv, csv_words=(say("report_csv", shown), say("report_csv_excel", shown))
    )


async def _printed(
    request: Request, works: Works, made: Callable[[], Document], name: str, back: str, shown: Language
) -> Response:
    """The PDF, or why there is none and what to do instead; line by line for who asks so."""
    file = f"hanoi-{name}.pdf"

    def work(waiting: Waiting) -> bytes:
        _tell(waiting, "read", 0, shown)
        document = made()
        waiting.look()
        html = report_html.standalone(document)
        return pdf.made(html, lambda reached: _tell(waiting, reached.stage, reached.page, shown))

    def found(waiting: Waiting) -> dict[str, Any]:
        try:
            return {"name": file, "pdf": work(waiting)}
        except PdfUnavailable as unavailable:
            why, instead = _why_none(unavailable.code, shown), say("no_pdf_instead", shown)
            raise Refused(503, "pdf", why=why, instead=instead) from unavailable

    bound = say("pdf_bound", shown).format(seconds=round(pdf.LONGEST_S))
    if wants_lines(request):
        return await works.answered(
            request, Asked(work=found, stopped="pdf_stopped", bound=bound), answering.encoded
        )
    headers = {"Content-Disposition": f'inline; filename="{file}"', "Vary": "Accept"}
    try:
        return await works.answered(
            request,
            Asked(work=work, stopped="pdf_stopped"),
            lambda content: Response(content, media_type="application/pdf", headers=headers),
        )
    except PdfUnavailable as unavailable:
        return _no_pdf(unavailable.code, back, shown)


def _tell(waiting: Waiting, stage: str, page: int, shown: Language) -> None:
    """Raises Stopped."""
    step, of = STAGES.index(stage), len(STAGES)
    count = say("pdf_at_page" if page else "pdf_at_step", shown).format(step=step + 1, of=of, page=page)
    waiting.reached(stage=say(f"pdf_{stage}", shown), count=count, done=step, of=of)


def _why_none(code: str, shown: Language) -> str:
    return say(f"no_pdf_{code}", shown).format(seconds=round(pdf.LONGEST_S))


def _no_pdf(code: str, back: str, shown: Language) -> Response:
    who = security.visitor()
    frame = Frame(
        template="no_pdf.html",
        title=say("no_pdf", shown),
        path=back.partition("?")[0],
        styles=["alerts.css"],
        script=None,
    )
    values = {"why": _why_none(code, shown), "back": back}
    return answering.page(frame, (), values, shown=shown, who=who, status=503)


def _around_shift(desk: ReportDesk, shift: Shift, who: security.Visitor, shown: Language) -> Around:
    before = desk.shift_at(shift.start - timedelta(seconds=1))
    after = desk.shift_at(shift.end)
    asked = report_view.shift_query(shift)
    links = [
        (f"{SHIFT}{report_view.shift_query(before)}", say("report_before", shown)),
        *(
            [(f"{SHIFT}{report_view.shift_query(after)}", say("report_after", shown))]
            if desk.has_begun(after.start)
            else []
        ),
        *report_view.others("shift", shown),
        (f"{language.REPLAY}?at={replay_moment.begun(shift.start)}", say("past_see_then", shown)),
    ]
    start, end = (f"{at:%Y-%m-%dT%H:%M}" for at in (shift.start, shift.end))
    return Around(
        address=SHIFT,
        fields=_shift_fields(stamp(shift.start), stamp(shift.end), shown),
        links=links,
        pdf=f"{SHIFT}.pdf{asked}",
        handover=None if who.role is Role.VIEWER else (start, end),
        handovers=desk.handovers(),
    )


def _shift_fields(start: str, end: str, shown: Language) -> tuple[FormField, ...]:
    form = "dd/mm/yyyy hh:mm"
    return (
        FormField(name="from", label=say("report_from", shown), value=start, form=form),
        FormField(name="to", label=say("report_to", shown), value=end, form=form),
    )


def _around_bulletin(desk: ReportDesk, kind: Kind, span: Span, shown: Language) -> Around:
    name = NAMES[kind]
    address = f"{REPORTS}/{name}"
    before = span.first - timedelta(days=1)
    after = (
        span.last + timedelta(days=1) if kind == "day" else (span.first + timedelta(days=31)).replace(day=1)
    )
    key, form = ("date", "%Y-%m-%d") if kind == "day" else ("month", "%Y-%m")
    written = f"{span.first:%d/%m/%Y}" if kind == "day" else f"{span.first:%m/%Y}"
    return Around(
        address=address,
        fields=_bulletin_fields(kind, written, shown),
        links=[
            (f"{address}{report_view.query(**{key: f'{before:{form}}'})}", say("report_before", shown)),
            *(
                [(f"{address}{report_view.query(**{key: f'{after:{form}}'})}", say("report_after", shown))]
                if desk.has_begun(Span(first=after, last=after).start)
                else []
            ),
            *report_view.others(name, shown),
        ],
        pdf=f"{address}.pdf{report_view.query(**{key: f'{span.first:{form}}'})}",
    )


def _bulletin_fields(kind: Kind, value: str, shown: Language) -> tuple[FormField, ...]:
    name, form = ("date", "dd/mm/yyyy") if kind == "day" else ("month", "mm/yyyy")
    label = say("report_day" if kind == "day" else "report_month", shown)
    return (FormField(name=name, label=label, value=value, form=form),)


def _asked(request: Request) -> dict[str, str]:
    return {name: value[:LONGEST_ASKED] for name, value in request.query_params.items()}
