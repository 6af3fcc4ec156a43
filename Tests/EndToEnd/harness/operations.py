"""The table in deploy/guides/operations.md: what a failure of Redis looks like, as these tests find it.

Run with UPDATE_OPERATIONS=1 a test writes its row; otherwise the row must be there.
"""

import os
import re
from pathlib import Path

_GUIDE = Path(__file__).resolve().parents[3] / "deploy" / "guides" / "operations.md"
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_HEAD = ["| Condition | What the user sees | Well again after |", "| --- | --- | --- |"]

# What our user may do, as the guide says it.
ACL = [
    "resetchannels", "&__redis__:invalidate", "~gatehouse:*", "+get", "+set", "+del", "+pexpire", "+setrange", "+getrange",
    "+eval", "+zadd", "+zrem", "+zrangebyscore", "+zremrangebyscore", "+pttl", "+ping", "+client", "+subscribe",
]

# The same at the Sentinels.
SENTINEL_ACL = ["resetchannels", "-@all", "+sentinel|master"]


def grant(server, *more):
    """Makes this user on a server, for a URL with `gatehouse:s3cret@`."""
    server.client().execute_command("ACL", "SETUSER", "gatehouse", "on", ">s3cret", *ACL, *more)


# Whoever is not well again after so long is not going to be. What a machine needs is written down, not judged.
PATIENCE = 45


def record(condition, seen, seconds):
    """Notes how long it took until every request was served again; the clock starts when the cause ends."""
    assert seconds < PATIENCE, f"{condition}: {seconds:.1f} s"
    text = _GUIDE.read_text()
    before, rest = text.split(_BEGIN)
    table, after = rest.split(_END)
    rows = {line.split("|")[1].strip(): line for line in table.strip().splitlines()[len(_HEAD) :]}
    if os.environ.get("UPDATE_OPERATIONS"):
        after_which = f"{seconds:.1f} s" if seconds >= 0.1 else "less than 0.1 s"
        rows[condition] = f"| {condition} | {seen} | {after_which} |"
        table = "\n".join([*_HEAD, *rows.values()])
        _GUIDE.write_text(f"{before}{_BEGIN}\n\n{table}\n\n{_END}{after}")
    else:
        assert condition in rows, f"deploy/guides/operations.md does not know: {condition}"
        assert rows[condition].split("|")[2].strip() == seen, f"deploy/guides/operations.md says otherwise: {condition}"


def measured(name, number):
    """A number that the guide gives, as `name: **number**`; it may differ by a tenth."""
    text = _GUIDE.read_text()
    found = re.search(rf"{re.escape(name)}: \*\*([\d,]+)\*\*", text)
    assert found, f"deploy/guides/operations.md does not have: {name}"
    if os.environ.get("UPDATE_OPERATIONS"):
        _GUIDE.write_text(text[: found.start(1)] + f"{number:,.0f}" + text[found.end(1) :])
    else:
        written = int(found[1].replace(",", ""))
        assert abs(written - number) <= number / 10, f"{name}: {number:.0f}, and the guide says {written}"
