"""The body of a 201 of jobs/request, in the form of the real server."""

from __future__ import annotations

import json
import time
import urllib.parse
from datetime import datetime, timezone
from typing import Any, Optional

from .model import FAILURE_REASONS, Job, Runner

ZEROS = "0" * 40


def build(server: Any, job: Job, runner: Runner) -> dict[str, Any]:
    spec = job.spec
    timeout = effective_timeout(spec, runner)
    payload: dict[str, Any] = {
        "id": job.id,
        "token": job.token,
        "allow_git_fetch": True,
        "job_info": _job_info(server, job),
        "git_info": _git_info(server, job),
        "runner_info": {"timeout": timeout, "runner_session_url": None},
        "inputs": spec.get("inputs") or [],
        "variables": variables(server, job, runner),
        "steps": _steps(spec, timeout),
        "image": _image(spec.get("image")),
        "services": [_service(s) for s in spec.get("services") or []],
        "artifacts": _artifacts(spec.get("artifacts")),
        "cache": [_cache(c) for c in _as_list(spec.get("cache"))],
        "credentials": list(spec.get("credentials") or server.credentials(job)),
        "dependencies": [_dependency(job, d) for d in spec.get("dependencies") or []],
        "features": {
            "trace_sections": True,
            "token_mask_prefixes": ["glpat-"],
            "failure_reasons": list(spec.get("failure_reasons", FAILURE_REASONS)),
        },
        "secrets": spec.get("secrets") or {},
        "hooks": [{"name": name, "script": _as_list(script)}
                  for name, script in (spec.get("hooks") or {}).items()],
        "policy_options": None,
    }
    payload["features"].update(spec.get("features") or {})
    change = spec.get("payload")
    if callable(change):
        payload = change(payload) or payload
    elif isinstance(change, dict):
        payload = merge(payload, change)
    return payload


def merge(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Dictionaries are merged, everything else is replaced; `...` removes the key."""
    merged = dict(base)
    for key, value in change.items():
        if value is ...:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def effective_timeout(spec: dict[str, Any], runner: Runner) -> int:
    timeout = int(spec.get("timeout", 3600))
    return min(timeout, runner.maximum_timeout) if runner.maximum_timeout else timeout


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def repository_url(server: Any, job: Job) -> str:
    """The clone URL with user and job token in it."""
    url = urllib.parse.urlsplit(server.url)
    path = job.project.path if job.project else "group/project"
    return urllib.parse.urlunsplit(
        (url.scheme, f"gitlab-ci-token:{job.token}@{url.netloc}", f"{url.path}/{path}.git", "", ""))


def _job_info(server: Any, job: Job) -> dict[str, Any]:
    project = job.project
    return {
        "id": job.id, "name": job.name, "stage": job.stage,
        "pipeline_id": job.pipeline.id if job.pipeline else 1000 + job.id,
        "project_id": project.id if project else int(job.spec.get("project_id", 42)),
        "project_name": project.name if project else "project",
        "project_full_path": project.path if project else "group/project",
        "namespace_id": 7, "root_namespace_id": 7, "organization_id": 1,
        "instance_id": "test", "instance_uuid": "00000000-0000-4000-8000-000000000000",
        "user_id": 1, "scoped_user_id": None,
        "time_in_queue_seconds": round(time.time() - job.created, 3),
        "project_jobs_running_on_instance_runners_count": "0",
        "queue_size": 1, "queue_depth": 1,
    }


def _git_info(server: Any, job: Job) -> dict[str, Any]:
    sha = sha_of(job)
    ref = ref_of(job)
    tag = bool(job.pipeline and job.pipeline.tag)
    pipeline = job.pipeline.id if job.pipeline else 1000 + job.id
    depth = int(job.spec.get("git_depth", job.project.git_depth if job.project else 20))
    refspecs = [f"+{sha}:refs/pipelines/{pipeline}"]
    if depth == 0:
        refspecs += ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
    elif tag:
        refspecs.append(f"+refs/tags/{ref}:refs/tags/{ref}")
    else:
        refspecs.append(f"+refs/heads/{ref}:refs/remotes/origin/{ref}")
    return {
        "repo_url": repository_url(server, job), "repo_object_format": "sha1",
        "ref": ref, "ref_type": "tag" if tag else "branch", "sha": sha, "before_sha": ZEROS,
        "refspecs": refspecs, "depth": depth, "protected": bool(job.spec.get("protected", False)),
    }


def sha_of(job: Job) -> str:
    return job.pipeline.sha if job.pipeline else str(job.spec.get("sha", "0" * 39 + "1"))


def ref_of(job: Job) -> str:
    return job.pipeline.ref if job.pipeline else str(job.spec.get("ref", "main"))


def _steps(spec: dict[str, Any], timeout: int) -> list[dict[str, Any]]:
    if "steps" in spec:
        return list(spec["steps"])
    script = _as_list(spec.get("before_script")) + _as_list(spec.get("script"))
    steps = [{"name": "script", "script": script, "timeout": timeout,
              "when": "on_success", "allow_failure": False}]
    if spec.get("after_script"):
        steps.append({"name": "after_script", "script": _as_list(spec["after_script"]),
                      "timeout": timeout, "when": "always", "allow_failure": True})
    return steps


def _image(image: Any) -> Optional[dict[str, Any]]:
    if image is None or image == "":
        return None
    given = {"name": image} if isinstance(image, str) else dict(image)
    docker = given.pop("docker", None)
    policy = given.get("pull_policy")
    return {
        "name": given["name"],
        "entrypoint": _as_list(given.get("entrypoint")) if given.get("entrypoint") else None,
        "ports": list(given.get("ports") or []), "executor_opts": {"docker": docker} if docker else {},
        "pull_policy": _as_list(policy) if policy else None,
    }


def _service(service: Any) -> dict[str, Any]:
    given = {"name": service} if isinstance(service, str) else dict(service)
    made = _image(given) or {}
    made["alias"] = given.get("alias")
    made["command"] = _as_list(given.get("command")) if given.get("command") else None
    made["variables"] = [variable(k, v) for k, v in (given.get("variables") or {}).items()]
    return made


def _artifacts(given: Any) -> Optional[list[dict[str, Any]]]:
    if not given:
        return None
    entries: list[dict[str, Any]] = []
    for entry in _as_list(given):
        entry = dict(entry)
        reports = entry.pop("reports", None)
        if entry.get("paths") or entry.get("untracked"):
            entries.append({
                "name": entry.get("name"), "untracked": bool(entry.get("untracked", False)),
                "paths": _as_list(entry.get("paths")), "exclude": _as_list(entry.get("exclude")),
                "when": entry.get("when", "on_success"), "expire_in": entry.get("expire_in"),
                "artifact_type": entry.get("artifact_type", "archive"),
                "artifact_format": entry.get("artifact_format", "zip")})
        for kind, paths in (reports or {}).items():
            name = {"junit": "junit.xml", "dotenv": ".env"}.get(kind, f"gl-{kind}.json")
            entries.append({
                "name": name, "untracked": False, "paths": _as_list(paths), "exclude": [],
                "when": "always", "expire_in": entry.get("expire_in"), "artifact_type": kind,
                "artifact_format": "gzip" if kind in GZIP_REPORTS else "raw"})
    return entries or None


GZIP_REPORTS = ("junit", "metrics", "dotenv", "cobertura", "jacoco", "cluster_applications",
                "cyclonedx", "annotations", "repository_xray", "metadata")


def _cache(given: dict[str, Any]) -> dict[str, Any]:
    key = given.get("key", "default")
    return {"key": key if str(key).endswith("protected") else f"{key}-non_protected",
            "untracked": bool(given.get("untracked", False)), "paths": _as_list(given.get("paths")),
            "policy": given.get("policy", "pull-push"), "when": given.get("when", "on_success"),
            "fallback_keys": _as_list(given.get("fallback_keys"))}


def _dependency(job: Job, other: Any) -> dict[str, Any]:
    made = {"id": other.id, "name": other.name, "token": job.token}
    archive = other.artifact("archive")
    if archive is not None:
        made["artifacts_file"] = {"filename": archive.filename, "size": archive.size}
    return made


def variable(key: str, value: Any, public: bool = True, masked: bool = False,
             file: bool = False, raw: bool = False) -> dict[str, Any]:
    """`file` and `raw` are left out when false, as the server does."""
    made = {"key": key, "value": _scalar(value), "public": public, "masked": masked}
    if file:
        made["file"] = True
    if raw:
        made["raw"] = True
    return made


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def given_variables(given: Any) -> list[dict[str, Any]]:
    """A dict of strings, or of dicts with value/masked/file/raw/public, or a ready list."""
    if isinstance(given, dict):
        made = []
        for key, value in given.items():
            if isinstance(value, dict):
                made.append(variable(key, value.get("value", ""),
                                     **{k: v for k, v in value.items() if k in FLAGS}))
            else:
                made.append(variable(key, value))
        return made
    return [dict(entry) for entry in given or []]


FLAGS = ("public", "masked", "file", "raw")


def variables(server: Any, job: Job, runner: Runner) -> list[dict[str, Any]]:
    secret = {"public": False, "masked": True}
    project = job.project
    url = server.url
    parts = urllib.parse.urlsplit(url)
    path = project.path if project else "group/project"
    name = path.rsplit("/", 1)[-1]
    namespace = path.rsplit("/", 1)[0] if "/" in path else ""
    sha, ref = sha_of(job), ref_of(job)
    pipeline = job.pipeline.id if job.pipeline else 1000 + job.id
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    plain: list[tuple[str, Any]] = [
        ("CI_JOB_NAME", job.name), ("CI_JOB_NAME_SLUG", job.name.lower().replace(" ", "-")),
        ("CI_JOB_STAGE", job.stage), ("CI_NODE_TOTAL", "1"), ("CI", "true"), ("GITLAB_CI", "true"),
        ("CI_SERVER_URL", url), ("CI_SERVER_HOST", parts.hostname), ("CI_SERVER_PORT", port),
        ("CI_SERVER_PROTOCOL", parts.scheme), ("CI_SERVER_SHELL_SSH_HOST", parts.hostname),
        ("CI_SERVER_SHELL_SSH_PORT", "22"), ("CI_SERVER_NAME", "GitLab"),
        ("CI_SERVER_VERSION", "19.4.0"), ("CI_SERVER_VERSION_MAJOR", "19"),
        ("CI_SERVER_VERSION_MINOR", "4"), ("CI_SERVER_VERSION_PATCH", "0"),
        ("CI_SERVER_REVISION", "0000000"), ("GITLAB_FEATURES", ""),
        ("CI_PROJECT_ID", project.id if project else job.spec.get("project_id", 42)),
        ("CI_PROJECT_NAME", name), ("CI_PROJECT_TITLE", name), ("CI_PROJECT_PATH", path),
        ("CI_PROJECT_PATH_SLUG", path.lower().replace("/", "-")),
        ("CI_PROJECT_NAMESPACE", namespace), ("CI_PROJECT_NAMESPACE_ID", "7"),
        ("CI_PROJECT_ROOT_NAMESPACE", namespace.split("/")[0]),
        ("CI_PROJECT_URL", f"{url}/{path}"), ("CI_PROJECT_VISIBILITY", "private"),
        ("CI_DEFAULT_BRANCH", project.default_branch if project else "main"),
        ("CI_CONFIG_PATH", ".gitlab-ci.yml"), ("CI_API_V4_URL", f"{url}/api/v4"),
        ("CI_API_GRAPHQL_URL", f"{url}/api/graphql"),
        ("CI_PIPELINE_IID", job.pipeline.iid if job.pipeline else 1),
        ("CI_PIPELINE_SOURCE", job.pipeline.source if job.pipeline else "push"),
        ("CI_PIPELINE_CREATED_AT", now), ("CI_COMMIT_SHA", sha), ("CI_COMMIT_SHORT_SHA", sha[:8]),
        ("CI_COMMIT_BEFORE_SHA", ZEROS), ("CI_COMMIT_REF_NAME", ref),
        ("CI_COMMIT_REF_SLUG", ref.lower().replace("/", "-")),
        ("CI_COMMIT_REF_PROTECTED", bool(job.spec.get("protected", False))),
        ("CI_COMMIT_TIMESTAMP", now), ("CI_COMMIT_AUTHOR", "Test <test@example.com>"),
        ("CI_COMMIT_MESSAGE", "test"), ("CI_COMMIT_TITLE", "test"), ("CI_COMMIT_DESCRIPTION", ""),
        ("CI_BUILD_REF", sha), ("CI_BUILD_REF_NAME", ref), ("CI_BUILD_STAGE", job.stage),
        ("CI_BUILD_NAME", job.name), ("GITLAB_USER_ID", "1"), ("GITLAB_USER_LOGIN", "root"),
        ("GITLAB_USER_NAME", "Administrator"), ("GITLAB_USER_EMAIL", "root@example.com"),
        ("CI_RUNNER_ID", runner.id), ("CI_RUNNER_DESCRIPTION", runner.description),
        ("CI_RUNNER_TAGS", json.dumps(runner.tags)),
    ]
    if job.pipeline is not None and job.pipeline.tag:
        plain.append(("CI_COMMIT_TAG", ref))
    elif not job.spec.get("merge_request"):
        plain.append(("CI_COMMIT_BRANCH", ref))
    made = [
        variable("CI_PIPELINE_ID", pipeline),
        variable("CI_PIPELINE_URL", f"{url}/{path}/-/pipelines/{pipeline}"),
        variable("CI_JOB_ID", job.id),
        variable("CI_JOB_URL", f"{url}/{path}/-/jobs/{job.id}"),
        variable("CI_JOB_TOKEN", job.token, **secret),
        variable("CI_JOB_STARTED_AT", now),
        variable("CI_BUILD_ID", job.id),
        variable("CI_BUILD_TOKEN", job.token, **secret),
        variable("CI_REGISTRY_USER", "gitlab-ci-token"),
        variable("CI_REGISTRY_PASSWORD", job.token, **secret),
        variable("CI_REPOSITORY_URL", repository_url(server, job), public=False),
        variable("CI_DEPENDENCY_PROXY_USER", "gitlab-ci-token"),
        variable("CI_DEPENDENCY_PROXY_PASSWORD", job.token, **secret),
    ]
    made += [variable(key, value) for key, value in plain]
    made += [variable("GIT_STRATEGY", job.spec.get("git_strategy")
                      or ("fetch" if project and project.repository else "none"))]
    made += given_variables(job.spec.get("variables"))
    made += [dict(v) for v in (project.variables if project else [])]
    made += given_variables(job.spec.get("pipeline_variables"))
    made += given_variables(job.spec.get("played_variables"))
    return made
