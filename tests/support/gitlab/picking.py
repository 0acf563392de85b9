"""Which runner gets which job: tags, protection, required features."""

from __future__ import annotations

import time
from typing import Any, Optional

from .model import Job, Runner


def may_run(runner: Runner, job: Job) -> bool:
    wanted = job.spec.get("runner")
    if wanted is not None and getattr(wanted, "id", wanted) != runner.id:
        return False
    if not set(job.tags) <= set(runner.tags):
        return False
    if not job.tags and not runner.run_untagged:
        return False
    if runner.access_level == "ref_protected" and not job.spec.get("protected"):
        return False
    if runner.project_id is not None and job.project is not None:
        return bool(job.project.id == runner.project_id)
    return True


def missing_feature(job: Job, features: dict[str, Any]) -> Optional[str]:
    """A feature that the job needs and the daemon does not announce: the server drops the job."""
    spec = job.spec
    artifacts = spec.get("artifacts") or {}
    entries = artifacts if isinstance(artifacts, list) else [artifacts]
    caches = spec.get("cache") or {}
    caches = caches if isinstance(caches, list) else [caches]
    needs = []
    if spec.get("merge_request"):
        needs.append("refspecs")
    if any(entry.get("reports") for entry in entries):
        needs.append("upload_multiple_artifacts")
    if any(entry.get("exclude") for entry in entries):
        needs.append("artifacts_exclude")
    if any(cache.get("fallback_keys") for cache in caches):
        needs.append("fallback_cache_keys")
    if spec.get("secrets"):
        needs.append("vault_secrets")
    if spec.get("exit_codes"):
        needs.append("return_exit_code")
    if any(step.get("name") == "release" for step in spec.get("steps") or []):
        needs.append("multi_build_steps")
    return next((name for name in needs if not features.get(name)), None)


def pick(server: Any, runner: Runner, system_id: str) -> Optional[Job]:
    """The oldest pending job for this runner, now running; None when there is none.

    The caller holds the server's lock."""
    if runner.paused:
        return None
    for job in server.pending_jobs():
        if not may_run(runner, job):
            continue
        lacking = missing_feature(job, runner.features(system_id))
        if lacking is not None:
            server.finish_job(job, "failed", "runner_unsupported")
            continue
        job.status = "running"
        job.runner = runner
        job.system_id = system_id
        job.started = time.time()
        job.picked = job.last_contact = time.monotonic()
        return job
    return None
