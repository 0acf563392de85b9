"""The runner's side of the API: register, verify, unregister, reset, jobs/request."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timezone
from typing import Any, Optional

from . import payload, picking
from .model import Manager, Runner
from .record import Exchange
from .transport import Request, Response

LONG_POLL_BODY_LIMIT = 32 * 1024
SYSTEM_ID = re.compile(r"^[sr]_[0-9a-zA-Z]{12}$")
FEATURES = (
    "variables image services artifacts cache fallback_cache_keys shared upload_multiple_artifacts "
    "upload_raw_artifacts session terminal refspecs masking proxy raw_variables artifacts_exclude "
    "multi_build_steps trace_reset trace_checksum trace_size vault_secrets cancelable "
    "return_exit_code service_variables service_multiple_aliases image_executor_opts "
    "service_executor_opts cancel_gracefully native_steps_integration").split()


def missing(name: str) -> Response:
    return Response.json(400, {"error": f"{name} is missing"})


def forbidden(reason: str = "") -> Response:
    return Response.json(403, {"message": "403 Forbidden" + (f" - {reason}" if reason else "")})


def expiry_text(expires_at: Optional[float]) -> Optional[str]:
    if expires_at is None:
        return None
    return datetime.fromtimestamp(expires_at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def credentials_of(runner: Runner) -> dict[str, Any]:
    return {"id": runner.id, "token": runner.token,
            "token_expires_at": expiry_text(runner.expires_at)}


class RunnerApi:
    """Handlers take the request, its decoded JSON body (a dict) and the exchange being recorded."""

    def __init__(self, server: Any) -> None:
        self.server = server

    def register(self, request: Request, body: dict[str, Any], exchange: Exchange) -> Response:
        server = self.server
        token = body.get("token")
        if not token:
            return missing("token")
        if token not in server.registration_tokens:
            return forbidden("invalid token supplied")
        if not server.allow_registration:
            return Response.json(410, {"message": "410 Gone - runner registration disallowed"})
        problem = self._registration_problem(body)
        if problem is not None:
            return problem
        self._check_info(body, exchange)
        runner = server.add_runner(
            legacy=True, description=body.get("description", ""), tags=_tags(body.get("tag_list")),
            run_untagged=bool(body.get("run_untagged", True)), locked=bool(body.get("locked", True)),
            paused=bool(body.get("paused", False)),
            access_level=body.get("access_level") or "not_protected",
            maximum_timeout=body.get("maximum_timeout"),
            maintenance_note=body.get("maintenance_note"))
        return Response.json(201, credentials_of(runner))

    def create_by_user(self, request: Request, body: dict[str, Any],
                       exchange: Exchange) -> Response:
        server = self.server
        refused = server.check_private_token(request)
        if refused is not None:
            return refused
        kind = body.get("runner_type")
        if kind is None:
            return missing("runner_type")
        if kind not in ("instance_type", "group_type", "project_type"):
            return Response.json(400, {"error": "runner_type does not have a valid value"})
        for needed in {"group_type": ["group_id"], "project_type": ["project_id"]}.get(kind, []):
            if body.get(needed) is None:
                return missing(needed)
        problem = self._registration_problem(body)
        if problem is not None:
            return problem
        runner = server.add_runner(
            kind=kind, description=body.get("description", ""), tags=_tags(body.get("tag_list")),
            run_untagged=bool(body.get("run_untagged", True)), locked=bool(body.get("locked", True)),
            paused=bool(body.get("paused", False)),
            access_level=body.get("access_level") or "not_protected",
            maximum_timeout=body.get("maximum_timeout"),
            maintenance_note=body.get("maintenance_note"),
            project_id=body.get("project_id") if kind == "project_type" else None)
        return Response.json(201, credentials_of(runner))

    def verify(self, request: Request, body: dict[str, Any], exchange: Exchange) -> Response:
        runner, refused = self._authenticate(body)
        if refused is not None:
            return refused
        self._contact(runner, body, exchange, needs_features=False)
        if self.server.verify_answers_text:
            return Response.text(200, "200")
        return Response.json(200, credentials_of(runner))

    def unregister(self, request: Request, body: dict[str, Any], exchange: Exchange) -> Response:
        runner, refused = self._authenticate(body, expired_is_fine=True)
        if refused is not None:
            return refused
        if runner.token.startswith("glrt-"):
            self.server.recorder.violate("unregister", "a glrt- runner was deleted as a whole; "
                                         "other machines may share it", None, exchange)
        self.server.remove_runner(runner)
        return Response(204)

    def unregister_manager(self, request: Request, body: dict[str, Any],
                           exchange: Exchange) -> Response:
        runner, refused = self._authenticate(body, expired_is_fine=True)
        if refused is not None:
            return refused
        system_id = body.get("system_id")
        if not system_id:
            return missing("system_id")
        if runner.managers.pop(system_id, None) is None:
            return Response.json(404, {"message": "404 Runner Manager Not Found"})
        return Response(204)

    def reset_token(self, request: Request, body: dict[str, Any], exchange: Exchange) -> Response:
        runner, refused = self._authenticate(body)
        if refused is not None:
            return refused
        return self._reset(runner)

    def reset_token_by_id(self, request: Request, body: dict[str, Any], exchange: Exchange,
                          runner_id: str) -> Response:
        refused = self.server.check_private_token(request)
        if refused is not None:
            return refused
        runner = self.server.runner_by_id(int(runner_id))
        if runner is None:
            return Response.json(404, {"message": "404 Runner Not Found"})
        return self._reset(runner)

    def discovery(self, request: Request, body: dict[str, Any], exchange: Exchange) -> Response:
        if self.server.runner_by_token(request.header("RUNNER-TOKEN") or "") is None:
            return forbidden()
        return Response.json(501, {"message": "501 Not Implemented"})

    def request_job(self, request: Request, body: dict[str, Any], exchange: Exchange) -> Response:
        server = self.server
        if request.body_size > LONG_POLL_BODY_LIMIT:
            if server.long_poll > 0:
                return Response.text(413, "Request Entity Too Large\n")
            server.recorder.violate("request_size", f"{request.body_size} bytes are refused by a "
                                    "server with long polling (32 KiB)", None, exchange)
        polled = self._long_poll(body)
        if polled is not None:
            return polled
        runner, refused = self._authenticate(body)
        if refused is not None:
            return refused
        self._contact(runner, body, exchange, needs_features=True)
        self._check_last_update(runner, body, exchange)
        with server.changed:
            if body.get("last_update") == runner.last_update:
                return self._idle(runner)
            job = picking.pick(server, runner, body.get("system_id") or "<legacy>")
            if job is None:
                return self._idle(runner)
            exchange.job = job.id
            job.session = body.get("session")
            job.payload = payload.build(server, job, runner)
            raw = job.spec.get("raw_payload")
            server.changed.notify_all()
        text = raw if isinstance(raw, bytes) else json.dumps(job.payload).encode()
        return Response(201, {"Content-Type": "application/json"}, text)

    def _idle(self, runner: Runner) -> Response:
        runner.given_last_updates.add(runner.last_update)
        return Response(204, {"X-GitLab-Last-Update": runner.last_update})

    def _long_poll(self, body: dict[str, Any]) -> Optional[Response]:
        """Long polling, as GitLab's reverse proxy does it: the request is held, then 204 without the header."""
        server = self.server
        token, last_update = body.get("token"), body.get("last_update")
        if server.long_poll <= 0 or not token or not last_update:
            return None
        deadline = time.monotonic() + server.long_poll
        with server.changed:
            runner = server.runner_by_token(token)
            if runner is None or runner.last_update != last_update:
                return None
            while runner.last_update == last_update and not server.stopping:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                server.changed.wait(left)
        return Response(204, {"Gitlab-Ci-Builds-Polling": "yes"})

    def _authenticate(self, body: dict[str, Any], expired_is_fine: bool = False
                      ) -> tuple[Any, Optional[Response]]:
        token = body.get("token")
        if not token:
            return None, missing("token")
        runner = self.server.runner_by_token(token)
        if runner is None or (runner.expired() and not expired_is_fine):
            return None, forbidden()
        if runner.orphaned:
            return None, Response.json(422, {"message": "Runner is orphaned"})
        return runner, None

    def _contact(self, runner: Runner, body: dict[str, Any], exchange: Exchange,
                 needs_features: bool) -> None:
        system_id = body.get("system_id")
        if system_id is None or not SYSTEM_ID.match(str(system_id)):
            self.server.recorder.violate("system_id", f"{system_id!r} is not s_ or r_ and 12 "
                                         "alphanumerics", None, exchange)
        if needs_features:
            self._check_info(body, exchange, executor=True)
        self._check_session(body, exchange)
        with self.server.changed:
            manager = runner.managers.setdefault(system_id or "<legacy>",
                                                 Manager(system_id or "<legacy>"))
            manager.contacted = time.monotonic()
            if isinstance(body.get("info"), dict):
                manager.info = body["info"]
            self.server.changed.notify_all()

    def _check_info(self, body: dict[str, Any], exchange: Exchange, executor: bool = False) -> None:
        violate = self.server.recorder.violate
        info = body.get("info")
        if not isinstance(info, dict):
            violate("info", "no `info` in the body", None, exchange)
            return
        wanted = ["name", "version", "revision", "platform", "architecture"]
        wanted += ["executor", "shell"] if executor else []
        for name in wanted:
            if not isinstance(info.get(name), str) or not info[name]:
                violate("info", f"info.{name} is {info.get(name)!r}", None, exchange)
        features = info.get("features")
        if not isinstance(features, dict):
            violate("info", "info.features is not an object", None, exchange)
            return
        absent = [name for name in FEATURES if not isinstance(features.get(name), bool)]
        if absent:
            violate("info", f"features not given as booleans: {', '.join(absent)}", None, exchange)

    def _check_session(self, body: dict[str, Any], exchange: Exchange) -> None:
        """The session is announced by a runner with the feature, and only there."""
        session, features = body.get("session"), (body.get("info") or {}).get("features") or {}
        if session is None:
            return
        right = (isinstance(session, dict) and sorted(session) == ["authorization", "certificate", "url"]
                 and all(isinstance(text, str) for text in session.values())
                 and str(session["url"]).startswith("https://") and features.get("session") is True)
        if not right:
            self.server.recorder.violate("session", "the session is not one of url, certificate and authorization, "
                                         "or its feature is missing", None, exchange)

    def _check_last_update(self, runner: Runner, body: dict[str, Any], exchange: Exchange) -> None:
        given = body.get("last_update")
        if given is not None and given not in runner.given_last_updates:
            self.server.recorder.violate("last_update", f"{given!r} was never given to this token",
                                         None, exchange)

    def _reset(self, runner: Runner) -> Response:
        with self.server.changed:
            self.server.replace_token(runner)
            self.server.changed.notify_all()
        return Response.json(201, {"token": runner.token,
                                   "token_expires_at": expiry_text(runner.expires_at)})

    def _registration_problem(self, body: dict[str, Any]) -> Optional[Response]:
        if "active" in body and "paused" in body:
            return Response.json(400, {"error": "active, paused are mutually exclusive"})
        if "maintainer_note" in body and "maintenance_note" in body:
            return Response.json(
                400, {"error": "maintainer_note, maintenance_note are mutually exclusive"})
        level = body.get("access_level")
        if level not in (None, "", "not_protected", "ref_protected"):
            return Response.json(400, {"error": "access_level does not have a valid value"})
        problems: dict[str, list[str]] = {}
        timeout = body.get("maximum_timeout")
        if timeout and timeout < 600:
            problems["maximum_timeout"] = ["needs to be at least 10 minutes"]
        if len(body.get("maintenance_note") or "") > 1024:
            problems["maintenance_note"] = ["is too long (maximum is 1024 characters)"]
        tags = _tags(body.get("tag_list"))
        if len(tags) > 50:
            problems["tags_list"] = ["Too many tags specified. Please limit the number of tags "
                                     "to 50"]
        if not tags and body.get("run_untagged") is False:
            problems["tags_list"] = ["can not be empty when runner is not allowed to pick "
                                     "untagged jobs"]
        return Response.json(400, {"message": problems}) if problems else None


def _tags(given: Any) -> list[str]:
    if isinstance(given, list):
        return [str(tag) for tag in given]
    return [tag.strip() for tag in str(given or "").split(",") if tag.strip()]
