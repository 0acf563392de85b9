"""Base of the black-box tests: the built program, a configuration, a daemon, a GitLab.

The program is driven by its command line, its config.toml, signals and network calls only.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import tomllib
import unittest
from pathlib import Path
from typing import Any, Callable, Iterable, Optional

from tests.support.gitlab import GitLab, Job

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("RUNNER_BIN", ROOT / "build/release/bin/runner")).resolve()
IN_CI = os.environ.get("CI") == "true"
# For slow machines: every time limit below is multiplied by this number.
PATIENCE = float(os.environ.get("RUNNER_TEST_PATIENCE", "1"))


def need(present: bool, what: str) -> None:
    """Skips with a reason on a developer's machine; fails in CI, where everything must be there."""
    if present:
        return
    if IN_CI:
        raise AssertionError(f"{what} is missing, and CI must have it")
    raise unittest.SkipTest(f"{what} is missing")


# --- config.toml ---------------------------------------------------------------------------------


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def to_toml(table: dict[str, Any], prefix: str = "") -> str:
    """Scalars first, then tables and arrays of tables, as toml demands."""
    lines, tables = [], []
    for key, value in table.items():
        if isinstance(value, dict):
            tables.append(f"[{prefix}{key}]\n" + to_toml(value, f"{prefix}{key}."))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            tables += [f"[[{prefix}{key}]]\n" + to_toml(v, f"{prefix}{key}.") for v in value]
        else:
            lines.append(f"{_key(key)} = {_value(value)}")
    return "\n".join(lines) + ("\n" if lines else "") + "".join(tables)


# --- processes -----------------------------------------------------------------------------------


def processes_of(mark: str) -> list[tuple[int, str]]:
    """Running processes that have `mark` (a path of this test) in cwd, arguments or environment."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            arguments = Path("/proc", entry, "cmdline").read_bytes()
            environment = Path("/proc", entry, "environ").read_bytes()
            place = os.readlink(f"/proc/{entry}/cwd")
            state = Path("/proc", entry, "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        text = arguments + environment + place.encode()
        if mark.encode() in text and state != "Z":
            found.append((int(entry), arguments.replace(b"\0", b" ").decode("utf-8", "replace")))
    return found


class Output:
    """Reads a process's output as it comes; tests can wait for a text in it."""

    def __init__(self, pipe: Any) -> None:
        os.set_blocking(pipe.fileno(), False)
        self._pipe = pipe
        self._changed = threading.Condition()  # its lock is held by whoever reads from the pipe
        self._data = b""
        self._ended = False
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        waiting = select.poll()
        waiting.register(self._pipe, select.POLLIN)
        while not self._ended:
            waiting.poll()
            with self._changed:
                self._read_available()
        with self._changed:
            self._pipe.close()

    def _read_available(self) -> None:
        try:
            while not self._ended:
                block = os.read(self._pipe.fileno(), 65536)
                self._data += block
                self._ended = not block
        except BlockingIOError:
            pass
        self._changed.notify_all()

    @property
    def text(self) -> str:
        """All that the process has written so far."""
        with self._changed:
            self._read_available()
            return _plain(self._data.decode("utf-8", "replace"))

    def wait(self, pattern: str, timeout: float, alive: Callable[[], bool]) -> "re.Match[str]":
        deadline = time.monotonic() + timeout * PATIENCE
        with self._changed:
            while not (match := re.search(pattern, self.text)):
                left = deadline - time.monotonic()
                if left <= 0 or (not alive() and not self._thread.is_alive()):
                    raise AssertionError(f"{pattern!r} is not in the output:\n{self.text}")
                self._changed.wait(min(left, 0.5))
            return match

    def join(self) -> str:
        self._thread.join(5)
        return self.text


class Done:
    """A finished command: exit code and its two outputs, colours removed."""

    def __init__(self, code: int, stdout: str, stderr: str) -> None:
        self.code, self.stdout, self.stderr = code, _plain(stdout), _plain(stderr)

    @property
    def text(self) -> str:
        return self.stdout + self.stderr


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


class Daemon:
    """`runner run`, once. Start a new object for a new process."""

    def __init__(self, arguments: list[str], environment: dict[str, str], cwd: str,
                 wrapper: Iterable[str] = (), program: Path = BIN) -> None:
        self.process = subprocess.Popen([*wrapper, str(program), *arguments], env=environment, cwd=cwd,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.output = Output(self.process.stdout)
        self.killed = False

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        return self.output.text

    def alive(self) -> bool:
        return self.process.poll() is None

    def wait_log(self, pattern: str, timeout: float = 20) -> "re.Match[str]":
        return self.output.wait(pattern, timeout, self.alive)

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def wait_exit(self, timeout: float = 40) -> int:
        try:
            code = self.process.wait(timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the daemon did not exit in {timeout} s:\n{self.log}") from None
        self.output.join()  # the last output may be read after the end of the process was seen
        return code

    def stop(self, number: int = signal.SIGTERM, timeout: float = 40) -> int:
        if self.alive():
            self.send(number)
        return self.wait_exit(timeout)

    def kill(self) -> None:
        self.killed = True
        self.process.kill()
        self.process.wait()


class SystemCase(unittest.TestCase):
    """A GitLab, a directory of its own, and a daemon when the test starts one.

    Checked at the end: no violation, no process left over, no token in the daemon's log or in a job's log.
    A test that provokes violations names their rules in `self.allowed`.
    """

    gitlab_options: dict[str, Any] = {}
    executor = "shell"
    maxDiff = None

    @classmethod
    def setUpClass(cls) -> None:
        need(BIN.exists(), f"the program {BIN}")

    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="runner-system-"))
        self.config = self.directory / "etc" / "config.toml"
        self.config.parent.mkdir()
        self.work = self.directory / "work"
        self.work.mkdir()
        self.allowed: set[str] = set()
        self.daemons: list[Daemon] = []
        self.secrets: set[str] = set()
        self.gitlab = GitLab(**self.gitlab_options).start()
        self.addCleanup(self._remove)

    def _remove(self) -> None:
        for daemon in self.daemons:
            if daemon.alive():
                daemon.kill()
        for pid, _ in processes_of(str(self.directory)):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        self.gitlab.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def tearDown(self) -> None:
        for daemon in self.daemons:
            if daemon.alive():
                daemon.stop(timeout=15)
        self.assert_no_processes()
        self.assert_no_secrets()
        if any(daemon.killed for daemon in self.daemons):
            # The last answer may have come after the last checkpoint: then the next daemon sends that patch again,
            # and the server answers with the offset to continue from (416).
            self.allowed.add("duplicate_bytes")
        bad = [str(v) for v in self.gitlab.violations if v.rule not in self.allowed]
        told = "\n".join([*self.gitlab.notes, *(daemon.log for daemon in self.daemons)]) if bad else ""
        self.assertEqual(bad, [], f"the runner did what a correct runner never does\n{told}")

    # --- checks at the end ---------------------------------------------------------------------

    def assert_no_processes(self, seconds: float = 5) -> None:
        """The end of a foreign process gives no event, so this method looks repeatedly for a short time."""
        deadline = time.monotonic() + seconds * PATIENCE
        while (left := processes_of(str(self.directory))) and time.monotonic() < deadline:
            time.sleep(0.05)
        told = "\n".join(daemon.log for daemon in self.daemons) if left else ""
        self.assertEqual(left, [], f"processes are left over\n{told}")

    def assert_no_secrets(self) -> None:
        tokens = {runner.token for runner in self.gitlab.runners} | self.secrets
        tokens |= {job.token for job in self.gitlab.jobs}
        for daemon in self.daemons:
            for token in tokens:
                self.assertNotIn(token, daemon.log, "a token is in the daemon's log")
        for job in self.gitlab.jobs:
            self.assertNotIn(job.token.encode(), job.trace, "the job's token is in its log")

    # --- command line --------------------------------------------------------------------------

    def environment(self, **extra: str) -> dict[str, str]:
        made = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "LANG": "C.UTF-8"}
        for name in ("DOCKER_HOST", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                made[name] = os.environ[name]
        made.update(extra)
        return made

    def command(self, *arguments: str, env: Optional[dict[str, str]] = None, input: str = "",
                timeout: float = 30, config: bool = True, wrapper: Iterable[str] = ()) -> Done:
        """Runs the program to its end, with --config of this test unless told otherwise. For `wrapper` see start()."""
        words = [str(BIN), *arguments]
        if config:
            words[2:2] = ["--config", str(self.config)]
        try:
            done = subprocess.run([*wrapper, *words], env=self.environment(**(env or {})), cwd=self.work,
                                  input=input, text=True, capture_output=True,
                                  timeout=timeout * PATIENCE, errors="replace", check=False)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{arguments} did not end: {error.stdout} {error.stderr}") from None
        return Done(done.returncode, done.stdout, done.stderr)

    def read_config(self) -> dict[str, Any]:
        return tomllib.loads(self.config.read_text())

    # --- daemon --------------------------------------------------------------------------------

    def write_config(self, runners: Optional[Iterable[dict[str, Any]]] = None,
                     **options: Any) -> None:
        """Global keys by keyword; missing name, url, token and executor of `runners` are filled in."""
        entries = []
        for entry in runners if runners is not None else [{}]:
            made: dict[str, Any] = {"name": "test", "url": self.gitlab.url,
                                    "executor": self.executor}
            if "token" not in entry:
                made["token"] = self.gitlab.add_runner().token
            made.update(entry)
            entries.append(made)
        table: dict[str, Any] = {"concurrent": 4, "check_interval": 1, **options}
        if entries:
            table["runners"] = entries
        self.write_config_text(to_toml(table))

    def write_config_text(self, text: str) -> None:
        """Replaces the file by rename, so that the daemon never reads half of it."""
        fresh = self.config.with_suffix(".new")
        fresh.write_text(text)
        fresh.chmod(0o600)
        fresh.rename(self.config)

    def start(self, *arguments: str, env: Optional[dict[str, str]] = None,
              wait: bool = True, wrapper: Iterable[str] = ()) -> Daemon:
        """Starts the daemon; with `wait`, returns when its first request has reached the server.

        `wrapper`: a command that is to execute the words behind it, in the same process."""
        before = len(self.gitlab.requests("request"))
        daemon = Daemon(["run", "--config", str(self.config), "--working-directory",
                         str(self.work), *arguments], self.environment(**(env or {})),
                        str(self.work), wrapper)
        self.daemons.append(daemon)
        if wait:
            try:
                self.gitlab.wait(lambda: len(self.gitlab.requests("request")) > before
                                 or not daemon.alive(), 20 * PATIENCE, "the first request")
            except TimeoutError as error:
                raise AssertionError(f"{error}:\n{daemon.log}") from None
            if not daemon.alive():
                raise AssertionError(f"the daemon ended with {daemon.wait_exit()}:\n"
                                     f"{daemon.output.join()}")
        return daemon

    def start_with(self, runner: Optional[dict[str, Any]] = None, **options: Any) -> Daemon:
        """Writes one [[runners]] entry with these keys and starts the daemon."""
        self.write_config([runner or {}], **options)
        return self.start()

    # --- jobs ----------------------------------------------------------------------------------

    def add_job(self, script: Any, **spec: Any) -> Job:
        return self.gitlab.add_job(script, **spec)

    def run_job(self, script: Any, patience: float = 60, **spec: Any) -> Job:
        """`patience`: seconds that the test waits; `timeout` among the rest is the job's own."""
        return self.finish(self.add_job(script, **spec), patience)

    def finish(self, job: Job, patience: float = 60) -> Job:
        try:
            return self.gitlab.wait_finished(job, patience * PATIENCE)
        except TimeoutError as error:
            logs = "\n".join(daemon.log[-3000:] for daemon in self.daemons)
            raise AssertionError(f"{error}\nthe daemon's log:\n{logs}") from None

    def wait_trace(self, job: Job, text: str, timeout: float = 30) -> None:
        try:
            self.gitlab.wait_trace(job, text, timeout * PATIENCE)
        except TimeoutError as error:
            logs = "\n".join(daemon.log[-3000:] for daemon in self.daemons)
            raise AssertionError(f"{error}; the job's log:\n{job.text}\nthe daemon's log:\n"
                                 f"{logs}") from None

    def assert_success(self, job: Job) -> None:
        self.assertEqual((job.status, job.reported_reason), ("success", None), job.text)

    def assert_failed(self, job: Job, reason: str, code: Optional[int] = None) -> None:
        self.assertEqual((job.status, job.reported_reason, job.exit_code),
                         ("failed", reason, code), job.text)
