"""python -m tests.support.status_picture FILE: a picture of the status page, of a daemon with a few jobs."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.support.browser import Browser
from tests.support.gitlab import GitLab
from tests.system.harness import Daemon, to_toml
from tests.system.test_status import free_port

WIDTH, HEIGHT = 1280, 1100
BUILD = ["echo \"$ docker buildx build --platform linux/amd64,linux/arm64 --push .\"",
         *[f"echo '#{step} [linux/{arch} {step}/6] {what}'" for step, (arch, what) in enumerate([
             ("amd64", "FROM registry.example.com/base/golang:1.23"), ("arm64", "FROM registry.example.com/base/golang:1.23"),
             ("amd64", "COPY . /src"), ("arm64", "COPY . /src"),
             ("amd64", "RUN go build -o /out/plugin ./cmd/plugin")], 5)],
         "printf '\\033[32mexporting manifest list for 2 platforms\\033[0m\\n'"]


def main(target: str) -> None:
    with tempfile.TemporaryDirectory(prefix="runner-picture-") as name:
        take(Path(name), Path(target))


def take(directory: Path, target: Path) -> None:
    gitlab = GitLab(long_poll=0).start()
    port = free_port()
    gate = directory / "gate"
    os.mkfifo(gate)
    lines = os.open(gate, os.O_RDWR)
    entries = [{"name": "image-builder", "limit": 4}, {"name": "deploy", "limit": 1},
               {"name": "old-machine", "url": "http://127.0.0.1:1"}]
    for entry in entries:
        token = gitlab.add_runner().token
        entry.update({"token": token, "executor": "shell", **({} if "url" in entry else {"url": gitlab.url})})
    config = directory / "config.toml"
    config.write_text(to_toml({"concurrent": 6, "check_interval": 1,
                               "listen_address": f"127.0.0.1:{port}", "runners": entries}))
    config.chmod(0o600)
    daemon = Daemon(["run", "--config", str(config), "--working-directory", str(directory)],
                    {"PATH": os.environ["PATH"], "HOME": str(directory), "LANG": "C.UTF-8"}, str(directory))
    try:
        for job, code in (("lint", 0), ("unit tests", 0), ("integration tests", 3)):
            gitlab.wait_finished(gitlab.add_job([f"exit {code}"], name=job), 60)
        for job in ("build image", "package charts"):
            started = gitlab.add_job([*BUILD, f"read line < {gate}"], name=job)
            gitlab.wait_trace(started, "manifest list", 60)
        photograph(port, target)
        os.write(lines, b"\n\n")
    finally:
        os.close(lines)
        daemon.stop()
        gitlab.close()


def photograph(port: int, target: Path) -> None:
    browser = Browser(WIDTH, HEIGHT)
    try:
        browser.driver.get(f"http://127.0.0.1:{port}/")
        browser.wait("document.querySelectorAll('#jobs tbody tr').length === 2", "the jobs")
        browser.wait("document.querySelectorAll('#recent tbody tr').length === 3", "the history")
        browser.wait("document.querySelector('#runners').innerText.includes('cannot be reached')", "the lost server")
        browser.run("document.querySelector('#jobs button').click()")
        browser.wait("document.querySelector('#log-text').innerText.includes('manifest list')", "the log")
        browser.run("const log = document.querySelector('#log-text'); log.style.height = '15rem';"
                    "log.scrollTop = log.scrollHeight; document.activeElement.blur(); scrollTo(0, 0)")
        target.parent.mkdir(parents=True, exist_ok=True)
        browser.driver.save_screenshot(str(target))
    finally:
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
