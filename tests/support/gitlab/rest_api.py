"""The part of GitLab's user API that users and tests need: projects, pipelines, jobs."""

from __future__ import annotations

import urllib.parse
from datetime import datetime, timezone
from typing import Any, Optional

from .model import Job, Pipeline, Project
from .pipeline import PipelineError
from .record import Exchange
from .transport import Request, Response


def not_found(what: str) -> Response:
    return Response.json(404, {"message": f"404 {what} Not Found"})


def bad(reason: str) -> Response:
    return Response.json(400, {"message": f"400 Bad request - {reason}"})


def time_text(stamp: Optional[float]) -> Optional[str]:
    if stamp is None:
        return None
    moment = datetime.fromtimestamp(stamp, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class RestApi:
    """Every call needs PRIVATE-TOKEN (401 without)."""

    def __init__(self, server: Any) -> None:
        self.server = server

    def version(self, request: Request, body: dict[str, Any], exchange: Exchange) -> Response:
        return self._guarded(request) or Response.json(200, {"version": "19.4.0",
                                                             "revision": "0000000"})

    def runner(self, request: Request, body: dict[str, Any], exchange: Exchange,
               runner: str) -> Response:
        refused = self._guarded(request)
        found = self.server.runner_by_id(int(runner))
        if refused is not None:
            return refused
        if found is None:
            return not_found("Runner")
        return Response.json(200, {"id": found.id, "description": found.description,
                                   "paused": found.paused, "active": not found.paused,
                                   "runner_type": found.runner_type})

    def projects(self, request: Request, body: dict[str, Any], exchange: Exchange) -> Response:
        return self._guarded(request) or Response.json(
            200, [self._project_json(p) for p in self.server.projects])

    def project(self, request: Request, body: dict[str, Any], exchange: Exchange,
                project: str) -> Response:
        found, refused = self._project(request, project)
        return refused or Response.json(200, self._project_json(found))

    def create_pipeline(self, request: Request, body: dict[str, Any], exchange: Exchange,
                        project: str) -> Response:
        found, refused = self._project(request, project)
        if refused is not None:
            return refused
        ref = body.get("ref") or request.query.get("ref")
        if not ref:
            return Response.json(400, {"error": "ref is missing"})
        variables = {v["key"]: v.get("value", "") for v in body.get("variables") or []}
        try:
            pipeline = self.server.create_pipeline(found, ref, variables, source="api")
        except PipelineError as error:
            return Response.json(400, {"message": {"base": [str(error)]}})
        except RuntimeError:
            return Response.json(400, {"message": {"base": ["Reference not found"]}})
        return Response.json(201, self._pipeline_json(pipeline))

    def pipelines(self, request: Request, body: dict[str, Any], exchange: Exchange,
                  project: str) -> Response:
        found, refused = self._project(request, project)
        return refused or Response.json(
            200, [self._pipeline_json(p) for p in reversed(found.pipelines)])

    def pipeline(self, request: Request, body: dict[str, Any], exchange: Exchange, project: str,
                 pipeline: str) -> Response:
        found, refused = self._pipeline(request, project, pipeline)
        return refused or Response.json(200, self._pipeline_json(found))

    def pipeline_jobs(self, request: Request, body: dict[str, Any], exchange: Exchange,
                      project: str, pipeline: str) -> Response:
        found, refused = self._pipeline(request, project, pipeline)
        if refused is not None:
            return refused
        scope = request.query.get("scope[]") or request.query.get("scope")
        jobs = [job for job in found.jobs if scope is None or job.status == scope]
        return Response.json(200, [self._job_json(job) for job in jobs])

    def job(self, request: Request, body: dict[str, Any], exchange: Exchange, project: str,
            job: str) -> Response:
        found, refused = self._job(request, project, job)
        return refused or Response.json(200, self._job_json(found))

    def job_trace(self, request: Request, body: dict[str, Any], exchange: Exchange, project: str,
                  job: str) -> Response:
        found, refused = self._job(request, project, job)
        if refused is not None:
            return refused
        return Response(200, {"Content-Type": "text/plain"}, open(found.trace_log.path, "rb"))

    def play(self, request: Request, body: dict[str, Any], exchange: Exchange, project: str,
             job: str) -> Response:
        found, refused = self._job(request, project, job)
        if refused is not None:
            return refused
        variables = {v["key"]: v.get("value", "")
                     for v in body.get("job_variables_attributes") or []}
        if not self.server.play(found, variables):
            return bad("Unplayable Job")
        return Response.json(200, self._job_json(found))

    def cancel(self, request: Request, body: dict[str, Any], exchange: Exchange, project: str,
               job: str) -> Response:
        found, refused = self._job(request, project, job)
        if refused is not None:
            return refused
        force = str(body.get("force", request.query.get("force", ""))).lower() == "true"
        self.server.cancel(found, force)
        return Response.json(201, self._job_json(found))

    def retry(self, request: Request, body: dict[str, Any], exchange: Exchange, project: str,
              job: str) -> Response:
        found, refused = self._job(request, project, job)
        if refused is not None:
            return refused
        if not found.is_final():
            return Response.json(403, {"message": "403 Forbidden - Job is not retryable"})
        return Response.json(201, self._job_json(self.server.retry(found)))

    # --- finding -------------------------------------------------------------------------------

    def _guarded(self, request: Request) -> Optional[Response]:
        refused: Optional[Response] = self.server.check_private_token(request)
        return refused

    def _project(self, request: Request, key: str) -> tuple[Any, Optional[Response]]:
        refused = self._guarded(request)
        if refused is not None:
            return None, refused
        name = urllib.parse.unquote(key)
        for project in self.server.projects:
            if name in (str(project.id), project.path):
                return project, None
        return None, not_found("Project")

    def _pipeline(self, request: Request, project: str,
                  key: str) -> tuple[Any, Optional[Response]]:
        found, refused = self._project(request, project)
        if refused is not None:
            return None, refused
        for pipeline in found.pipelines:
            if key in (str(pipeline.id), "latest"):
                return pipeline, None
        return None, not_found("Pipeline")

    def _job(self, request: Request, project: str, key: str) -> tuple[Any, Optional[Response]]:
        found, refused = self._project(request, project)
        if refused is not None:
            return None, refused
        job = self.server.job_by_id(int(key))
        if job is None or job.project is not found:
            return None, not_found("Job")
        return job, None

    # --- JSON ----------------------------------------------------------------------------------

    def _project_json(self, project: Project) -> dict[str, Any]:
        url = f"{self.server.url}/{project.path}"
        return {"id": project.id, "name": project.name, "path": project.name,
                "path_with_namespace": project.path, "default_branch": project.default_branch,
                "web_url": url, "http_url_to_repo": url + ".git", "visibility": "private"}

    def _pipeline_json(self, pipeline: Pipeline) -> dict[str, Any]:
        return {"id": pipeline.id, "iid": pipeline.iid, "project_id": pipeline.project.id,
                "sha": pipeline.sha, "ref": pipeline.ref, "status": pipeline.status(),
                "source": pipeline.source, "created_at": time_text(pipeline.created),
                "web_url": f"{self.server.url}/{pipeline.project.path}/-/pipelines/{pipeline.id}"}

    def _job_json(self, job: Job) -> dict[str, Any]:
        until = job.finished or self.server.now()
        project = job.project.path if job.project else "group/project"
        archive = job.artifact("archive")
        return {
            "id": job.id, "status": job.status, "stage": job.stage, "name": job.name,
            "ref": job.pipeline.ref if job.pipeline else "main",
            "tag": bool(job.pipeline and job.pipeline.tag), "coverage": None,
            "allow_failure": job.allow_failure, "created_at": time_text(job.created),
            "started_at": time_text(job.started), "finished_at": time_text(job.finished),
            "erased_at": None, "duration": until - job.started if job.started else None,
            "queued_duration": (job.started or until) - job.created,
            "failure_reason": job.failure_reason, "tag_list": job.tags,
            "pipeline": self._pipeline_json(job.pipeline) if job.pipeline else None,
            "web_url": f"{self.server.url}/{project}/-/jobs/{job.id}",
            "project": {"ci_job_token_scope_enabled": False},
            "runner": {"id": job.runner.id, "description": job.runner.description}
            if job.runner else None,
            "artifacts": [{"file_type": a.type, "size": a.size, "filename": a.filename,
                           "file_format": a.format} for a in job.artifacts],
            "artifacts_file": {"filename": archive.filename, "size": archive.size}
            if archive else None,
            "artifacts_expire_at": None,
        }
