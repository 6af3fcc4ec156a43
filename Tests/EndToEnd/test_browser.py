"""A real browser: signs in, sees the name, opens two tabs at once, signs out, and is asked again."""

import pytest
from selenium.webdriver.common.by import By

from harness import mint
from harness.waiting import eventually


@pytest.fixture
def stand_in(stage):
    stand_in = stage.stand_in()
    stand_in.sign_in_by_itself(None)
    return stand_in


@pytest.fixture
def gateway(stage, stand_in):
    """Under "localhost", while the provider is at "127.0.0.1": two sites with cookies of their own."""
    application = stage.flask()
    routes = [
        {"path": "/", "upstream": application, "access": "optional"},
        {"path": "/protected", "upstream": application},
    ]
    return stage.gateway(stand_in, application, {"server": {"public_url": "http://localhost:PORT"}, "route": routes})


def body(chromium):
    return chromium.find_element(By.TAG_NAME, "body").text


def type_user(chromium, stand_in, name="alice"):
    """Fills in the provider's page."""
    eventually(lambda: chromium.current_url.startswith(stand_in.base))
    field = eventually(lambda: chromium.find_elements(By.NAME, "user"))[-1]
    field.send_keys(name)
    field.submit()


def test_a_person_signs_in_sees_the_name_signs_out_and_is_asked_again(gateway, stand_in, chromium):
    chromium.get(gateway.url("/protected"))
    type_user(chromium, stand_in)
    eventually(lambda: chromium.current_url == gateway.url("/protected"))
    assert "Hello, Alice Liddell." in body(chromium)

    cookie = chromium.get_cookie("gatehouse")
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["path"] == "/"
    assert not [c for c in chromium.get_cookies() if c["name"].startswith("gatehouse_tx_")]
    assert chromium.execute_script("return document.cookie") == ""

    chromium.get(gateway.own("sign-out"))
    chromium.find_element(By.CSS_SELECTOR, "form button, form input[type=submit]").click()
    eventually(lambda: chromium.current_url.split("?")[0] == gateway.own("signed-out"))
    assert "signed out" in body(chromium).lower()
    assert chromium.get_cookie("gatehouse") is None

    chromium.get(gateway.url("/protected"))
    eventually(lambda: chromium.current_url.startswith(stand_in.base))
    assert "Hello" not in body(chromium)


def test_a_page_works_on_past_the_end_of_its_tokens(gateway, stand_in, chromium):
    """Nobody sees a refresh: neither a script that goes on asking, nor who opens the next page."""
    stand_in.control("/knobs", {"accessTokenTtl": 2, "idTokenTtl": 2, "rotation": "always"})
    chromium.get(gateway.url("/protected"))
    type_user(chromium, stand_in)
    eventually(lambda: chromium.current_url == gateway.url("/protected"))
    script = """
        const done = arguments[arguments.length - 1], seen = [], end = Date.now() + 7000;
        const ask = () => fetch('/protected').then(answer => {
            seen.push([answer.status, answer.redirected]);
            Date.now() < end ? setTimeout(ask, 200) : done(seen);
        });
        ask();
    """
    chromium.set_script_timeout(30)
    seen = chromium.execute_async_script(script)
    assert len(seen) > 5 and all(answer == [200, False] for answer in seen), seen
    chromium.get(gateway.url("/protected?later"))
    assert "Hello, Alice Liddell." in body(chromium)
    assert chromium.current_url == gateway.url("/protected?later")
    assert len(stand_in.presented()) > 1 and set(stand_in.presented().values()) == {1}


def test_two_tabs_at_once_both_arrive(gateway, stand_in, chromium):
    chromium.get(gateway.url("/protected?tab=1"))
    first = chromium.current_window_handle
    chromium.switch_to.new_window("tab")
    chromium.get(gateway.url("/protected?tab=2"))
    type_user(chromium, stand_in)
    eventually(lambda: chromium.current_url == gateway.url("/protected?tab=2"))
    chromium.switch_to.window(first)
    type_user(chromium, stand_in)
    eventually(lambda: chromium.current_url == gateway.url("/protected?tab=1"))
    assert "Hello, Alice Liddell." in body(chromium)


def test_a_script_of_a_signed_out_page_gets_401_and_can_say_so(gateway, chromium):
    chromium.get(gateway.url("/"))
    script = """
        const done = arguments[arguments.length - 1];
        fetch('/protected').then(async r => done([r.status, r.redirected, (await r.json()).sign_in_url]));
    """
    status, redirected, address = chromium.execute_async_script(script)
    assert (status, redirected) == (401, False)
    chromium.get(address if address.startswith("http") else gateway.url(address))
    eventually(lambda: not chromium.current_url.startswith(gateway.origin))


def test_our_pages_are_readable_on_a_phone_in_the_dark_and_without_scripts(gateway, stand_in, chromium):
    chromium.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    chromium.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 640, "deviceScaleFactor": 2, "mobile": True}
    )
    pages = [
        gateway.own("sign-out"),
        gateway.own("signed-out"),
        gateway.own("callback") + "?error=access_denied&state=x",
    ]
    for page in pages:
        chromium.get(page)
        width = chromium.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1] <= 400, page
        assert chromium.find_elements(By.TAG_NAME, "h1")
        assert chromium.find_elements(By.TAG_NAME, "script") == []
        background = chromium.execute_script("return getComputedStyle(document.body).backgroundColor")
        channels = [
            int(number) for number in background.removeprefix("rgba(").removeprefix("rgb(").rstrip(")").split(",")[:3]
        ]
        assert max(channels) < 100, f"{page} is bright in the dark: {background}"
        assert not [entry for entry in chromium.get_log("browser") if "Refused" in entry["message"]]


def test_a_page_that_refuses_a_callback_gives_its_code_to_nobody(stage, chromium):
    """Browsers ask the application for an icon of our page, and name the page as the referrer; so do links."""
    forger, application = stage.forger(), stage.upstream()
    forger.id_token = lambda grant: mint.genuine(forger.id_claims(grant, nonce="another"), "ES384")
    routes = [
        {"path": "/", "upstream": application.url, "access": "anyone"},
        {"path": "/in", "upstream": application.url},
    ]
    gateway = stage.gateway(forger, application, {"route": routes})
    chromium.get(gateway.url("/in"))
    eventually(lambda: chromium.current_url.startswith(gateway.own("callback")))
    chromium.find_element(By.CSS_SELECTOR, "main a").click()
    eventually(lambda: forger.count("/auth") == 2)
    heads = b"".join(received.head for received in application.received)
    assert b"code=" not in heads and b"state=" not in heads, heads
    assert not [entry for entry in forger.log if "code=" in entry["headers"].get("Referer", "")]


def test_a_form_on_another_site_cannot_sign_the_user_out(gateway, stand_in, chromium, stage):
    chromium.get(gateway.url("/protected"))
    type_user(chromium, stand_in)
    eventually(lambda: chromium.current_url == gateway.url("/protected"))
    attacker = stage.upstream()
    form = f"<form method=post action='{gateway.own('sign-out')}'><button>win</button></form>".encode()
    attacker.on("/evil", lambda c, _: c.reply(form, "200 OK", "Content-Type: text/html"))
    chromium.get(attacker.url + "/evil")
    chromium.find_element(By.TAG_NAME, "button").click()
    eventually(lambda: chromium.current_url == gateway.own("sign-out"))
    chromium.get(gateway.url("/protected"))
    assert "Hello, Alice Liddell." in body(chromium)
