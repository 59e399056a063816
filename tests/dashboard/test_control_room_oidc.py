"""Logging in at an identity provider: the whole way there and back against oidc-provider-mock, and what is refused."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from dashboard.control_room import oidc
from dashboard.control_room.oidc import OidcError, OidcSettings, Provider
from dashboard.control_room.server import oidc_settings
from storage import db, operators
from storage.operators import Role
from storage.settings import ConfigurationError, Settings
from tests.dashboard.room import add, room, talk
from tests.processes import free_port, start, wait_for

pytestmark = pytest.mark.integration

GROUPS = {"ops-viewers": Role.VIEWER, "ops-duty": Role.OPERATOR, "ops-admins": Role.ADMIN}
PEOPLE = [
    {"sub": "7", "preferred_username": "Mai.Anh@hanoi.example", "groups": ["ops-viewers", "ops-duty"]},
    {"sub": "8", "preferred_username": "guest", "groups": ["others"]},
    {"sub": "9", "preferred_username": "Đặng Hà", "groups": ["ops-duty"]},
    {"sub": "10", "preferred_username": "lan", "groups": ["ops-duty"]},
]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a provider, a process of its own."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    claims = [part for person in PEOPLE for part in ("--user-claims", json.dumps(person))]
    log = tmp_path_factory.mktemp("provider") / "log"
    with log.open("ab") as output:
        arguments = ("--port", str(port), "--require-nonce", "true", *claims)
        process = start("oidc-provider-mock", *arguments, env={}, log=output)
    try:
        wait_for(
            lambda: answers(url),
            "the provider answers",
            alive=lambda: process.poll() is None,
            context=log.read_text,
        )
        yield url
    finally:
        process.terminate()
        process.wait(20)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid-configuration", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def settings(issuer: str) -> OidcSettings:
    return OidcSettings(
        issuer=issuer,
        client_id="control-room",
        client_secret="a-secret",
        callback="http://room/ops/login/oidc/callback",
        roles=GROUPS,
    )


def consent(url: str, sub: str) -> str:
    """What the person does at the provider; returns where it sends the browser then."""
    answer = httpx.post(url, data={"sub": sub})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def enter(client: httpx.AsyncClient, sub: str, start: str = "/ops/login/oidc") -> httpx.Response:
    left = await client.get(start)
    assert left.status_code == 303
    return await client.get(consent(left.headers["location"], sub))


def test_who_the_provider_vouches_for_comes_in_with_the_highest_role_of_its_groups(
    city_url: str, issuer: str
) -> None:
    with room(city_url, oidc=settings(issuer)) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            page = await client.get("/ops/login?lang=en&next=/ops/notices")
            found = re.search(r'href="(/ops/login/oidc[^"]*)">([^<]+)<', page.text)
            assert found is not None
            assert found[2] == "Log in at 127.0.0.1"
            back = await enter(client, "7", found[1])
            assert (back.status_code, back.headers["location"]) == (303, "/ops/notices")
            notices = await client.get("/ops/notices")
            assert "mai.anh · operator" in notices.text

        talk(application, conversation)
    with db.connect(city_url, name="test") as conn:
        (found,) = operators.all_operators(conn)
        trail = [(one.actor, one.action, one.subject) for one in operators.audit_trail(conn, 10)]
    assert (found.name, found.role, found.issuer, found.subject) == ("mai.anh", Role.OPERATOR, issuer, "7")
    assert found.password_hash is None
    assert trail == [("mai.anh", "login", "mai.anh"), (issuer, "account_added", "mai.anh")]


@pytest.mark.parametrize(
    ("sub", "said"),
    [
        ("8", "in no group that may come in here"),
        ("9", "The name that you have there can&#x27;t be one here"),
        ("10", "Another account here has that name"),
    ],
)
def test_who_has_no_group_no_fit_name_or_another_s_name_stays_outside(
    city_url: str, issuer: str, sub: str, said: str
) -> None:
    add(city_url, "lan")
    with room(city_url, oidc=settings(issuer)) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await client.get("/ops/login?lang=en")
            back = await enter(client, sub)
            assert back.status_code == 401
            assert said in back.text
            assert (await client.get("/ops/api/alerts")).status_code == 401

        talk(application, conversation)


def test_a_closed_account_stays_outside_and_a_local_password_is_none_of_its_own(
    city_url: str, issuer: str
) -> None:
    with room(city_url, oidc=settings(issuer)) as (application, parts):

        async def conversation(client: httpx.AsyncClient) -> None:
            assert (await enter(client, "7")).status_code == 303
            with db.connect(city_url, name="test", autocommit=True) as conn:
                operators.disable(conn, "mai.anh", datetime.now(UTC))
            assert (await client.get("/ops/notices")).status_code in (303, 401)
            assert (await enter(client, "7")).status_code == 401

        talk(application, conversation)
        now = datetime.now(UTC)
        assert parts.sessions.log_in("mai.anh", "", before="", address="-", now=now) is None


def test_what_another_browser_began_or_nobody_did_is_refused(city_url: str, issuer: str) -> None:
    with room(city_url, oidc=settings(issuer)) as (application, _):
        stolen = ""

        async def one(client: httpx.AsyncClient) -> None:
            nonlocal stolen
            left = await client.get("/ops/login/oidc")
            stolen = consent(left.headers["location"], "7")

        async def another(client: httpx.AsyncClient) -> None:
            assert (await client.get(stolen)).status_code == 403  # never began
            await client.get("/ops/login/oidc")
            assert (await client.get(stolen)).status_code == 403  # began something else
            assert "hanoi_ops" not in client.cookies

        talk(application, one)
        talk(application, another)


def test_without_a_provider_there_is_no_such_way(city_url: str) -> None:
    with room(city_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            assert "oidc" not in (await client.get("/ops/login")).text
            assert (await client.get("/ops/login/oidc")).status_code == 401
            assert (await client.get("/ops/login/oidc/callback?code=1&state=2")).status_code == 401

        talk(application, conversation)


def test_a_provider_that_is_away_or_another_is_said_and_local_accounts_still_come_in(city_url: str) -> None:
    with room(city_url, oidc=settings("http://127.0.0.1:9")) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await client.get("/ops/login?lang=en")
            answer = await client.get("/ops/login/oidc")
            assert answer.status_code == 503
            assert "does not answer" in answer.text
            assert 'name="password"' in answer.text

        talk(application, conversation)


KEY = RSAKey.generate_key(2048, {"kid": "ours"})
OTHER = RSAKey.generate_key(2048, {"kid": "ours"})
CLAIMS = {
    "iss": "https://id.example",
    "aud": "control-room",
    "sub": "7",
    "nonce": "n",
    "preferred_username": "mai",
    "groups": ["ops-duty"],
}


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        pytest.param({}, OTHER, id="signed by another key"),
        pytest.param({"iss": "https://evil.example"}, KEY, id="of another issuer"),
        pytest.param({"aud": "another-client"}, KEY, id="for another client"),
        pytest.param({"nonce": "m"}, KEY, id="of another login"),
        pytest.param({"exp": 1}, KEY, id="expired"),
        pytest.param({"azp": "another-client"}, KEY, id="asked for by another client"),
        pytest.param({"sub": None}, KEY, id="of nobody"),
    ],
)
def test_an_id_token_that_is_not_for_this_login_is_refused(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, object], key: RSAKey
) -> None:
    provider = _provider(monkeypatch)
    good = jwt.encode({"alg": "RS256", "kid": "ours"}, _claims({}), KEY)
    assert provider._claims(good, "n")["sub"] == "7"
    with pytest.raises(OidcError, match="ID token"):
        provider._claims(jwt.encode({"alg": "RS256", "kid": "ours"}, _claims(changed), key), "n")


def test_an_unsigned_token_and_one_signed_with_our_secret_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = _provider(monkeypatch)
    header = {"alg": "RS256", "kid": "ours"}
    head, body, _ = jwt.encode(header, _claims({}), KEY).split(".")
    with pytest.raises(OidcError):
        provider._claims(f"eyJhbGciOiJub25lIn0.{body}.", "n")
    with pytest.raises(OidcError):
        provider._claims(f"{head}.{body}.", "n")


def _claims(changed: dict[str, object]) -> dict[str, object]:
    now = int(datetime.now(UTC).timestamp())
    merged = {**CLAIMS, "iat": now, "exp": now + 300, **changed}
    return {name: value for name, value in merged.items() if value is not None}


def _provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    """One whose documents are at hand; the way over HTTP has its tests above."""
    issuer = "https://id.example"
    documents = {
        f"{issuer}/.well-known/openid-configuration": {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/a",
            "token_endpoint": f"{issuer}/t",
            "jwks_uri": f"{issuer}/k",
        },
        f"{issuer}/k": KeySet([KEY]).as_dict(private=False),
    }
    monkeypatch.setattr(oidc, "_get", documents.__getitem__)
    return Provider(settings=settings(issuer))


def test_the_browser_is_sent_with_pkce_nonce_and_our_own_address(issuer: str) -> None:
    url, pending = Provider(settings=settings(issuer)).begin("")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert query["code_challenge_method"] == "S256"
    assert query["nonce"] == pending.nonce
    assert query["state"] == pending.state
    assert query["redirect_uri"] == "http://room/ops/login/oidc/callback"
    assert pending.verifier not in url


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"HANOI_OIDC_ISSUER": "http://id.example"}, "HANOI_OIDC_ISSUER"),
        ({"HANOI_OIDC_ISSUER": "https://id.example"}, "HANOI_OIDC_CLIENT_ID"),
        (
            {"HANOI_OIDC_ISSUER": "https://id.example", "HANOI_OIDC_CLIENT_ID": "x"},
            "HANOI_OIDC_CLIENT_SECRET",
        ),
        (
            {
                "HANOI_OIDC_ISSUER": "https://id.example",
                "HANOI_OIDC_CLIENT_ID": "x",
                "HANOI_OIDC_CLIENT_SECRET": "y",
            },
            "HANOI_OIDC_ROLES",
        ),
        ({"HANOI_OIDC_ROLES": "duty=boss"}, "HANOI_OIDC_ROLES: .*duty=boss.*viewer, operator, admin"),
    ],
)
def test_half_a_configuration_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], named: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=named):
        oidc_settings(Settings.load())


def test_groups_may_be_distinguished_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANOI_OIDC_ROLES", "cn=duty,ou=ops=operator; cn=it,ou=ops=admin")
    assert Settings.load().oidc_roles == {"cn=duty,ou=ops": "operator", "cn=it,ou=ops": "admin"}
