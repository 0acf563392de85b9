"""The calls of a job: state, log, artifacts. Authenticated by the job's own token."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from typing import Any, Optional

from .model import Artifact, FAILURE_REASONS, Job, Patch
from .multipart import MultipartError, read_multipart
from .payload import GZIP_REPORTS
from .record import Exchange
from .runner_api import forbidden, missing
from .transport import Request, Response

MAX_PATCH = 1024 * 1024
FORMATS = {"archive": ("zip", "zipzstd", "tarzstd"), "lsif": ("zip",)}
COPY_BLOCK = 1024 * 1024
TOO_MANY = {"message": {"error": "This endpoint has been requested too many times. Try again "
                                 "later."}}


class JobApi:
    """Handlers take the request, its decoded JSON body, the exchange, and the job id's text."""

    def __init__(self, server: Any) -> None:
        self.server = server

    # --- PUT /jobs/:id -------------------------------------------------------------------------

    def update(self, request: Request, body: dict[str, Any], exchange: Exchange,
               job_id: str) -> Response:
        token = body.get("token")
        if not token:
            return missing("token")
        job, refused = self._running_job(job_id, str(token), exchange, "update")
        if refused is not None:
            return refused
        state = body.get("state")
        if state not in ("running", "success", "failed"):
            return Response.json(400, {"error": "state does not have a valid value"})
        if request.header("JOB-TOKEN") != token:
            self._violate("job_token", "PUT without the same token in JOB-TOKEN", job, exchange)
        with job.lock:
            self._contact(job, exchange)
            job.updates.append(body)
            if state == "running":
                response = Response.json(200, 200, {"Job-Status": job.status})
            else:
                response = self._final(job, body, state, exchange)
        self.server.notify()
        return response

    def _final(self, job: Job, body: dict[str, Any], state: str, exchange: Exchange) -> Response:
        if not any(update["state"] == "running" for update in job.updates):
            self._violate("no_running_update", "final update without a `running` one before it",
                          job, exchange)
        intact = self._check_output(job, body, exchange)
        if job.final_412 > 0 or (self.server.strict_checksum and not intact):
            job.final_412 = max(0, job.final_412 - 1)
            job.trace_log.truncate(0)
            return Response.json(412, {"message": "412 Precondition Failed"},
                                 {"Job-Status": job.status})
        if job.final_202 > 0 and (body.get("output") or {}).get("checksum"):
            job.final_202 -= 1
            return Response.json(202, 202, {"Job-Status": job.status,
                                            "X-GitLab-Trace-Update-Interval": "1"})
        if not intact:
            self._violate("checksum", "the log's checksum or size is not what the final update says",
                          job, exchange)
        reason = body.get("failure_reason")
        job.reported_reason = reason
        if state == "failed":
            job.exit_code = _clamp(body.get("exit_code"))
            if reason not in FAILURE_REASONS:
                self._violate("failure_reason", f"{reason!r} is unknown to the server", job, exchange)
                reason = "unknown_failure"
        elif reason or body.get("exit_code"):
            self._violate("failure_reason", "reason or exit code beside success", job, exchange)
        canceling = job.status == "canceling"
        self.server.finish_job(job, "canceled" if canceling else state,
                               reason if state == "failed" and not canceling else None)
        return Response.json(200, 200, {"Job-Status": job.status})

    def _check_output(self, job: Job, body: dict[str, Any], exchange: Exchange) -> bool:
        output = body.get("output")
        log = job.trace_log
        if not isinstance(output, dict):
            self._violate("output", "no `output` object in the final update", job, exchange)
            return True
        if log.size == 0 and not output:
            return True
        given = (output.get("checksum"), output.get("bytesize"))
        expected = (log.checksum(), log.size)
        if given != expected:
            self.server.note(f"job {job.id}: final update says {given}, the server has {expected}")
        return given == expected

    # --- PATCH /jobs/:id/trace -----------------------------------------------------------------

    def trace(self, request: Request, body: dict[str, Any], exchange: Exchange,
              job_id: str) -> Response:
        job, refused = self._running_job(job_id, self._token(request), exchange, "trace")
        if refused is not None:
            return refused
        span = request.header("Content-Range")
        if span is None:
            return Response.json(400, {"error": "400 Missing header Content-Range"})
        match = re.fullmatch(r"(\d+)-(\d+)", span.strip())
        if match is None:
            self._violate("content_range", f"{span!r} is not <first>-<last>", job, exchange)
            return Response.json(400, {"error": "400 Bad Content-Range"})
        start, last = int(match[1]), int(match[2])
        self._check_patch(job, request, start, last, exchange)
        with job.lock:
            self._contact(job, exchange)
            log = job.trace_log
            if start != log.size:
                return self._out_of_range(job, start, exchange)
            limit = self.server.trace_size_limit
            if limit is not None and log.size + request.body_size > limit:
                self.server.finish_job(job, "failed", "trace_size_exceeded")
                return self._job_forbidden(job)
            job.debug_trace = request.query.get("debug_trace") == "true"
            log.append(request.read())
            job.patches.append(Patch(time.monotonic(), start, request.body_size))
            headers = self._trace_headers(job)
        self.server.notify()
        return Response(202, headers)

    def _trace_headers(self, job: Job) -> dict[str, str]:
        headers = {"Job-Status": job.status, "Range": f"0-{job.trace_log.size}"}
        interval = job.spec.get("update_interval", self.server.update_interval)
        if interval:
            headers["X-GitLab-Trace-Update-Interval"] = str(interval)
        return headers

    def _out_of_range(self, job: Job, start: int, exchange: Exchange) -> Response:
        log = job.trace_log
        if start < log.acknowledged:
            self._violate("duplicate_bytes", f"patch from {start}, but {log.acknowledged} bytes "
                          "were acknowledged", job, exchange)
        elif start > log.size and not log.disturbed:
            self._violate("gap", f"patch from {start}, but the log has {log.size} bytes",
                          job, exchange)
        return Response(416, {"Content-Type": "text/plain", "Job-Status": job.status,
                              "Range": f"0-{log.size}"}, b"416 Range Not Satisfiable")

    def _check_patch(self, job: Job, request: Request, start: int, last: int,
                     exchange: Exchange) -> None:
        size = request.body_size
        if size == 0:
            self._violate("empty_patch", "a patch without bytes", job, exchange)
        if size > MAX_PATCH:
            self._violate("patch_size", f"{size} bytes in one patch", job, exchange)
        if last - start + 1 != size:
            self._violate("content_range", f"{start}-{last} for {size} bytes", job, exchange)
        if request.content_type() != "text/plain":
            self._violate("content_type", f"{request.header('Content-Type')!r} on a patch",
                          job, exchange)
        if request.query.get("debug_trace") not in ("true", "false"):
            self._violate("debug_trace", "patch without debug_trace=true|false", job, exchange)
        if request.header("JOB-TOKEN") is None:
            self._violate("job_token", "patch without JOB-TOKEN", job, exchange)

    # --- artifacts -----------------------------------------------------------------------------

    def upload(self, request: Request, body: dict[str, Any], exchange: Exchange,
               job_id: str) -> Response:
        server = self.server
        job, refused = self._running_job(job_id, self._token(request), exchange, "artifacts")
        if refused is not None:
            return refused
        if not server.artifacts_enabled:
            return Response.json(405, {"message": "405 Method Not Allowed"})
        self._contact(job, exchange)
        if server.artifact_size_limit is not None and request.body_size > server.artifact_size_limit:
            return Response.json(413, {"message": "413 Request Entity Too Large"})
        try:
            parts = read_multipart(request, server.scratch_directory())
        except MultipartError as error:
            return Response.json(400, {"message": f"400 Bad request - {error}"})
        part = next((p for p in parts if p.name == "file"), None)
        if part is None or not part.filename:
            return Response.json(400, {"message": "400 Bad request - missing artifacts file!"})
        return self._store(job, part, request.query, exchange)

    def _store(self, job: Job, part: Any, query: dict[str, str], exchange: Exchange) -> Response:
        kind = query.get("artifact_type", "archive")
        form = query.get("artifact_format", "zip")
        wanted = FORMATS.get(kind, ("gzip",) if kind in GZIP_REPORTS else ("raw",))
        if form not in wanted:
            return Response.json(400, {"message": f"400 Bad request - Invalid file format {form} "
                                       f"for type {kind}"})
        digest = _sha256(part.path)
        existing = job.artifact(kind)
        if existing is not None and existing.sha256 != digest:
            return Response.json(
                400, {"message": "another artifact of the same type already exists"})
        if existing is not None:
            return Response.json(201, 201)
        suffix = {"zip": ".zip", "zipzstd": ".zip", "tarzstd": ".tar.zst", "gzip": ".gz"}.get(form)
        if suffix and not part.filename.endswith(suffix):
            self._violate("artifact_name", f"{part.filename!r} for format {form}", job, exchange)
        final = os.path.join(self.server.artifact_directory(job), f"{kind}.{form}")
        shutil.move(part.path, final)
        with job.lock:
            job.artifacts.append(Artifact(kind, form, part.filename, part.size, final, digest,
                                          query.get("expire_in"), part.content_type))
        self.server.notify()
        return Response.json(201, 201)

    def download(self, request: Request, body: dict[str, Any], exchange: Exchange,
                 job_id: str) -> Response:
        caller = self.server.running_job_by_token(self._token(request))
        owner = self.server.job_by_id(int(job_id))
        if caller is None or owner is None:
            return forbidden()
        artifact = owner.artifact("archive")
        if artifact is None:
            return Response.json(404, {"message": "404 Not found"})
        if self.server.direct_download and request.query.get("direct_download") == "true":
            return Response(302, {"Location": self.server.storage_url(owner)}, b"")
        headers = {"Content-Type": "application/octet-stream",
                   "Content-Disposition": f'attachment; filename="{artifact.filename}"'}
        return self._archive(request, artifact, headers)

    def storage(self, request: Request, body: dict[str, Any], exchange: Exchange,
                job_id: str) -> Response:
        """The object storage behind a redirect: knows no GitLab tokens."""
        owner = self.server.job_by_id(int(job_id))
        artifact = owner.artifact("archive") if owner else None
        if artifact is None or request.query.get("signature") != "test":
            text = b"<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>"
            return Response(403, {"Content-Type": "application/xml"}, text)
        return self._archive(request, artifact, {"Content-Type": "application/octet-stream"})

    def _archive(self, request: Request, artifact: Artifact, headers: dict[str, str]) -> Response:
        """The file, or with `ranges` the part from the byte that `Range: bytes=N-` names."""
        if not self.server.ranges:
            return Response(200, headers, open(artifact.path, "rb"))
        headers.update({"ETag": f'"{artifact.sha256}"', "Accept-Ranges": "bytes"})
        wanted = re.fullmatch(r"bytes=(\d+)-", request.header("Range") or "")
        if not wanted or request.header("If-Range") not in (None, headers["ETag"]):
            return Response(200, headers, open(artifact.path, "rb"))
        start = int(wanted[1])
        headers["Content-Range"] = f"bytes {start}-{artifact.size - 1}/{artifact.size}"
        return Response(206, headers, artifact.read()[start:])

    # --- common --------------------------------------------------------------------------------

    def _token(self, request: Request) -> str:
        return (request.query.get("token") or request.query.get("job_token")
                or request.header("JOB-TOKEN") or "")

    def _running_job(self, job_id: str, token: str, exchange: Exchange,
                     what: str) -> tuple[Any, Optional[Response]]:
        job = self.server.job_by_id(int(job_id))
        exchange.job = int(job_id)
        if job is None or job.token != token:
            return None, forbidden()
        limit = self.server.job_rate_limit
        if limit is not None and what in ("update", "trace"):
            with job.lock:
                if job.too_many_calls(limit):
                    return None, Response.json(429, TOO_MANY, {"Retry-After": "60"})
        if job.is_running():
            return job, None
        if job.final_acknowledged:
            self._violate("after_final", f"{what} after the final update was answered 200",
                          job, exchange)
        return None, self._job_forbidden(job)

    def _job_forbidden(self, job: Job) -> Response:
        response = forbidden("Job is not running")
        response.headers["Job-Status"] = job.status
        return response

    def _contact(self, job: Job, exchange: Exchange) -> None:
        now = time.monotonic()
        before = job.last_contact
        job.last_contact = now
        if before is not None and now - before > self.server.silence_limit:
            self._violate("silence", f"nothing was heard for {now - before:.0f} s", job, exchange)

    def _violate(self, rule: str, detail: str, job: Job, exchange: Exchange) -> None:
        self.server.recorder.violate(rule, detail, job.id, exchange)


def _clamp(code: Any) -> Optional[int]:
    if code is None:
        return None
    return max(0, min(32767, int(code)))


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(COPY_BLOCK):
            digest.update(block)
    return digest.hexdigest()
