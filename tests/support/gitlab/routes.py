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

    def user_call(method: str, path: str, handler: Callable[..., Any]) -> None:
        api("api", method, path, handler, runner_call=False)

    project = r"/projects/([^/]+)"
    user_call("GET", r"/version", rest.version)
    user_call("GET", r"/runners/(\d+)", rest.runner)
    user_call("GET", r"/projects", rest.projects)
    user_call("GET", project, rest.project)
    user_call("POST", project + r"/pipeline", rest.create_pipeline)
    user_call("GET", project + r"/pipelines", rest.pipelines)
    user_call("GET", project + r"/pipelines/([^/]+)", rest.pipeline)
    user_call("GET", project + r"/pipelines/([^/]+)/jobs", rest.pipeline_jobs)
    user_call("GET", project + r"/jobs/(\d+)", rest.job)
    user_call("GET", project + r"/jobs/(\d+)/trace", rest.job_trace)
    user_call("POST", project + r"/jobs/(\d+)/play", rest.play)
    user_call("POST", project + r"/jobs/(\d+)/cancel", rest.cancel)
    user_call("POST", project + r"/jobs/(\d+)/retry", rest.retry)
    repository = RepositoryApi(server)
    user_call("GET", project + r"/repository/commits/([^/]+)", repository.commit)
    user_call("GET", project + r"/repository/files/([^/]+)/raw", repository.raw_file)
    user_call("GET", project + r"/repository/tree", repository.tree)
    user_call("GET", project + r"/releases", repository.releases)
    user_call("GET", r"/templates/gitlab_ci_ymls/([^/]+)", repository.ci_template)

    made.append(Route("storage", "GET", re.compile(r"/_storage/(\d+)"), job.storage, False, False))
    made.append(Route("control", "", re.compile(r"/_control/(.+)"), control.serve, True, False))
    made.append(Route("git", "", re.compile(r"/(.+?)(?:\.git)?/((?:info/refs|info/lfs/objects/.+|git-upload-pack|"
                                            r"git-receive-pack|HEAD|objects/.+))"),
                      git.serve, False, False))
    return made
