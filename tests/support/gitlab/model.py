"""The server's data: runners, projects, pipelines, jobs and their logs. No HTTP here."""

from __future__ import annotations

import os
import re
import secrets
import threading
import time
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Optional

from .joblog import LogLine, parse_log, plain_text

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RUNNING = ("running", "canceling")
FINAL = ("success", "failed", "canceled", "skipped")

FAILURE_REASONS = [
    "unknown_failure", "script_failure", "api_failure", "stuck_or_timeout_failure",
    "runner_system_failure", "missing_dependency_failure", "runner_unsupported",
    "stale_schedule", "job_execution_timeout", "archived_failure", "unmet_prerequisites",
    "scheduler_failure", "data_integrity_failure", "forward_deployment_failure",
    "user_blocked", "project_deleted", "ci_quota_exceeded", "pipeline_loop_detected",
    "no_matching_runner", "trace_size_exceeded", "builds_disabled",
    "environment_creation_failure", "deployment_rejected", "failed_outdated_deployment_job",
    "job_execution_server_timeout", "stuck_pending_with_matching_runners",
    "stuck_pending_no_matching_runners", "no_updates_running", "no_updates_canceling",
    "server_timeout_running", "server_timeout_canceling", "runner_configuration_error",
    "runner_external_dependency_failure", "runner_interrupted",
]


def random_text(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


@dataclass
class Manager:
    """One daemon (system id) that uses a runner's token."""

    system_id: str
    info: dict[str, Any] = field(default_factory=dict)
    contacted: float = 0.0


@dataclass
class Runner:
    id: int
    token: str
    description: str = ""
    tags: list[str] = field(default_factory=list)
    run_untagged: bool = True
    locked: bool = True
    paused: bool = False
    access_level: str = "not_protected"
    maximum_timeout: Optional[int] = None
    maintenance_note: Optional[str] = None
    runner_type: str = "instance_type"
    project_id: Optional[int] = None
    expires_at: Optional[float] = None
    orphaned: bool = False
    last_update: str = field(default_factory=lambda: secrets.token_hex(16))
    given_last_updates: set[str] = field(default_factory=set)
    managers: dict[str, Manager] = field(default_factory=dict)

    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= time.time()

    def touch_queue(self) -> None:
        self.last_update = secrets.token_hex(16)

    def features(self, system_id: str) -> dict[str, bool]:
        manager = self.managers.get(system_id)
        return dict((manager.info.get("features") or {}) if manager else {})


class Trace:
    """A job's log, on disk. `acknowledged` is the size that the runner was told about."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        self.crc = 0
        self.acknowledged = 0
        self.disturbed = False
        self._file = open(path, "w+b", buffering=0)

    def append(self, data: bytes) -> None:
        self._file.seek(self.size)
        self._file.write(data)
        self.crc = zlib.crc32(data, self.crc)
        self.size += len(data)

    def truncate(self, size: int) -> None:
        """Drops the end of the log, as a server that lost a chunk: the next patch gets 416."""
        self._file.truncate(size)
        self.size = size
        self.acknowledged = min(self.acknowledged, size)
        self.disturbed = True
        self.crc = zlib.crc32(self.read())

    def read(self, start: int = 0, limit: int = -1) -> bytes:
        with open(self.path, "rb") as file:
            file.seek(start)
            return file.read(limit if limit >= 0 else None)

    def checksum(self) -> str:
        return f"crc32:{self.crc:08x}"

    def close(self) -> None:
        self._file.close()


@dataclass
class Artifact:
    type: str
    format: str
    filename: str
    size: int
    path: str
    sha256: str
    expire_in: Optional[str] = None
    content_type: str = ""

    def read(self) -> bytes:
        with open(self.path, "rb") as file:
            return file.read()


@dataclass
class Patch:
    """An accepted piece of log: when, where, how much."""

    time: float
    start: int
    size: int


class Job:
    """A job in any of its states. Fields are read by tests; the server's lock guards writes."""

    def __init__(self, job_id: int, token: str, spec: "dict[str, Any]", log_path: str) -> None:
        self.id = job_id
        self.token = token
        self.spec = spec
        self.name: str = spec.get("name", "job")
        self.stage: str = spec.get("stage", "test")
        self.tags: list[str] = list(spec.get("tags") or [])
        self.status = "created"
        self.when: str = spec.get("when", "on_success")
        self.allow_failure: bool = bool(spec.get("allow_failure", False))
        self.project: Any = spec.get("project")
        self.pipeline: Any = spec.get("pipeline")
        self.runner: Optional[Runner] = None
        self.system_id: Optional[str] = None
        self.session: Optional[dict[str, str]] = None  # as the request for it announced
        self.failure_reason: Optional[str] = None
        self.reported_reason: Optional[str] = None
        self.exit_code: Optional[int] = None
        self.payload: Optional[dict[str, Any]] = None
        self.trace_log = Trace(log_path)
        self.artifacts: list[Artifact] = []
        self.updates: list[dict[str, Any]] = []
        self.patches: list[Patch] = []
        self.debug_trace = False
        self.final_202 = int(spec.get("final_202", 0))
        self.final_412 = int(spec.get("final_412", 0))
        self.final_acknowledged = False
        self.created = time.time()
        self.started: Optional[float] = None
        self.finished: Optional[float] = None
        self.picked: Optional[float] = None
        self.last_contact: Optional[float] = None
        self.calls: deque[float] = deque()
        self.lock = threading.RLock()

    def too_many_calls(self, limit: int) -> bool:
        """Counts this call; true when there were more than `limit` calls in the last minute."""
        now = time.monotonic()
        while self.calls and self.calls[0] < now - 60:
            self.calls.popleft()
        self.calls.append(now)
        return len(self.calls) > limit

    def __repr__(self) -> str:
        return f"<Job {self.id} {self.name} {self.status}>"

    @property
    def trace(self) -> bytes:
        """The log as the server has it, to the byte."""
        return self.trace_log.read()

    @property
    def lines(self) -> list[LogLine]:
        """The log without timestamps: logical lines with their stream, colours kept."""
        return parse_log(self.trace)

    @property
    def text(self) -> str:
        """The text that a person reads: without timestamps, sections and colours."""
        return plain_text(self.trace)

    def is_running(self) -> bool:
        return self.status in RUNNING

    def is_final(self) -> bool:
        return self.status in FINAL

    def artifact(self, kind: str = "archive") -> Optional[Artifact]:
        return next((a for a in self.artifacts if a.type == kind), None)


@dataclass
class Pipeline:
    id: int
    iid: int
    project: Any
    ref: str
    sha: str
    stages: list[str]
    jobs: list[Job] = field(default_factory=list)
    source: str = "push"
    tag: bool = False
    variables: dict[str, str] = field(default_factory=dict)
    created: float = field(default_factory=time.time)

    def status(self) -> str:
        states = [job.status for job in self.jobs if not (job.status == "failed"
                                                          and job.allow_failure)]
        for state in ("running", "canceling", "pending", "created"):
            if state in states:
                return "running" if state == "canceling" else state
        for state in ("failed", "canceled", "manual"):
            if state in states and (state != "manual" or "success" not in states):
                return state
        return "skipped" if states and all(s == "skipped" for s in states) else "success"


class Project:
    """A project and its bare repository under the server's directory of repositories."""

    def __init__(self, project_id: int, path: str, repository: Optional[str]) -> None:
        self.id = project_id
        self.path = path
        self.name = path.rsplit("/", 1)[-1]
        self.namespace = path.rsplit("/", 1)[0] if "/" in path else ""
        self.repository = repository
        self.variables: list[dict[str, Any]] = []
        self.large_files: list[bytes] = []  # of Git LFS
        self.default_branch = "main"
        self.git_depth = 20
        self.pipelines: list[Pipeline] = []

    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.path.lower()).strip("-")[:63]


def ensure_directory(path: str) -> str:
    os.makedirs(path, exist_ok=True)
    return path
