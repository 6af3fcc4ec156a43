"""Claims of every wrong type and size, and configurations that invite trouble: refused with a reason, never half taken."""

import time
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from harness.gateway import run
from harness.stage import session_of, sign_in
from harness.toml import merged, toml_text
from harness.user_agent import UserAgent

ROLES = [f"role {number}|a,b;c^d%{number}\u00e9" for number in range(200)]
EVIL = "(a*)*(a|aa)+(.*)(.*)(.*)b"


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream):
    def route(path, **more):
        return {"path": path, "upstream": upstream.url, **more}

    def list_of_roles(separator, **more):
        return {"preset": "none", "headers": [{"name": "X-List", "claim": "roles", "separator": separator, **more}]}

    routes = [
        route("/"),
        route("/none", preset="none"),
        route("/id", token="id", preset="none"),
        route("/protected", preset="protected-app"),
        route("/pipe", **list_of_roles("|")),
        route("/caret", **list_of_roles("^")),
        route("/two", **list_of_roles("; ")),
        route("/percent", **list_of_roles(",", encoding="percent")),
        route("/plan", preset="none", require={"claims": {"path": "custom_data.plan", "equals": "gold"}}),
        route("/age", preset="none", require={"claims": {"path": "custom_data.age", "equals": 18}}),
        route("/admin", preset="none", require={"roles": ["admin"]}),
        route("/not-admin", preset="none", require={"not": {"roles": ["admin"]}}),
        route("/evil", preset="none", require={"claims": {"path": "custom_data.plan", "matches": EVIL}}),
    ]
    settings = {"limits": {"identity_size": "64KiB"}, "route": routes}
    yield shared_stage.gateway(forger, upstream, settings)
    forger.claims.clear()


@pytest.fixture
def claims(forger):
    """Sets claims of the next sign-in."""
    forger.claims.clear()
    yield forger.claims
    forger.claims.clear()


@pytest.mark.parametrize("path, separator", [("/pipe", "|"), ("/caret", "^"), ("/two", "; "), ("/percent", ",")])
def test_200_roles_with_separators_in_them_stay_200_roles(gateway, forger, upstream, claims, path, separator):
    claims["roles"] = ROLES
    sign_in(gateway, forger, path)
    value = upstream.last(path).header("X-List").encode("latin-1").decode()
    assert [unquote(role) for role in value.split(separator)] == ROLES


def test_an_id_token_of_40_kilobytes_signs_in_and_reaches_who_asks_for_it_whole(gateway, forger, upstream, claims):
    claims["custom_data"] = {"history": "x" * 30_000}
    agent = sign_in(gateway, forger, "/none")
    assert agent.page.status_code == 200
    assert agent.get(gateway.url("/id/x")).status_code == 200
    token = upstream.last("/id/x").header("Authorization").removeprefix("Bearer ")
    assert len(token) > 40_000 and token.count(".") == 2
    assert agent.get(gateway.url("/protected/x")).status_code == 200
    assert upstream.last("/protected/x").header("Logto-ID-Token") == token


def test_such_a_token_is_no_hint_in_an_address_that_nobody_would_take(gateway, forger, claims):
    claims["custom_data"] = {"history": "x" * 30_000}
    agent = sign_in(gateway, forger, "/none")
    answer = agent.submit(agent.get(gateway.own("sign-out")))
    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert len(location) < 8000
    query = parse_qs(urlsplit(location).query)
    assert query["client_id"] == [forger.client_id]
    assert "id_token_hint" not in query
    assert session_of(gateway, agent) is None


WRONG = [None, True, False, 0, 18.5, 1e300, "", "18", [], ["gold"], {}, {"plan": "gold"}, "GOLD", "gold\0", "gold ", -1]


@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_a_claim_of_another_type_or_value_satisfies_nothing(gateway, forger, upstream, claims, value):
    upstream.forget()
    claims["custom_data"] = {"plan": value, "age": value}
    agent = sign_in(gateway, forger, "/none")
    in_list = value == ["gold"]
    assert agent.fetch(gateway.url("/plan")).status_code == (200 if in_list else 403)
    assert agent.fetch(gateway.url("/age")).status_code == 403
    assert upstream.count("/age") == 0


@pytest.mark.parametrize("value", [None, "admin", {"admin": True}, [["admin"]], [None], [1], True, 7], ids=repr)
def test_roles_of_another_type_are_neither_had_nor_lacked(gateway, forger, claims, value):
    claims["roles"] = value
    agent = sign_in(gateway, forger, "/none")
    assert agent.fetch(gateway.url("/admin")).status_code == 403
    assert agent.fetch(gateway.url("/not-admin")).status_code == 403


def test_the_log_says_what_was_missing(gateway, forger, claims):
    claims["custom_data"] = {"plan": ["silver"]}
    agent = sign_in(gateway, forger, "/none")
    decision = agent.fetch(gateway.url("/plan")).json()["decision_id"]
    lines = gateway.process.wait_until(lambda: [line for line in gateway.log if line.get("decision_id") == decision])
    assert "custom_data.plan" in lines[0]["unmet"]


def test_a_pattern_that_makes_others_try_for_ever_is_answered_at_once(gateway, forger, claims):
    claims["custom_data"] = {"plan": "a" * 4000 + "!"}
    agent = sign_in(gateway, forger, "/none")
    started = time.monotonic()
    assert agent.fetch(gateway.url("/evil")).status_code == 403
    assert time.monotonic() - started < 5
    assert UserAgent().get(gateway.url("/none")).status_code == 302


@pytest.mark.parametrize(
    "headers",
    [
        [{"name": "X-Team", "claim": "a"}, {"name": "x_team", "claim": "b"}],
        [{"name": "X-Team", "claim": "a"}, {"name": "X.TEAM", "claim": "b"}],
        [{"name": "x-forwarded_user", "claim": "a"}],
        [{"name": "X-Team", "claim": "a"}, {"name": "X-Team", "claim": "a"}],
    ],
)
def test_names_that_applications_cannot_tell_apart_are_refused_at_start(tmp_path, gateway, headers):
    file = tmp_path / "gatehouse.toml"
    route = {"path": "/", "upstream": "http://127.0.0.1:1", "headers": headers}
    file.write_text(toml_text(merged(gateway.settings, {"route": [route]})))
    result = run("check", "--config", file)
    assert result.returncode == 78
    assert "route.headers" in result.stderr and "twice" in result.stderr
