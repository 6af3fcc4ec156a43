"""Several gateways behind one name, over one Redis."""

from harness import gateway as program
from harness.stage import session_of, sign_in
from harness.user_agent import UserAgent
from harness.waiting import eventually


def fresh_key():
    result = program.run("key")
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def redis_settings(url, **redis):
    return {"session": {"store": "redis", "keys": [fresh_key()]}, "redis": {"url": url, **redis}}


def replica(stage, gateway, provider, upstream, changes=None):
    """Another gateway behind the same name; the map that leads a browser to it."""
    settings = {name: gateway.settings[name] for name in ("session", "redis")}
    settings["server"] = {"public_url": gateway.origin}
    other = stage.gateway(provider, upstream, settings | (changes or {}))
    return other, {gateway.origin: f"http://127.0.0.1:{other.port}"}


def browser_at(elsewhere, agent):
    """The same browser, led to another replica: its cookies are one jar."""
    other = UserAgent(elsewhere, agent.timeout)
    other.jar = agent.jar
    return other


def assert_serves_over_tls(stage, provider, upstream, redis, certificates):
    """Sign-ins and sessions, with Redis behind TLS however many servers it is made of."""
    settings = redis_settings(redis.tls_url, ca_file=str(certificates.authority_file))
    gateway = stage.gateway(provider, upstream, settings)
    eventually(lambda: gateway.admin("/readyz").status_code == 200)
    for _ in range(3):
        assert session_of(gateway, sign_in(gateway, provider))
