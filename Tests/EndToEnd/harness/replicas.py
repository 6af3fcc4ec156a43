"""Several gateways behind one name, over one Redis."""

from harness import gateway as program
from harness.user_agent import UserAgent


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
