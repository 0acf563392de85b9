"""python3 -m tests.support.demo [--builder-image IMAGE] [--job cni|sdn]

Starts the test GitLab and a private registry over plain HTTP, registers the runner, starts it, presses play on
the job and follows its log. Everything started here is stopped at the end; nothing is left on the engine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Iterator

from tests.support.demo.log_view import LogView

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = ROOT / "tests/support/docker"
RUNNER = ROOT / "build/release/bin/runner"
REGISTRY = "registry.company.net"
FINAL = {"success", "failed", "canceled", "skipped"}


class Failed(Exception):
    """Prints a sentence for the user at the terminal."""


def say(text: str) -> None:
    print(f"\033[1m==> {text}\033[0m", flush=True)


def run(*words: Any, **more: Any) -> str:
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, text=True, **more)
    if done.returncode != 0:
        raise Failed(f"{' '.join(str(w) for w in words)} ended with {done.returncode}")
    return done.stdout


class Api:
    """GitLab's user API: what a browser would do."""

    def __init__(self, url: str, token: str) -> None:
        self.base, self.token = f"{url}/api/v4", token

    def call(self, method: str, path: str) -> bytes:
        request = urllib.request.Request(self.base + path, method=method,
                                         headers={"PRIVATE-TOKEN": self.token})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise Failed(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def job(self, job: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.call("GET", job))
        return found


@contextlib.contextmanager
def registry(state: Path) -> Iterator[str]:
    try:
        yield run(SCRIPTS / "registry.sh", "start", state).strip()
    finally:
        subprocess.run([str(SCRIPTS / "registry.sh"), "stop", str(state)], check=False)


@contextlib.contextmanager
def process(words: list[str], stop: signal.Signals, patience: float,
            **more: Any) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(words, text=True, start_new_session=True, **more)
    try:
        yield child
    finally:
        child.send_signal(stop)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextlib.contextmanager
def gitlab(address: str) -> Iterator[dict[str, Any]]:
    words = [sys.executable, "-m", "tests.support.gitlab", "--host", address,
             "--project", f"devops/project={ROOT / 'examples/multiarch'}",
             "--variable", f"REGISTRY_IP={address}"]
    with process(words, signal.SIGTERM, 10, cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line:
            raise Failed("the test GitLab did not start")
        yield json.loads(line)


def register(server: dict[str, Any], config: Path) -> None:
    words = [RUNNER, "register", "--non-interactive", "--config", config, "--url", server["url"],
             "--registration-token", server["registration_token"], "--name", "demo",
             "--tag", "docker-test", "--executor", "docker", "--docker-image", "runner-test/builder",
             "--docker-privileged", "--docker-pull-policy", "if-not-present"]
    shown = [w for w in map(str, words[1:]) if w != server["registration_token"]]
    say(f"runner {' '.join(shown).replace('--registration-token', '--registration-token …')}")
    run(*words, stderr=subprocess.STDOUT)


def declare(config: Path, builder_image: str) -> None:
    """Adds what an admin adds by hand: the registry, once. The hosts entry comes from the job's script."""
    tables = [f'[[runners.registry]]\n  host = "{REGISTRY}"\n  http = true\n']
    if builder_image == "runner-test/buildkit":
        tables.append(f'[runners.dind]\n  builder_image = "{builder_image}"\n')
    text = "\n" + "\n".join(tables)
    say("config.toml, added:")
    print(text.strip())
    with config.open("a") as file:
        file.write(text)


def follow(api: Api, job: str) -> str:
    """Prints the log while it grows; returns the job's final state."""
    view, shown = LogView(), 0
    while True:
        state = api.job(job)["status"]
        trace = api.call("GET", f"{job}/trace")
        sys.stdout.write(view.feed(trace[shown:]))
        sys.stdout.flush()
        shown = len(trace)
        if state in FINAL:
            print(view.end())
            return str(state)
        time.sleep(0.2)


def show_image(address: str, component: str, ref: str) -> None:
    image = f"devops/{component}:{ref}"
    say(f"{REGISTRY}/{image}, as the registry has it:")
    rows = run(sys.executable, SCRIPTS / "show_platforms.py", f"http://{address}", image)
    print(rows, end="")
    for platform in ("linux/amd64", "linux/arm64"):
        if platform not in rows:
            raise Failed(f"the pushed image lacks {platform}")


def play(server: dict[str, Any], name: str) -> tuple[Api, str]:
    project = server["projects"][0]
    api = Api(server["url"], server["private_token"])
    job = f"/projects/{project['id']}/jobs/{project['jobs'][name]}"
    api.call("POST", f"{job}/play")
    return api, job


def demo(options: argparse.Namespace, folder: Path, stack: contextlib.ExitStack) -> None:
    address = stack.enter_context(registry(folder / "registry"))
    say(f"a registry over plain HTTP listens on {address}; {REGISTRY} is its private name")
    run(ROOT / "dev", "base", f"http://{address}")
    server = stack.enter_context(gitlab(address))
    say(f"the test GitLab listens on {server['url']}")
    config = folder / "config.toml"
    register(server, config)
    stack.callback(lambda: subprocess.run(
        [RUNNER, "unregister", "--config", config, "--all-runners"], check=False,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    declare(config, options.builder_image)
    log = stack.enter_context((ROOT / "build/demo.log").open("w"))
    daemon = stack.enter_context(process([str(RUNNER), "run", "--config", str(config)],
                                         signal.SIGQUIT, 60, stdout=log, stderr=log, cwd=folder))
    say(f"the daemon runs (its log: build/demo.log); pressing play on the manual job `{options.job}`")
    began = time.monotonic()
    api, job = play(server, options.job)
    state = follow(api, job)
    say(f"job {options.job}: {state}, {time.monotonic() - began:.1f} s after play")
    if state != "success":
        raise Failed(f"the job ended as {state} ({api.job(job)['failure_reason']}); "
                     f"the daemon's log is build/demo.log{'' if daemon.poll() is None else ', and it is gone'}")
    pushed = {"cni": "cni", "sdn": "sdn"}[options.job]
    show_image(address, pushed, api.job(job)["ref"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev demo")
    parser.add_argument("--builder-image", default="moby/buildkit:buildx-stable-1")
    parser.add_argument("--job", default="cni", choices=["cni", "sdn"])
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="runner-demo-") as folder:
        try:
            with contextlib.ExitStack() as stack:
                demo(options, Path(folder), stack)
        except Failed as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
