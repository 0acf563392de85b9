"""Controls the server from outside its process: /_control/…, JSON in and out, no token."""

from __future__ import annotations

from typing import Any

from .faults import Fault
from .record import Exchange
from .transport import Request, Response


class Control:
    """
    POST   fault       a `Fault` as JSON; GET lists them; DELETE removes all (?route= some)
    GET    exchanges   ?route= ?job= ; GET violations; DELETE forgets both
    POST   job         add_job(**body); GET job?id= its state and log size
    POST   runner      add_runner(**body)
    POST   cancel      {"id", "force"}
    POST   truncate    {"id", "size"}: the log loses its end
    POST   set         any of SETTINGS
    """

    SETTINGS = ("long_poll", "update_interval", "latency", "strict_checksum", "trace_size_limit",
                "artifact_size_limit", "allow_registration", "artifacts_enabled",
                "direct_download", "ranges", "job_rate_limit")

    def __init__(self, server: Any) -> None:
        self.server = server

    def serve(self, request: Request, body: dict[str, Any], exchange: Exchange,
              what: str) -> Response:
        handler = getattr(self, f"{request.method.lower()}_{what}", None)
        if handler is None:
            return Response.json(404, {"message": f"404 no {request.method} /_control/{what}"})
        try:
            return Response.json(200, handler(request, body))
        except (TypeError, ValueError, KeyError) as error:
            return Response.json(400, {"message": f"400 {type(error).__name__}: {error}"})

    def post_fault(self, request: Request, body: dict[str, Any]) -> Any:
        self.server.faults.add(Fault(**body))
        return self.server.faults.list()

    def get_fault(self, request: Request, body: dict[str, Any]) -> Any:
        return self.server.faults.list()

    def delete_fault(self, request: Request, body: dict[str, Any]) -> Any:
        self.server.faults.clear(request.query.get("route"))
        return self.server.faults.list()

    def get_exchanges(self, request: Request, body: dict[str, Any]) -> Any:
        job = request.query.get("job")
        found = self.server.recorder.select(request.query.get("route"), int(job) if job else None)
        return [exchange.as_dict() for exchange in found if exchange.route != "control"]

    def delete_exchanges(self, request: Request, body: dict[str, Any]) -> Any:
        with self.server.changed:
            self.server.recorder.exchanges.clear()
            self.server.recorder.violations.clear()
        return []

    def get_violations(self, request: Request, body: dict[str, Any]) -> Any:
        return [str(violation) for violation in self.server.violations]

    def post_job(self, request: Request, body: dict[str, Any]) -> Any:
        return self._job_state(self.server.add_job(**body))

    def get_job(self, request: Request, body: dict[str, Any]) -> Any:
        return self._job_state(self.server.job_by_id(int(request.query["id"])))

    def post_runner(self, request: Request, body: dict[str, Any]) -> Any:
        runner = self.server.add_runner(**body)
        return {"id": runner.id, "token": runner.token, "tags": runner.tags}

    def post_cancel(self, request: Request, body: dict[str, Any]) -> Any:
        job = self.server.job_by_id(int(body["id"]))
        self.server.cancel(job, bool(body.get("force", False)))
        return self._job_state(job)

    def post_truncate(self, request: Request, body: dict[str, Any]) -> Any:
        job = self.server.job_by_id(int(body["id"]))
        with job.lock:
            job.trace_log.truncate(int(body["size"]))
        return self._job_state(job)

    def post_set(self, request: Request, body: dict[str, Any]) -> Any:
        for name, value in body.items():
            if name not in self.SETTINGS:
                raise ValueError(f"unknown setting {name}")
            setattr(self.server, name, value)
        return {name: getattr(self.server, name) for name in self.SETTINGS}

    def _job_state(self, job: Any) -> dict[str, Any]:
        return {"id": job.id, "token": job.token, "status": job.status,
                "failure_reason": job.failure_reason, "exit_code": job.exit_code,
                "trace_size": job.trace_log.size, "patches": len(job.patches),
                "picked": job.picked, "first_patch": job.patches[0].time if job.patches else None}
