"""Programs under test: started, watched, and surely stopped."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from harness.waiting import eventually

# The kernel kills the program when the test run dies, however it dies.
_with_us = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


class Process:
    """One running program. Its output goes to files, which a failing test prints."""

    running = []

    def __init__(self, name, command, *, env=None, directory=None):
        self.name = name
        self.directory = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        self.stdout_path = self.directory / "stdout"
        self.stderr_path = self.directory / "stderr"
        with open(self.stdout_path, "wb") as stdout, open(self.stderr_path, "wb") as stderr:
            self.process = subprocess.Popen(
                _with_us + [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=directory or self.directory,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        Process.running.append(self)

    @property
    def pid(self):
        return self.process.pid

    @property
    def exit_code(self):
        """None while it runs."""
        return self.process.poll()

    @property
    def stdout(self):
        return self.stdout_path.read_text(errors="replace")

    @property
    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    @property
    def output(self):
        return self.stdout + self.stderr

    @property
    def json_lines(self):
        """What it wrote to stdout as JSON, line by line; a last line that is still being written is left out."""
        found = []
        for line in self.stdout.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def wait_until(self, condition, within=15.0):
        """Like `eventually`, but fails at once when the program has ended."""

        def true_or_dead():
            if self.exit_code is not None:
                raise ProcessEnded(f"{self.name} ended with {self.exit_code}:\n{self.output[-4000:]}")
            return condition()

        return eventually(true_or_dead, within=within)

    def signal(self, number):
        self.process.send_signal(number)

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def wait(self, within=15.0):
        """Its exit code."""
        return self.process.wait(timeout=within)

    def kill(self):
        self._signal_group(signal.SIGKILL)
        self.process.wait(timeout=10)

    def stop(self, within=10.0):
        """Asks it to end, then makes it. Safe to call twice."""
        if self.exit_code is None:
            self.resume()
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=within)
            except subprocess.TimeoutExpired:
                pass
        self._signal_group(signal.SIGKILL)
        self.process.wait(timeout=10)
        if self in Process.running:
            Process.running.remove(self)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _signal_group(self, number):
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass

    def _status(self, field):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise AssertionError(f"no {field} in /proc/{self.pid}/status")

    @property
    def resident_kilobytes(self):
        return self._status("VmRSS")

    @property
    def peak_resident_kilobytes(self):
        """The most it ever held, since the start or since `forget_peak`."""
        return self._status("VmHWM")

    def forget_peak(self):
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    @property
    def open_descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def connections_to(self, port):
        """How many it has to this port of loopback."""
        rows = [line.split() for line in Path(f"/proc/{self.pid}/net/tcp").read_text().splitlines()[1:]]
        there = {f"socket:[{row[9]}]" for row in rows if row[2].endswith(f":{port:04X}")}
        links = (Path(f"/proc/{self.pid}/fd/{name}") for name in os.listdir(f"/proc/{self.pid}/fd"))
        return sum(1 for link in links if _target(link) in there)


def _target(link):
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return None


class ProcessEnded(Exception):
    """It was to run, and does not."""
