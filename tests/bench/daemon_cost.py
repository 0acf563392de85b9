"""CPU and memory of the daemon: idle, with a hundred jobs, with a gigabyte of log."""

from __future__ import annotations

import json
import os
import random
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.figures import Figure, spread
from tests.bench.process import MIB, cpu_seconds, peak_resident, proportional, resident
from tests.bench.deployment import Deployment
from tests.bench.status_cost import Reader, free_port
from tests.system.harness import processes_of

GB = 1_000_000_000


def _use_everything(deployment: Deployment, port: int) -> None:
    """A job, which goes into the history, and a look at the page; then the daemon has nothing to do again."""
    deployment.run(["true"], runner=deployment.gitlab.runners[1])
    reader = Reader(port)
    for path in ("/", "/page.css", "/page.js", "/status.json", "/jobs"):
        reader.get(path)
    history = deployment.directory / ".runner-state/history.sqlite"
    if json.loads(reader.get("/jobs"))["recent"] == [] or not history.exists():
        raise RuntimeError(f"the job is not in {history}")
    polls = len(deployment.gitlab.requests("request"))
    deployment.gitlab.wait_exchange("request", polls + 4)


def idle(seconds: float) -> list[Figure]:
    """A docker entry and one for the job, at the official poll interval. The page was read, the history is open, and so
    is the control socket."""
    runners = [{"executor": "docker", "docker": {"image": "debian"}}, {"executor": "shell"}]
    port = free_port()
    with Deployment(runners, long_poll=0, check_interval=3, listen_address=f"127.0.0.1:{port}") as deployment:
        _use_everything(deployment, port)
        began, before = time.monotonic(), cpu_seconds(deployment.pid)
        time.sleep(seconds)  # the measurement is of a time in which nothing happens
        share = (cpu_seconds(deployment.pid) - before) / (time.monotonic() - began)
        polls = len(deployment.gitlab.requests("request"))
        return [
            Figure("idle: resident memory", resident(deployment.pid) / MIB, "MiB", 12,
                   official="55 MiB", note=f"peak {peak_resident(deployment.pid) / MIB:.1f} MiB"),
            Figure("idle: share of a core", share * 100, "%", 0.05, official="0.03 %",
                   note=f"over {seconds:.0f} s, {polls} polls of two entries, check_interval 3"),
        ]


def hundred_jobs(count: int = 100) -> list[Figure]:
    """Jobs whose scripts wait for a line from a FIFO, one each."""
    with Deployment({"executor": "shell"}, concurrent=count, check_interval=1, long_poll=20) as deployment:
        gate = deployment.directory / "gate"
        os.mkfifo(gate)
        lines = os.open(gate, os.O_RDWR)
        deployment.run(["true"])
        before = resident(deployment.pid)
        jobs = [deployment.gitlab.add_job(["echo waiting $((40 + 2))", f"read line < {gate}"])
                for _ in range(count)]
        for job in jobs:
            deployment.gitlab.wait_trace(job, "waiting 42", 120)
        each = (resident(deployment.pid) - before) / count
        # Supervisors outlive the daemon, so they are not its children.
        others = [pid for pid, _ in processes_of(str(deployment.directory)) if pid != deployment.pid]
        shares = [proportional(pid) for pid in others]
        os.write(lines, b"\n" * count)  # a shell reads up to the newline and not more
        for job in jobs:
            deployment.checked(deployment.gitlab.wait_finished(job, 120))
        os.close(lines)
        return [
            Figure(f"{count} running shell jobs: the daemon's memory for each",
                   each / MIB, "MiB", 0.3, official="0.26 MiB",
                   note=f"idle after one job: {before / MIB:.1f} MiB"),
            Figure(f"{count} running shell jobs: all other processes, for each",
                   sum(shares) / count / MIB, "MiB",
                   note=f"PSS of the supervisor and the scripts; {len(others) / count:.1f} "
                        "processes (official: 3)"),
        ]


def _secrets() -> list[str]:
    letters = random.Random(1)
    return ["".join(letters.choices(string.ascii_letters + string.digits, k=24)) for _ in range(20)]


def _build_log(size: int, secrets: list[str]) -> bytes:
    numbers = random.Random(2)
    lines: list[str] = []
    total = 0
    while total < size:
        number = len(lines)
        line = (f"#{number % 40} {number % 100}.{numbers.randrange(1000):03} [{number % 9}/9] COPY "
                f"--from=build /usr/src/app/node_modules/.bin/tool-{numbers.randrange(500)} "
                f"/out/{number}\n")
        if number % 1000 == 0:
            line = f"login with {secrets[number // 1000 % len(secrets)]}\n"
        lines.append(line)
        total += len(line)
    return "".join(lines).encode()


def log(repeat: int, size: int = GB) -> list[Figure]:
    """Timestamps on, as by default. The daemon's CPU and peak count; the test server is slower than it. A slow hour of
    the machine slows the kernel's copies as well, so the limit is a multiple of them."""
    secrets = _secrets()
    costs, peaks, rates, floors = [], [], [], []
    for _ in range(repeat):
        floors.append(_copy_floor())
        with Deployment({"executor": "shell", "output_limit": 8 * MIB}) as deployment:
            text = _build_log(16 * MIB, secrets)
            source = deployment.directory / "log.txt"
            source.write_bytes(text)
            rounds = size // len(text) + 1
            variables = {f"SECRET_{i}": {"value": secret, "masked": True}
                         for i, secret in enumerate(secrets)}
            before, began = cpu_seconds(deployment.pid), time.monotonic()
            job = deployment.run([f"for i in $(seq {rounds}); do cat {source}; done"], timeout=900,
                            variables=variables)
            costs.append((cpu_seconds(deployment.pid) - before) * GB / (rounds * len(text)))
            peaks.append(peak_resident(deployment.pid) / MIB)
            rates.append(rounds * len(text) / MIB / (time.monotonic() - began))
            _check_log(job.trace_log.path, text, rounds, secrets)
    return [
        Figure("log of 1 GB, 20 masks: the daemon's CPU", min(costs), "s", official="6.4 s",
               note=f"fastest of {spread(costs)}"),
        Figure("the same: times the kernel's bare copies", min(costs) / min(floors), "", 2,
               note=f"{min(costs):.2f} s / {min(floors):.2f} s"),
        Figure("log of 1 GB, 20 masks: peak memory", max(peaks), "MiB", 24, official="65 MiB",
               note="largest; nothing lost: size, CRC-32 and number of lines"),
        Figure("log of 1 GB: throughput into the test server", max(rates), "MiB/s",
               note="bounded by the server in Python"),
    ]


def _copy_floor() -> float:
    """The same way without processing the bytes, measured in the same run."""
    program = Path(__file__).with_name("copy_floor.py")
    done = subprocess.run([sys.executable, str(program), str(GB), tempfile.gettempdir()],
                          stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def _check_log(path: str, text: bytes, rounds: int, secrets: list[str]) -> None:
    """The server checked size and CRC; this checks that every line is there, and no secret."""
    wanted = text.count(b"/out/") * rounds
    found = 0
    with open(path, "rb") as file:
        rest = b""
        while block := file.read(8 * MIB):
            block = rest + block
            cut = block.rfind(b"\n") + 1
            found += block.count(b"/out/", 0, cut)
            for secret in secrets:
                if secret.encode() in block:
                    raise RuntimeError("a secret is in the log")
            rest = block[cut:]
    if found != wanted:
        raise RuntimeError(f"{found} of {wanted} lines arrived")
