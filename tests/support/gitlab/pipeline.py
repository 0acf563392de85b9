"""A small pipeline model: enough of .gitlab-ci.yml for tests and for the examples.

Known: stages, default, image, services, variables, before_script, script, after_script, tags, when
(on_success, on_failure, always, manual), allow_failure, needs (names), dependencies, artifacts,
cache, timeout, extends, rules with `when` alone. Any other keyword that would change which jobs run
is an error, because this model would give a wrong result.
"""

from __future__ import annotations

import re
from typing import Any

GLOBAL = {"stages", "default", "variables", "image", "services", "before_script", "after_script",
          "cache", "workflow", "include"}
INHERITED = ("image", "services", "before_script", "after_script", "cache", "artifacts", "tags",
             "timeout", "interruptible", "retry")
UNKNOWN = ("only", "except", "parallel", "trigger", "run")


class PipelineError(Exception):
    """The text is GitLab's where GitLab has one."""


def load(text: str) -> tuple[list[str], dict[str, str], list[dict[str, Any]]]:
    """Stages, global variables and job specs of a file, in order."""
    import yaml  # only needed for projects with pipelines
    document = yaml.safe_load(text)
    if not isinstance(document, dict):
        raise PipelineError("Invalid configuration format")
    if document.get("include"):
        raise PipelineError("include is not known to this server")
    stages = [".pre"] + list(document.get("stages") or ["build", "test", "deploy"]) + [".post"]
    defaults = {key: document[key] for key in INHERITED if key in document}
    defaults.update(document.get("default") or {})
    jobs = [_job(document, name, value, defaults, stages) for name, value in document.items()
            if name not in GLOBAL and not str(name).startswith(".")]
    if not jobs:
        raise PipelineError("jobs config should contain at least one visible job")
    return stages, _strings(document.get("variables")), [job for job in jobs if job is not None]


def _job(document: dict[str, Any], name: str, value: Any, defaults: dict[str, Any],
         stages: list[str]) -> Any:
    if not isinstance(value, dict):
        raise PipelineError(f"jobs {name} config should implement the script:, run:, or "
                            "trigger: keyword")
    merged = dict(defaults)
    merged.update(_extended(document, value))
    for key in UNKNOWN:
        if key in merged:
            raise PipelineError(f"jobs:{name}:{key} is not known to this server")
    if not merged.get("script"):
        raise PipelineError(f"jobs {name} config should implement the script:, run:, or "
                            "trigger: keyword")
    when, allow_failure = _when(name, merged)
    if when == "never":
        return None
    stage = merged.get("stage", "test")
    if stage not in stages:
        raise PipelineError(f"{name} job: chosen stage {stage} does not exist; available stages "
                            f"are {', '.join(stages)}")
    return {
        "name": name, "stage": stage, "when": when, "allow_failure": allow_failure,
        "tags": _list(merged.get("tags")), "image": merged.get("image"),
        "services": merged.get("services"), "before_script": _flat(merged.get("before_script")),
        "script": _flat(merged.get("script")), "after_script": _flat(merged.get("after_script")),
        "variables": _strings(merged.get("variables")), "artifacts": merged.get("artifacts"),
        "cache": merged.get("cache"), "timeout": seconds(merged.get("timeout", 3600)),
        "needs": [n if isinstance(n, str) else n["job"] for n in merged["needs"]]
        if merged.get("needs") is not None else None,
        "depends_on": merged.get("dependencies"),
    }


def _extended(document: dict[str, Any], value: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    if depth > 11:
        raise PipelineError("extends: nesting too deep")
    result: dict[str, Any] = {}
    for parent in _list(value.get("extends")):
        if parent not in document:
            raise PipelineError(f"unknown keys in `extends` ({parent})")
        result = _deep(result, _extended(document, document[parent], depth + 1))
    own = {key: entry for key, entry in value.items() if key != "extends"}
    return _deep(result, own)


def _deep(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _deep(merged[key], value)
        else:
            merged[key] = value
    return merged


def _when(name: str, merged: dict[str, Any]) -> tuple[str, bool]:
    when = merged.get("when", "on_success")
    allow = merged.get("allow_failure")
    rules = merged.get("rules")
    if rules:
        if any(set(rule) - {"when", "allow_failure"} for rule in rules):
            raise PipelineError(f"jobs:{name}:rules with conditions are not known to this server")
        when = rules[0].get("when", when)
        allow = rules[0].get("allow_failure", allow)
        return when, bool(allow)
    if when not in ("on_success", "on_failure", "always", "manual"):
        raise PipelineError(f"{name} job: when {when!r} is not known to this server")
    if allow is None:
        allow = when == "manual"
    return when, bool(allow) if not isinstance(allow, dict) else False


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _flat(value: Any) -> list[str]:
    lines: list[str] = []
    for entry in _list(value):
        if isinstance(entry, list):
            lines += _flat(entry)
        elif not isinstance(entry, str):
            raise PipelineError("script config should be a string or a nested array of strings "
                                "up to 10 levels deep")
        else:
            lines.append(entry)
    return lines


def _strings(value: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, entry in (value or {}).items():
        if isinstance(entry, dict):
            made[str(key)] = {"value": _scalar(entry.get("value", "")),
                              "raw": entry.get("expand") is False}
        else:
            made[str(key)] = _scalar(entry)
    return made


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def seconds(text: Any) -> int:
    """`1h 30m`, `10 minutes`, `3600`."""
    if isinstance(text, int):
        return text
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    total = sum(int(count) * units[unit[0].lower()]
                for count, unit in re.findall(r"(\d+)\s*([a-zA-Z]+)", str(text)))
    return total or int(re.sub(r"\D", "", str(text)) or 3600)


# --- which jobs may start ------------------------------------------------------------------------

DONE = ("success", "failed", "canceled", "skipped")


def _good(job: Any) -> bool:
    return job.status in ("success", "skipped") or (job.status in ("failed", "manual")
                                                    and job.allow_failure)


def _passed(job: Any) -> bool:
    """True when a job no longer holds back what comes after it."""
    return job.status in DONE or (job.status == "manual" and job.allow_failure)


def before(pipeline: Any, job: Any) -> list[Any]:
    """The jobs that this one waits for."""
    needs = job.spec.get("needs")
    if needs is not None:
        return [other for other in pipeline.jobs if other.name in needs]
    at = pipeline.stages.index(job.stage)
    return [other for other in pipeline.jobs if pipeline.stages.index(other.stage) < at]


def advance(pipeline: Any) -> list[Any]:
    """Moves `created` jobs on to pending, manual or skipped; returns those that became pending."""
    started = []
    moved = True
    while moved:
        moved = False
        for job in pipeline.jobs:
            if job.status != "created":
                continue
            waits_for = before(pipeline, job)
            if not all(_passed(other) for other in waits_for):
                continue
            good = all(_good(other) for other in waits_for)
            job.status = _next_status(job, good)
            moved = True
            if job.status == "pending":
                started.append(job)
    return started


def _next_status(job: Any, good: bool) -> str:
    if job.when == "always":
        return "pending"
    if job.when == "on_failure":
        return "skipped" if good else "pending"
    if not good:
        return "skipped"
    return "manual" if job.when == "manual" else "pending"


def dependencies(pipeline: Any, job: Any) -> list[Any]:
    """The jobs whose artifacts this job gets."""
    candidates = before(pipeline, job)
    chosen = job.spec.get("depends_on")
    return [other for other in candidates
            if other.artifact("archive") is not None and (chosen is None or other.name in chosen)]
