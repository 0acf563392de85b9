"""The test GitLab: its state, its lock, start and stop, and the calls that tests make."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
import urllib.parse
from typing import Any, Callable, Optional

from . import pipeline as pipelines
from .certificates import Certificates, make_certificates
from .dispatch import Dispatcher
from .faults import Fault, FaultList
from .git_http import git, import_repository
from .model import Job, Pipeline, Project, Runner, ensure_directory, random_text
from .picking import may_run
from .record import Exchange, Recorder, Violation
from .transport import Request, Response, Server


class GitLab:
    """A GitLab for tests. Use as a context manager, or call start() and close().

    host, port       where to listen; port 0 takes a free one
    root             relative URL root, e.g. "/gitlab"
    external_url     what jobs and answers name as this server (default: the address listened on)
    tls, client_cert HTTPS with a CA of its own (`ca_file`); ask for a client certificate
    long_poll        seconds that jobs/request is held (0: answered at once)
    update_interval  X-GitLab-Trace-Update-Interval, seconds (0: no header)
    latency          seconds before every answer
    certificate_days how long the server's certificate is valid; negative: it has expired
    authority_days   the same of its CA's certificate
    strict_checksum  412 when the final update's checksum does not fit (else a violation)

    All methods may be called from any thread.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, root: str = "",
                 external_url: Optional[str] = None, tls: bool = False, client_cert: bool = False,
                 long_poll: float = 0, update_interval: int = 1, latency: float = 0,
                 strict_checksum: bool = False, verbose: bool = False,
                 certificate_days: int = 30, authority_days: int = 30) -> None:
        self.host, self.port, self.root = host, port, root.rstrip("/")
        self.long_poll, self.update_interval, self.latency = long_poll, update_interval, latency
        self.strict_checksum, self.verbose = strict_checksum, verbose
        self.trace_size_limit: Optional[int] = None
        self.artifact_size_limit: Optional[int] = None
        self.artifacts_enabled = True
        self.direct_download = False
        self.ranges = False
        self.allow_registration = True
        self.verify_answers_text = False
        self.silence_limit = 120.0
        self.ci_templates = {"Bash": "bash-template: {script: echo template}\n"}
        self.job_rate_limit: Optional[int] = None  # PUT and PATCH per minute and job token
        self.registration_token = "GR1348941" + random_text(20)
        self.registration_tokens = {self.registration_token}
        self.private_token = "glpat-" + random_text(20)
        self.changed = threading.Condition(threading.RLock())
        self.recorder = Recorder(self.changed)
        self.faults = FaultList()
        self.runners: list[Runner] = []
        self.projects: list[Project] = []
        self.jobs: list[Job] = []
        self.notes: list[str] = []
        self.stopping = False
        self.data = tempfile.mkdtemp(prefix="test-gitlab-")
        self.certificates: Optional[Certificates] = None
        self._external_url = external_url
        self._tls, self._client_cert = tls, client_cert
        self._certificate_days, self._authority_days = certificate_days, authority_days
        self._next_job, self._next_pipeline = 100, 1000
        self._http: Optional[Server] = None
        self._dispatch = Dispatcher(self)

    # --- start and stop ----------------------------------------------------------------------------------

    def __enter__(self) -> "GitLab":
        return self.start()

    def __exit__(self, *ignored: Any) -> None:
        self.close()

    def start(self) -> "GitLab":
        context = None
        if self._tls:
            if self.certificates is None:
                host = urllib.parse.urlsplit(self._external_url or "").hostname or self.host
                self.certificates = make_certificates(os.path.join(self.data, "tls"), host,
                                                      self._certificate_days, self._authority_days)
            context = self.certificates.server_context(self._client_cert)
        self._http = Server((self.host, self.port), self._dispatch.serve, context)
        self.port = self._http.server_address[1]
        self._http.start()
        return self

    def stop_listening(self) -> None:
        """An outage of the machine: nothing listens, open connections are cut."""
        if self._http is not None:
            self._http.stop()
            self._http = None
        self.notify()

    def listen_again(self) -> None:
        """On the same port as before."""
        self.start()

    def close(self) -> None:
        self.stopping = True
        self.stop_listening()
        for job in self.jobs:
            job.trace_log.close()
        shutil.rmtree(self.data, ignore_errors=True)

    @property
    def url(self) -> str:
        if self._external_url:
            return self._external_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{self.root}"

    def set_external_url(self, url: str) -> None:
        self._external_url = url

    @property
    def ca_file(self) -> str:
        assert self.certificates is not None, "this server speaks plain HTTP"
        return self.certificates.ca

    def connections(self) -> int:
        return self._http.connection_count() if self._http else 0

    def refused_handshakes(self) -> int:
        return self._http.refused if self._http else 0

    # --- runners, projects, pipelines, jobs -------------------------------------------------------------------------

    def add_runner(self, tags: Optional[list[str]] = None, run_untagged: bool = True,
                   legacy: bool = False, kind: str = "instance_type",
                   expires_in: Optional[float] = None, token: Optional[str] = None,
                   **fields: Any) -> Runner:
        """A runner as the UI creates it (`glrt-t1_…`), or as legacy registration does."""
        with self.changed:
            mark = {"instance_type": "t1_", "group_type": "t2_", "project_type": "t3_"}[kind]
            made = token or (random_text(20) if legacy else "glrt-" + mark + random_text(20))
            runner = Runner(len(self.runners) + 1, made, tags=list(tags or []),
                            run_untagged=run_untagged, runner_type=kind, **fields)
            runner.expires_at = time.time() + expires_in if expires_in is not None else None
            self.runners.append(runner)
            self.changed.notify_all()
            return runner

    def remove_runner(self, runner: Runner) -> None:
        with self.changed:
            self.runners.remove(runner)
            self.changed.notify_all()

    def replace_token(self, runner: Runner) -> None:
        lifetime = None if runner.expires_at is None else 3600.0
        prefix = runner.token[:8] if runner.token.startswith("glrt-") else ""
        runner.token = prefix + random_text(20)
        runner.expires_at = time.time() + lifetime if lifetime else None

    def add_project(self, path: str, source: Optional[str] = None) -> Project:
        """`source` is a git repository or a plain directory; without it there is no repository."""
        repository = None
        if source is not None:
            repository = os.path.join(ensure_directory(os.path.join(self.data, "repositories")),
                                      path.replace("/", "_") + ".git")
            import_repository(source, repository)
        with self.changed:
            project = Project(len(self.projects) + 42, path, repository)
            if repository is not None:
                project.default_branch = git("symbolic-ref", "--short", "HEAD",
                                             cwd=repository).strip()
            self.projects.append(project)
            return project

    def add_job(self, script: Any = None, **spec: Any) -> Job:
        """A job without a pipeline file, ready to be taken. README.md has the keys of `spec`."""
        spec["script"] = [script] if isinstance(script, str) else list(script or [])
        project = spec.get("project")
        if project is not None and project.repository and "sha" not in spec:
            ref = spec.setdefault("ref", project.default_branch)
            spec["sha"] = git("rev-parse", ref + "^{commit}", cwd=project.repository).strip()
        with self.changed:
            job = self._new_job(spec)
            job.status = "pending"
            self._queue_changed(job)
            return job

    def create_pipeline(self, project: Project, ref: Optional[str] = None,
                        variables: Optional[dict[str, str]] = None,
                        source: str = "push") -> Pipeline:
        ref = ref or project.default_branch
        assert project.repository is not None, f"project {project.path} has no repository"
        sha = git("rev-parse", ref + "^{commit}", cwd=project.repository).strip()
        text = git("show", f"{sha}:.gitlab-ci.yml", cwd=project.repository)
        stages, global_variables, specs = pipelines.load(text)
        tags = git("tag", "--list", ref, cwd=project.repository).strip()
        with self.changed:
            self._next_pipeline += 1
            made = Pipeline(self._next_pipeline, len(project.pipelines) + 1, project, ref, sha,
                            stages, source=source, tag=bool(tags), variables=variables or {})
            project.pipelines.append(made)
            for spec in specs:
                spec["variables"] = {**global_variables, **spec["variables"]}
                spec["pipeline_variables"] = variables or {}
                made.jobs.append(self._new_job({**spec, "project": project, "pipeline": made}))
            self._advance(made)
            return made

    def play(self, job: Job, variables: Optional[dict[str, str]] = None) -> bool:
        """Starts a manual job; False when it is not manual."""
        with self.changed:
            if job.status != "manual":
                return False
            job.spec["played_variables"] = variables or {}
            job.status = "pending"
            job.created = time.time()
            self._queue_changed(job)
            return True

    def cancel(self, job: Job, force: bool = False) -> None:
        """Graceful when the daemon announced this feature; with `force` the job is canceled at once."""
        with self.changed:
            if job.is_final():
                return
            graceful = job.runner is not None and job.runner.features(
                job.system_id or "").get("cancel_gracefully")
            if job.is_running() and graceful and not force:
                job.status = "canceling"
                self.changed.notify_all()
            else:
                self.finish_job(job, "canceled", None)

    def retry(self, job: Job) -> Job:
        with self.changed:
            made = self._new_job({k: v for k, v in job.spec.items() if k != "played_variables"})
            made.status = "pending"
            if job.pipeline is not None:
                job.pipeline.jobs[job.pipeline.jobs.index(job)] = made
            self._queue_changed(made)
            return made

    def fault(self, route: str, action: str = "status", **options: Any) -> Fault:
        """See `Fault`. `fault("update", status=503)` answers the next PUT with 503."""
        return self.faults.add(Fault(route, action=action, **options))

    def _new_job(self, spec: dict[str, Any]) -> Job:
        self._next_job += 1
        directory = ensure_directory(os.path.join(self.data, "logs"))
        job = Job(self._next_job, "glcbt-64_" + random_text(20), spec,
                  os.path.join(directory, str(self._next_job)))
        self.jobs.append(job)
        return job

    def _queue_changed(self, job: Job) -> None:
        for runner in self.runners:
            if may_run(runner, job):
                runner.touch_queue()
        self.changed.notify_all()

    def _advance(self, pipeline: Pipeline) -> None:
        for job in pipelines.advance(pipeline):
            job.spec["dependencies"] = pipelines.dependencies(pipeline, job)
            job.created = time.time()
            self._queue_changed(job)

    # --- what was received -------------------------------------------------------------------------

    @property
    def exchanges(self) -> list[Exchange]:
        return self.recorder.exchanges

    @property
    def violations(self) -> list[Violation]:
        return list(self.recorder.violations)

    def requests(self, route: Optional[str] = None, job: Optional[Job] = None,
                 where: Optional[Callable[[Exchange], bool]] = None) -> list[Exchange]:
        return self.recorder.select(route, job.id if job else None, where)

    def wait(self, condition: Callable[[], Any], timeout: float = 30.0, what: str = "") -> Any:
        """Waits until `condition()` is true (called again at every change); returns its value."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while not (value := condition()):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"waited {timeout:g} s for {what or 'a condition'}")
                self.changed.wait(min(left, 1.0))
            return value

    def wait_picked(self, job: Job, timeout: float = 30.0) -> Job:
        self.wait(lambda: job.picked is not None, timeout, f"{job} to be picked up")
        return job

    def wait_finished(self, job: Job, timeout: float = 60.0) -> Job:
        try:
            self.wait(job.is_final, timeout, f"{job} to end")
        except TimeoutError as error:
            tail = job.trace[-2000:].decode("utf-8", "replace")
            raise TimeoutError(f"{error}; the end of its log:\n{tail}") from None
        return job

    def wait_trace(self, job: Job, needle: str, timeout: float = 30.0) -> Job:
        """Waits until the log as received contains `needle` (within one line)."""
        wanted = needle.encode()
        seen = 0

        def found() -> bool:
            nonlocal seen
            start = max(0, seen - len(wanted))
            piece = job.trace_log.read(start)
            seen = start + len(piece)  # not the log's size: it may have grown since
            return wanted in piece

        self.wait(found, timeout, f"{needle!r} in the log of {job}")
        return job

    def wait_exchange(self, route: str, count: int = 1, job: Optional[Job] = None,
                      timeout: float = 30.0,
                      where: Optional[Callable[[Exchange], bool]] = None) -> list[Exchange]:
        """Waits until `count` answered requests of that kind were seen."""
        def answered() -> list[Exchange]:
            found = [e for e in self.requests(route, job, where) if e.ended]
            return found if len(found) >= count else []
        result: list[Exchange] = self.wait(answered, timeout, f"{count} × {route}")
        return result

    # --- for the handlers ----------------------------------------------------------------------

    def notify(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def pause_for(self, seconds: float) -> None:
        if self._http is not None:
            self._http.pause_for(seconds)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def now(self) -> float:
        return time.time()

    def pending_jobs(self) -> list[Job]:
        return [job for job in self.jobs if job.status == "pending"]

    def finish_job(self, job: Job, status: str, reason: Optional[str]) -> None:
        with self.changed:
            job.status = status
            job.failure_reason = reason
            job.finished = time.time()
            if job.pipeline is not None:
                self._advance(job.pipeline)
            self.changed.notify_all()

    def runner_by_token(self, token: str) -> Optional[Runner]:
        return next((r for r in self.runners if r.token == token), None)

    def runner_by_id(self, runner_id: int) -> Optional[Runner]:
        return next((r for r in self.runners if r.id == runner_id), None)

    def job_by_id(self, job_id: int) -> Optional[Job]:
        return next((j for j in self.jobs if j.id == job_id), None)

    def running_job_by_token(self, token: str) -> Optional[Job]:
        return next((j for j in self.jobs if j.token == token and j.is_running()), None)

    def project_by_path(self, path: str) -> Optional[Project]:
        return next((p for p in self.projects if p.path == path), None)

    def credentials(self, job: Job) -> list[dict[str, str]]:
        return []

    def storage_url(self, job: Job) -> str:
        return f"{self.url}/_storage/{job.id}?signature=test"

    def scratch_directory(self) -> str:
        return ensure_directory(os.path.join(self.data, "scratch"))

    def artifact_directory(self, job: Job) -> str:
        return ensure_directory(os.path.join(self.data, "artifacts", str(job.id)))

    def check_private_token(self, request: Request) -> Optional[Response]:
        given = request.header("PRIVATE-TOKEN") or request.query.get("private_token")
        if given != self.private_token:
            return Response.json(401, {"message": "401 Unauthorized"})
        return None
