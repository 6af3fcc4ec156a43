"""A browser without scripts: cookies by host as browsers keep them, Fetch Metadata, forms, redirects on demand."""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlencode, urljoin, urlsplit

import requests

from harness.forms import forms_in

NAVIGATION = {
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-User": "?1",
}
XHR = {
    "Accept": "application/json",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Site": "same-origin",
}


@dataclass
class Cookie:
    name: str
    value: str
    path: str = "/"
    secure: bool = False
    http_only: bool = False
    same_site: str | None = None
    domain: str | None = None
    max_age: int | None = None
    header: str = ""


class UserAgent:
    """`elsewhere` says where an origin really listens: {"https://app.example.com": "http://127.0.0.1:1234"}."""

    def __init__(self, elsewhere=None, timeout=20):
        self.elsewhere = elsewhere or {}
        self.timeout = timeout
        self.jar = {}
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.session.headers.clear()

    # Cookies

    def cookies(self, url):
        """Name to cookie, of the host of `url`."""
        return self.jar.setdefault(urlsplit(url).hostname, {})

    def cookie_header(self, url):
        parts = urlsplit(url)
        path = parts.path or "/"
        return "; ".join(
            f"{cookie.name}={cookie.value}"
            for cookie in self.cookies(url).values()
            if _path_matches(path, cookie.path) and (not cookie.secure or parts.scheme == "https" or _loopback(parts))
        )

    def copy(self):
        """Another browser with the same cookies at this moment, as a thief would have it."""
        other = UserAgent(self.elsewhere, self.timeout)
        other.jar = {host: dict(cookies) for host, cookies in self.jar.items()}
        return other

    def _store(self, url, response):
        for header in response.raw.headers.getlist("Set-Cookie"):
            cookie, expired = _parse_set_cookie(header)
            if cookie.name.startswith("__Host-"):
                assert cookie.secure and cookie.path == "/" and not cookie.domain, f"a browser refuses {header}"
            if cookie.name.startswith("__Secure-"):
                assert cookie.secure, f"a browser refuses {header}"
            assert len(cookie.name) + len(cookie.value) <= 4096, f"a browser refuses {header[:80]}…"
            if expired:
                self.cookies(url).pop(cookie.name, None)
            else:
                self.cookies(url)[cookie.name] = cookie

    # Requests

    def request(self, method, url, headers=None, **options):
        """One exchange, no redirect followed."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        target = self.elsewhere.get(origin, origin) + url[len(origin) :]
        sent = {"Host": parts.netloc, "User-Agent": "Mozilla/5.0 (end-to-end)", **(headers or {})}
        cookies = self.cookie_header(url)
        if cookies and not any(name.lower() == "cookie" for name in sent):
            sent["Cookie"] = cookies
        response = self.session.request(
            method, target, headers=sent, allow_redirects=False, timeout=self.timeout, **options
        )
        response.address = url
        self._store(url, response)
        return response

    def get(self, url, headers=None, **options):
        """As the address bar does it, one step."""
        return self.request("GET", url, headers={**NAVIGATION, **(headers or {})}, **options)

    def fetch(self, url, method="GET", headers=None, **options):
        """As a script of the page does it."""
        return self.request(method, url, headers={**XHR, **(headers or {})}, **options)

    def location(self, response):
        assert 300 <= response.status_code < 400, f"{response.status_code}, no redirect: {response.text[:500]}"
        return urljoin(response.address, response.headers["Location"])

    def follow(self, response):
        """One redirect."""
        return self.get(self.location(response))

    def visit(self, url, limit=12):
        """Follows redirects to their end; `.steps` of the answer lists the addresses on the way."""
        response = self.get(url)
        steps = [url]
        while response.status_code in (301, 302, 303, 307, 308):
            assert len(steps) < limit, f"a redirect loop: {steps}"
            steps.append(self.location(response))
            response = self.get(steps[-1])
        response.steps = steps
        return response

    def submit(self, response, index=0, button=None, **values):
        """Fills in and sends a form of the page, one step; unknown fields are added."""
        forms = forms_in(response.text)
        assert len(forms) > index, f"no form on this page: {response.text[:800]}"
        form = forms[index]
        fields = [(name, value) for name, value in form.fields if name not in values]
        fields += list(values.items())
        if button is not None:
            fields.append(button)
        url = urljoin(response.address, form.action or response.address)
        if form.method == "GET":
            return self.get(url + "?" + urlencode(fields))
        parts, here = urlsplit(url), urlsplit(response.address)
        same = (parts.scheme, parts.netloc) == (here.scheme, here.netloc)
        silent = response.headers.get("Referrer-Policy") == "no-referrer"
        headers = {
            **NAVIGATION,
            "Sec-Fetch-Site": "same-origin" if same else "cross-site",
            # Fetch, 3.1: a page that sends no referrer sends no origin either, not even to its own.
            "Origin": "null" if silent else f"{here.scheme}://{here.netloc}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self.request("POST", url, headers=headers, data=urlencode(fields))


def _loopback(parts):
    return parts.hostname in ("localhost", "127.0.0.1", "::1") or parts.hostname.endswith(".localhost")


def _path_matches(path, cookie_path):
    return path == cookie_path or (
        path.startswith(cookie_path) and (cookie_path.endswith("/") or path[len(cookie_path)] == "/")
    )


def _parse_set_cookie(header):
    first, *attributes = [part.strip() for part in header.split(";")]
    name, _, value = first.partition("=")
    cookie = Cookie(name, value, header=header)
    expired = False
    for attribute in attributes:
        key, _, text = attribute.partition("=")
        match key.lower():
            case "path":
                cookie.path = text if text.startswith("/") else "/"
            case "secure":
                cookie.secure = True
            case "httponly":
                cookie.http_only = True
            case "samesite":
                cookie.same_site = text.lower()
            case "domain":
                cookie.domain = text
            case "max-age":
                cookie.max_age = int(text)
                expired = cookie.max_age <= 0
            case "expires" if cookie.max_age is None:
                expired = parsedate_to_datetime(text.replace("-", " ")).timestamp() <= 0 or "1970" in text
    return cookie, expired
