"""Maps method and path to a handler. Exchanges and faults name the route."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass
from typing import Any, Callable, Optional

from .control import Control
from .git_http import GitHttp
from .job_api import JobApi
from .repository_api import RepositoryApi
from .rest_api import RestApi
from .runner_api import RunnerApi


@dataclass
class Route:
    name: str
    method: str
    pattern: "re.Pattern[str]"
    handler: Callable[..., Any]
    json_body: bool
    runner_call: bool

    def match(self, method: str, path: str) -> Optional[tuple[str, ...]]:
        found = self.pattern.fullmatch(path) if method == self.method or not self.method else None
        return tuple(urllib.parse.unquote(g) for g in found.groups()) if found else None


def table(server: Any) -> list[Route]:
    runner, job, rest, git = RunnerApi(server), JobApi(server), RestApi(server), GitHttp(server)
    control = Control(server)
    made: list[Route] = []

    def api(name: str, method: str, path: str, handler: Callable[..., Any], json_body: bool = True,
            runner_call: bool = True) -> None:
        made.append(Route(name, method, re.compile(r"/api/v4" + path), handler, json_body,
                          runner_call))

    api("register", "POST", r"/runners", runner.register)
    api("unregister", "DELETE", r"/runners", runner.unregister)
    api("verify", "POST", r"/runners/verify", runner.verify)
    api("unregister_manager", "DELETE", r"/runners/managers", runner.unregister_manager)
    api("reset_token", "POST", r"/runners/reset_authentication_token", runner.reset_token)
    api("reset_token_by_id", "POST", r"/runners/(\d+)/reset_authentication_token",
        runner.reset_token_by_id)
    api("create_runner", "POST", r"/user/runners", runner.create_by_user)
    api("discovery", "GET", r"/runners/router/discovery", runner.discovery, json_body=False)
    api("request", "POST", r"/jobs/request", runner.request_job)
    api("update", "PUT", r"/jobs/(\d+)", job.update)
    api("trace", "PATCH", r"/jobs/(\d+)/trace", job.trace, json_body=False)
    api("artifacts_upload", "POST", r"/jobs/(\d+)/artifacts", job.upload, json_body=False)
    api("artifacts_download", "GET", r"/jobs/(\d+)/artifacts", job.download, json_body=False)

    def people(method: str, path: str, handler: Callable[..., Any]) -> None:
        api("api", method, path, handler, runner_call=False)

    project = r"/projects/([^/]+)"
    people("GET", r"/version", rest.version)
    people("GET", r"/projects", rest.projects)
    people("GET", project, rest.project)
    people("POST", project + r"/pipeline", rest.create_pipeline)
    people("GET", project + r"/pipelines", rest.pipelines)
    people("GET", project + r"/pipelines/([^/]+)", rest.pipeline)
    people("GET", project + r"/pipelines/([^/]+)/jobs", rest.pipeline_jobs)
    people("GET", project + r"/jobs/(\d+)", rest.job)
    people("GET", project + r"/jobs/(\d+)/trace", rest.job_trace)
    people("POST", project + r"/jobs/(\d+)/play", rest.play)
    people("POST", project + r"/jobs/(\d+)/cancel", rest.cancel)
    people("POST", project + r"/jobs/(\d+)/retry", rest.retry)
    repository = RepositoryApi(server)
    people("GET", project + r"/repository/commits/([^/]+)", repository.commit)
    people("GET", project + r"/repository/files/([^/]+)/raw", repository.raw_file)
    people("GET", project + r"/repository/tree", repository.tree)
    people("GET", project + r"/releases", repository.releases)
    people("GET", r"/templates/gitlab_ci_ymls/([^/]+)", repository.ci_template)

    made.append(Route("storage", "GET", re.compile(r"/_storage/(\d+)"), job.storage, False, False))
    made.append(Route("control", "", re.compile(r"/_control/(.+)"), control.serve, True, False))
    made.append(Route("git", "", re.compile(r"/(.+?)(?:\.git)?/((?:info/refs|git-upload-pack|"
                                            r"git-receive-pack|HEAD|objects/.+))"),
                      git.serve, False, False))
    return made
