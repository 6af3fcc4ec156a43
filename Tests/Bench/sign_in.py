"""A browser's way through a sign-in, as far as a benchmark needs it."""

import http.client
from urllib.parse import urljoin, urlsplit

from measure import MeasurementFailed


def session_cookie(gateway):
    """Signs in and returns the value of a `Cookie` field that carries the session."""
    jars = {}
    url = gateway.url("/")
    for _ in range(12):
        status, location = _get(url, jars)
        if status in (200, 204) and url == gateway.url("/"):
            break
        if not location:
            raise MeasurementFailed(f"the sign-in stopped at {url.split('?')[0]} with {status}")
        url = urljoin(url, location)
    else:
        raise MeasurementFailed("the sign-in did not end")
    cookie = jars[urlsplit(gateway.url()).netloc]
    return "; ".join(f"{name}={value}" for name, value in cookie.items())


def _get(url, jars):
    """One request with the cookies of its host and port; what it sets is kept."""
    parts = urlsplit(url)
    jar = jars.setdefault(parts.netloc, {})
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    headers = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    if jar:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
    try:
        connection.request("GET", parts._replace(scheme="", netloc="", fragment="").geturl() or "/", headers=headers)
        response = connection.getresponse()
        response.read()
    finally:
        connection.close()
    for field in response.headers.get_all("Set-Cookie") or []:
        pair, *attributes = [part.strip() for part in field.split(";")]
        name, _, value = pair.partition("=")
        if not value or "max-age=0" in [attribute.lower() for attribute in attributes]:
            jar.pop(name, None)
        else:
            jar[name] = value
    return response.status, response.headers.get("Location")
