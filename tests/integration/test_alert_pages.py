"""The pages of alerts, asked in process on a real database, of alerts as engine and dispatcher write them."""

import hashlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from psycopg import sql

from dashboard import security
from dashboard.control_room.app import Application
from storage import db, operators
from storage.operators import Role
from tests.dashboard.alert_scene import NOW, Scene, dispatcher, scene
from tests.dashboard.room import Clock, add, log_in, room, talk
from tests.integration.alarms import Clock as SceneClock

pytestmark = pytest.mark.integration

API = "/ops/api"
TABLES = (
    *("alert", "alert_transition", "alert_event", "alert_group", "alert_group_member", "alert_escalation"),
    *("notification", "silence", "cap_message", "alert_evaluation", "operator_audit"),
)
Conversation = Callable[[httpx.AsyncClient], Awaitable[None]]


@pytest.fixture
def made(city_url: str, tmp_path: Path) -> Iterator[Scene]:
    with scene(city_url, tmp_path) as found:
        yield found


@contextmanager
def desk(url: str, made: Scene, *, role: Role = Role.OPERATOR) -> Iterator[Application]:
    add(url, role=role)
    clock = Clock()
    clock.now = NOW
    with room(url, clock, alerting_file=made.alerting_file) as (application, _):
        yield application


async def post(client: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
    """As the pages' scripts do it."""
    headers = {security.CSRF_HEADER: client.cookies[security.CSRF_COOKIE]}
    return await client.post(f"{API}{path}?lang=en", headers=headers, json=body)


async def seen(client: httpx.AsyncClient, alert_id: int, language: str = "en") -> dict[str, Any]:
    answer = await client.get(f"{API}/alerts/{alert_id}?lang={language}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def words(found: dict[str, Any]) -> list[str]:
    return [line["words"] for line in found["timeline"]]


def answer_for(found: dict[str, Any], receiver: str) -> str:
    return str(next(one["answer"] for one in found["why"] if one["receiver"] == receiver))


def contents(url: str) -> dict[str, str]:
    """What stands in the tables that alerts are about, as one hash each."""
    statement = sql.SQL("SELECT t::text FROM {} t")
    with db.connect(url, name="test") as conn:
        return {
            table: hashlib.sha256(
                "\n".join(
                    sorted(
                        str(row) for row in conn.execute(statement.format(sql.Identifier(table))).fetchall()
                    )
                ).encode()
            ).hexdigest()
            for table in TABLES
        }


def audited(url: str) -> list[tuple[str, str, str, str]]:
    with db.connect(url, name="test") as conn:
        trail = operators.audit_trail(conn, 20)
    return [(one.action, one.actor, one.subject, one.source) for one in trail]


def in_room(url: str, made: Scene, conversation: Conversation, *, role: Role = Role.OPERATOR) -> None:
    async def logged_in(client: httpx.AsyncClient) -> None:
        await log_in(client)
        await conversation(client)

    with desk(url, made, role=role) as application:
        talk(application, logged_in)


def test_the_timeline_of_a_flood_reads_like_a_report(city_url: str, made: Scene) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        found = await seen(client, made.ids["flooded"])
        assert words(found) == [
            "The condition is met: pending",
            "It held for long enough: it fires",
            "Goes to control-room, duty-telegram, siren, grouped by area = to-lich, kind = flood",
            "Told to control-room, duty-telegram, siren: it fires",
            "Delivered to control-room",
            "Delivered to duty-telegram (receipt 4411)",
            "Given up on siren: answered 403",
            "Escalated (step 1) to on call: Nguyễn Thị Lan",
            "Goes to on call: Nguyễn Thị Lan, grouped by area = to-lich, kind = flood",
            "Told to duty-telegram: an escalation",
            "Delivered to duty-telegram (receipt 4411)",
            "lan acknowledged it",
        ]
        assert found["timeline"][-1]["small"] == "On my way"
        assert found["timeline"][3]["text"].startswith("[SIMULATED] Street flooded 30 cm or more")
        assert found["timeline"][1]["at_words"] == "22/11/2026 14:21:02"

    in_room(city_url, made, conversation)


def test_each_receiver_has_an_answer(city_url: str, made: Scene) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        flooded = await seen(client, made.ids["flooded"])
        assert answer_for(flooded, "duty-telegram").startswith("You did: an escalation, delivered at")
        assert answer_for(flooded, "siren").startswith("You did not: given up at")
        assert "no route leads to duty-sms; the next escalation" in answer_for(flooded, "duty-sms")
        silenced = await seen(client, made.ids["silenced"])
        assert answer_for(silenced, "control-room") == (
            "You did not: silenced by #1 (lan: pump test) until 16:30:00 (decided at 22/11/2026 14:12:02)."
        )
        inhibited = await seen(client, made.ids["inhibited"], "vi")
        assert f"bị cảnh báo {made.ids['flooded']} che: Ngập từ 30 cm" in answer_for(
            inhibited, "control-room"
        )
        ordinary = await seen(client, made.ids["ordinary"])
        assert answer_for(ordinary, "duty-sms").startswith("Not yet: answered 503; tried again in")

    in_room(city_url, made, conversation)


def test_evidence_follows_the_values_after_the_last_transition(city_url: str, made: Scene) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        readings = (await seen(client, made.ids["flooded"]))["evidence"]["readings"]
        assert [(one["which"], one["value"], one["time"]) for one in readings] == [
            ("first", "30 cm", "22/11/2026 14:20:00"),
            ("worst", "39 cm", "22/11/2026 14:29:00"),
            ("newest", "39 cm", "22/11/2026 14:29:00"),
        ]
        assert {one["provenance"] for one in readings} == {"simulated"}
        assert all(one["arrived"] for one in readings)

    in_room(city_url, made, conversation)


def test_no_get_changes_anything(city_url: str, made: Scene) -> None:
    """A link in a message is opened by people, by previews of messengers and by virus scanners."""

    async def conversation(client: httpx.AsyncClient) -> None:
        before = contents(city_url)
        found = (await client.get(f"{API}/alerts")).json()
        pages = [
            "/ops/alerts",
            *(f"/ops/alerts/{number}" for number in made.ids.values()),
            *(f"{API}/alerts/{number}" for number in made.ids.values()),
            f"{API}/alerts",
            f"{API}/alerts/history?rule=flood&thing=tong&from=2026-11-01&to=2026-11-30",
            f"{API}/alerts/choices",
            *(f"{API}/notifications/{one['id']}" for one in found["dead"]),
        ]
        for page in pages:
            assert (await client.get(page)).status_code == 200, page
        acts = ["acknowledge", "unacknowledge", "note", "escalate", "approve", "refuse"]
        for path in [
            *(f"{API}/alerts/{made.ids['ordinary']}/{act}" for act in acts),
            *(f"{API}/silences", f"{API}/silences/1/end", f"{API}/receivers/test"),
        ]:
            assert (await client.get(path)).status_code in (404, 405), path
        assert contents(city_url) == before

    in_room(city_url, made, conversation)


def test_an_operator_acknowledges_notes_and_takes_back(city_url: str, made: Scene) -> None:
    alert_id = made.ids["ordinary"]

    async def conversation(client: httpx.AsyncClient) -> None:
        assert (await post(client, f"/alerts/{alert_id}/acknowledge", {"note": "Camera"})).status_code == 200
        again = await post(client, f"/alerts/{alert_id}/acknowledge", {"note": None})
        assert (again.status_code, again.json()["code"]) == (409, "acknowledge")
        found = await seen(client, alert_id)
        assert found["acknowledged"] == "Acknowledged by lan, 22/11/2026 14:30: Camera"
        assert (await post(client, f"/alerts/{alert_id}/note", {"note": "It recedes"})).status_code == 200
        empty = await post(client, f"/alerts/{alert_id}/note", {"note": "  "})
        assert (empty.status_code, empty.json()["error"]) == (422, "Write the note first.")
        assert (await post(client, f"/alerts/{alert_id}/unacknowledge", {})).status_code == 200
        assert words(await seen(client, alert_id))[-4:-1] == [
            "lan acknowledged it",
            "lan noted",
            "lan took the acknowledgement back",
        ]

    in_room(city_url, made, conversation)
    trail = audited(city_url)
    assert [one[0] for one in trail[:3]] == ["alert_unacknowledged", "alert_noted", "alert_acknowledged"]
    assert trail[0][1:] == ("lan", f"alert {alert_id}", "127.0.0.1")


def test_escalating_by_hand_makes_the_next_step_due(city_url: str, made: Scene) -> None:
    alert_id = made.ids["flooded"]

    async def conversation(client: httpx.AsyncClient) -> None:
        assert (await post(client, f"/alerts/{alert_id}/escalate", {})).status_code == 409  # acknowledged
        await post(client, f"/alerts/{alert_id}/unacknowledge", {})
        assert (await post(client, f"/alerts/{alert_id}/escalate", {})).status_code == 200
        made.clock.now = NOW + timedelta(seconds=1)
        run = dispatcher(made)
        run.run(made.conn, made.city.term)
        run.close()
        said = words(await seen(client, alert_id))
        assert "lan escalated it by hand" in said
        assert "Escalated (step 2) to duty-sms" in said

    in_room(city_url, made, conversation)


def test_an_operator_approves_with_the_text_before_his_eyes_and_refuses_with_a_reason(
    city_url: str, made: Scene
) -> None:
    alert_id = made.ids["flooded"]

    async def conversation(client: httpx.AsyncClient) -> None:
        before = (await seen(client, alert_id))["public"]
        assert before["preview"]["status"].startswith("The message says 'Exercise'")
        vi, en = before["preview"]["texts"]
        assert (vi["lang"], en["lang"]) == ("vi", "en")
        assert vi["text"].startswith("[MÔ PHỎNG] Ngập từ 30 cm")
        assert (await post(client, f"/alerts/{alert_id}/approve", {})).status_code == 200
        after = (await seen(client, alert_id))["public"]
        assert after["words"] == "Approved by lan, 22/11/2026 14:30."
        assert (after["preview"], after["may_approve"], after["may_refuse"]) == (None, False, True)
        without = await post(client, f"/alerts/{alert_id}/refuse", {"reason": ""})
        assert (without.status_code, without.json()["error"]) == (422, "Give a reason.")
        assert (await post(client, f"/alerts/{alert_id}/refuse", {"reason": "A drill"})).status_code == 200
        last = next(
            line for line in (await seen(client, alert_id))["timeline"] if "refused it" in line["words"]
        )
        assert (last["words"], last["small"]) == ("lan refused it for the public", "A drill")

    in_room(city_url, made, conversation)


def test_a_rule_that_never_publishes_can_not_be_approved(city_url: str, made: Scene) -> None:
    made.conn.execute("UPDATE alert SET public = 'never' WHERE id = %s", [made.ids["ordinary"]])

    async def conversation(client: httpx.AsyncClient) -> None:
        assert (await post(client, f"/alerts/{made.ids['ordinary']}/approve", {})).status_code == 409
        found = (await seen(client, made.ids["ordinary"]))["public"]
        assert (found["open"], found["preview"]) == (False, None)

    in_room(city_url, made, conversation)


def test_silences_are_made_seen_and_ended(city_url: str, made: Scene) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        mute = {
            "kind": "silence",
            "matchers": ["rule = flood-15"],
            "reason": "storm drill",
            "minutes": 120,
        }
        answer = await post(client, "/silences", mute)
        assert answer.json() == {"id": 2, "ends_words": "22/11/2026 16:30"}
        planned = {
            "kind": "maintenance",
            "matchers": ["area = to-lich", "kind = flood"],
            "reason": "pumps",
            "starts_at": "2026-11-23T08:00",
            "ends_at": "2026-11-23T12:00",
        }
        assert (await post(client, "/silences", planned)).status_code == 200
        found = (await client.get(f"{API}/alerts?lang=en")).json()["silences"]
        assert [one["id"] for one in found["active"]] == [1, 2]
        assert found["active"][1]["mutes"] == "alerts muted now: 3"
        assert found["planned"][0]["words"] == "lan, 23/11/2026 08:00 to 23/11/2026 12:00"
        assert (await post(client, "/silences/2/end", {})).status_code == 200
        assert (await post(client, "/silences/2/end", {})).status_code == 409
        ended = (await client.get(f"{API}/alerts?lang=en")).json()["silences"]["ended"]
        assert ended[0]["words"].endswith("ended by lan, 22/11/2026 14:30")

    in_room(city_url, made, conversation)
    assert [one[0] for one in audited(city_url)[:3]] == [
        "silence_ended",
        "maintenance_added",
        "silence_added",
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reason": " "}, "Give a reason."),
        ({"matchers": []}, "Say what is to be silenced."),
        ({"matchers": ["thing ~ x"]}, "'thing ~ x': is written like"),
        ({"matchers": ["thing =~ ("]}, "'thing =~ (': is written like"),
        ({"matchers": ["thing =~ .*"]}, "That would silence every alert: say what."),
        ({"minutes": None}, "Say until when."),
        ({"minutes": None, "ends_at": "2026-11-22T14:00"}, "It must end after"),
        ({"minutes": None, "ends_at": "2030-11-22T14:00"}, "It lasts 366 days at most."),
        ({"minutes": None, "ends_at": "2026-02-30T14:00"}, "check the fields"),
        ({"minutes": None, "ends_at": "yesterday"}, "not a valid value"),
        ({"minutes": 0}, "not a valid value"),
        ({"kind": "curse"}, "not a valid value"),
        ({"reason": "\x00"}, "not a valid value"),
    ],
)
def test_a_silence_that_can_not_be_is_refused_in_words(
    city_url: str, made: Scene, changes: dict[str, Any], says: str
) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        asked = {"kind": "silence", "matchers": ["thing = x"], "reason": "test", "minutes": 30} | changes
        answer = await post(client, "/silences", asked)
        assert answer.status_code == 422
        assert says in answer.json()["error"]

    in_room(city_url, made, conversation)
    assert made.conn.execute("SELECT count(*) AS n FROM silence").fetchone() == {"n": 1}


def test_a_test_reports_its_delivery_or_its_error(city_url: str, made: Scene) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        ids = {
            name: (await post(client, "/receivers/test", {"receiver": name})).json()["id"]
            for name in ("duty-telegram", "duty-sms", "siren")
        }

        async def result(name: str) -> dict[str, Any]:
            found: dict[str, Any] = (await client.get(f"{API}/notifications/{ids[name]}?lang=en")).json()
            return found

        assert await result("siren") == {"words": "Sending…", "kind": "", "over": False}
        made.clock.now = NOW
        run = dispatcher(made)
        run.run(made.conn, made.city.term)
        run.close()
        telegram, sms, siren = [await result(name) for name in ids]
        assert telegram == {
            "words": "Delivered at 22/11/2026 14:30:00 (receipt 4411).",
            "kind": "good",
            "over": True,
        }
        assert sms["words"] == "Not delivered yet: answered 503. It is tried again."
        assert (siren["words"], siren["over"]) == ("Not delivered: answered 403.", True)
        nobody = await post(client, "/receivers/test", {"receiver": "nobody"})
        assert (nobody.status_code, nobody.json()["error"]) == (404, "There is no receiver 'nobody'.")

    in_room(city_url, made, conversation)
    assert audited(city_url)[0] == ("receiver_tested", "lan", "siren", "127.0.0.1")


def test_history_is_searched_by_rule_thing_and_day_and_paged(city_url: str, made: Scene) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        async def found(query: str) -> list[int]:
            answer = await client.get(f"{API}/alerts/history?{query}")
            assert answer.status_code == 200, answer.text
            return [one["id"] for one in answer.json()["alerts"]]

        ids = made.ids
        assert set(await found("")) == set(ids.values())
        assert await found("rule=flood-30") == [ids["flooded"]]
        assert await found("thing=Cao Bá&rule=ngập") == [ids["ordinary"]]
        assert await found("from=2026-11-23") == []
        assert len(await found("from=2026-11-22&to=2026-11-22")) == 4
        assert await found("thing=%25") == []
        for wrong in ("from=tomorrow", "after=x", "after=2026-11-22,1", "rule=%00"):
            assert (await client.get(f"{API}/alerts/history?{wrong}")).status_code == 422, wrong

    in_room(city_url, made, conversation)


def test_long_histories_come_in_pages(city_url: str, made: Scene) -> None:
    made.conn.execute(
        """
        INSERT INTO alert (rule, domain, thing_id, datastream_id, property, severity, state, title_vi, title_en,
                           runbook_vi, runbook_en, unit, value, value_time, peak, pending_since, firing_since,
                           resolved_at, provenance, for_citizens)
        SELECT 'old', a.domain, a.thing_id, a.datastream_id, a.property, 'info', 'resolved', 'Cũ', 'Old', '', '',
               '1', 0, a.value_time, 0, a.pending_since - n * interval '1 hour',
               a.pending_since - n * interval '1 hour',
               a.pending_since, 'measured', true
        FROM alert a, generate_series(1, 60) AS n WHERE a.id = %s
        """,
        [made.ids["ordinary"]],
    )

    async def conversation(client: httpx.AsyncClient) -> None:
        first = (await client.get(f"{API}/alerts/history?rule=old")).json()
        after = httpx.QueryParams({"rule": "old", "after": first["after"]})
        second = (await client.get(f"{API}/alerts/history?{after}")).json()
        assert (len(first["alerts"]), len(second["alerts"]), second["after"]) == (50, 10, None)
        ids = [one["id"] for one in (*first["alerts"], *second["alerts"])]
        assert ids == sorted(set(ids))

    in_room(city_url, made, conversation)


def test_the_board_shows_what_a_duty_officer_needs(city_url: str, made: Scene) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        found = (await client.get(f"{API}/alerts?lang=en")).json()
        assert [one["people"] for one in found["on_call"]["rosters"]] == ["Nguyễn Thị Lan"]
        noisiest = {one["rule"]: one["fired"] for one in found["noisiest"]["day"]}
        assert noisiest == {"flood-15": "3", "flood-30": "1"}
        assert [one["receiver"] for one in found["dead"]] == ["siren"]
        assert found["engine"]["fault"] is None
        assert [one["name"] for one in found["receivers"]] == [
            "control-room",
            "duty-telegram",
            "duty-sms",
            "siren",
        ]
        assert {one["id"] for one in found["queue"]["firing"]} == {
            made.ids[name] for name in ("inhibited", "silenced", "ordinary")
        }
        assert [one["id"] for one in found["queue"]["acknowledged"]] == [made.ids["flooded"]]

    in_room(city_url, made, conversation)


def test_a_file_that_can_not_be_used_is_said_and_the_rest_is_shown(city_url: str, made: Scene) -> None:
    made.alerting_file.write_text("[route]\nreceivers = ['nobody']\n", "utf-8")

    async def conversation(client: httpx.AsyncClient) -> None:
        found = (await client.get(f"{API}/alerts?lang=en")).json()
        assert "route.receivers: 'nobody' is unknown" in found["on_call"]["fault"]
        assert len(found["queue"]["firing"]) == 3
        answer = await post(client, "/receivers/test", {"receiver": "siren"})
        assert "HANOI_ALERTING_FILE can't be used" in answer.json()["error"]
        assert answer_for(await seen(client, made.ids["flooded"]), "siren").startswith("You did not")

    in_room(city_url, made, conversation)


def test_what_is_not_there_is_404_in_words(city_url: str, made: Scene) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        answer = await client.get(f"{API}/alerts/99?lang=en")
        assert (answer.status_code, answer.json()["error"]) == (404, "There is no alert 99.")
        assert (await client.get(f"{API}/alerts/{2**63}")).status_code == 404
        assert (await client.get(f"{API}/notifications/99")).status_code == 404
        assert (await client.get(f"/ops/alerts/{2**63}")).status_code == 404
        assert (await client.get("/ops/alerts/x")).status_code == 404
        assert (await post(client, "/alerts/99/acknowledge", {"note": None})).status_code == 404
        assert (await post(client, f"/silences/{2**63}/end", {})).status_code == 404

    in_room(city_url, made, conversation)


def test_a_viewer_looks_and_can_do_nothing(city_url: str, made: Scene) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        page = await client.get(f"/ops/alerts/{made.ids['ordinary']}?lang=en")
        assert 'data-may-act="0"' in page.text
        assert words(await seen(client, made.ids["ordinary"]))
        before = contents(city_url)
        for path, body in posts(made):
            assert (await post(client, path, body)).status_code == 403, path
        assert contents(city_url) == before

    in_room(city_url, made, conversation, role=Role.VIEWER)


def test_a_forged_request_is_refused(city_url: str, made: Scene) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        before = contents(city_url)
        for path, body in posts(made):
            assert (await client.post(f"{API}{path}", json=body)).status_code == 403, path
            elsewhere = {security.CSRF_HEADER: "0" * 64}
            assert (await client.post(f"{API}{path}", json=body, headers=elsewhere)).status_code == 403
            from_outside = {
                security.CSRF_HEADER: client.cookies[security.CSRF_COOKIE],
                "Sec-Fetch-Site": "cross-site",
            }
            answer = await client.post(f"{API}{path}", json=body, headers=from_outside)
            assert answer.status_code == 403
        assert contents(city_url) == before

    in_room(city_url, made, conversation)


def posts(made: Scene) -> list[tuple[str, Any]]:
    """Everything that changes something."""
    one = f"/alerts/{made.ids['ordinary']}"
    return [
        (f"{one}/acknowledge", {"note": None}),
        (f"{one}/unacknowledge", {}),
        (f"{one}/note", {"note": "x"}),
        (f"{one}/escalate", {}),
        (f"{one}/approve", {}),
        (f"{one}/refuse", {"reason": "x"}),
        ("/silences", {"kind": "silence", "matchers": ["thing = x"], "reason": "x", "minutes": 30}),
        ("/silences/1/end", {}),
        ("/receivers/test", {"receiver": "siren"}),
    ]


def test_the_pages_have_no_script_of_their_own_and_ask_nobody_else(city_url: str, made: Scene) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        for path in ("/ops/alerts", f"/ops/alerts/{made.ids['ordinary']}"):
            for language in ("vi", "en"):
                page = await client.get(f"{path}?lang={language}")
                assert f'<html lang="{language}"' in page.text
                assert page.text.count("<script") == page.text.count(
                    '<script type="module" src="/ops/assets/'
                )
                assert "http://" not in page.text
                assert "https://" not in page.text
                assert "$" not in page.text
                policy = page.headers["content-security-policy"]
                assert "unsafe-eval" not in policy
                scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
                assert "unsafe-inline" not in scripts

    in_room(city_url, made, conversation)


def test_who_has_to_log_in_first_gets_to_the_alert_of_the_link(city_url: str, made: Scene) -> None:
    with desk(city_url, made) as application:

        async def conversation(client: httpx.AsyncClient) -> None:
            page = {"Accept": "text/html"}
            away = await client.get(f"/ops/alerts/{made.ids['flooded']}", headers=page)
            assert away.headers["location"] == f"/ops/login?next=/ops/alerts/{made.ids['flooded']}"
            entered = await log_in(client, path=away.headers["location"])
            assert entered.headers["location"] == f"/ops/alerts/{made.ids['flooded']}"
            for elsewhere in (
                "https://example.org/",
                "//example.org",
                "/ops/alerts/1/../../x",
                "/ops/api/overview",
            ):
                client.cookies.clear()
                entered = await log_in(client, path=f"/ops/login?next={elsewhere}")
                assert entered.headers["location"] == "/ops/"

        talk(application, conversation)


def test_a_database_that_is_gone_is_said(city_url: str, made: Scene) -> None:
    add(city_url)
    with room(city_url, SceneClock(), alerting_file=made.alerting_file) as (application, parts):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            parts.pool.close()
            answer = await client.get(f"{API}/alerts/{made.ids['flooded']}")
            assert answer.status_code == 503

        talk(application, conversation)
