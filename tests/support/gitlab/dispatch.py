"""Handles one request: its route, its fault, its handler, and the record of it."""

from __future__ import annotations

import sys
import traceback
from typing import Any, Optional

from .faults import Fault
from .record import Exchange, parse_json
from .routes import Route, table
from .transport import Request, Response

JOB_ROUTES = ("update", "trace", "artifacts_upload", "artifacts_download")
JSON_ANSWERS = ("register", "verify", "reset_token", "request")


class Dispatcher:
    """Runs in the thread of the connection; handlers take the server's lock as they need it."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.routes: list[Route] = table(server)

    def serve(self, request: Request) -> Response:
        server = self.server
        route, groups = self._route(request)
        name = route.name if route else "unknown"
        job = int(groups[0]) if name in JOB_ROUTES else None
        exchange = server.recorder.open(name, request, job)
        fault = server.faults.take(name, job, request.body_size) if name != "control" else None
        response: Optional[Response] = None
        if fault is None or fault.handles_first():
            response = self._guarded(route, groups, request, exchange)
        if fault is not None:
            response = fault.answer(response)
        assert response is not None
        if server.latency:
            server.pause_for(server.latency)
        self._remember_delivery(exchange, response, fault)
        server.recorder.close(exchange, response, fault.action if fault else None)
        if server.verbose:
            print(f"{request.method} {request.path} {request.body_size} -> {response.status}",
                  file=sys.stderr, flush=True)
        return response

    def _guarded(self, route: Optional[Route], groups: tuple[str, ...], request: Request,
                 exchange: Exchange) -> Response:
        """A bug of this server must fail the test that meets it, so it becomes a violation."""
        try:
            return self._handle(route, groups, request, exchange)
        except Exception as error:
            self.server.recorder.violate("server_bug", f"{type(error).__name__}: {error}",
                                         exchange.job, exchange)
            traceback.print_exc()
            return Response.json(500, {"message": "500 Internal Server Error"})

    def _route(self, request: Request) -> tuple[Optional[Route], tuple[str, ...]]:
        path = request.path
        root = self.server.root
        if root:
            if not path.startswith(root + "/"):
                return None, ()
            path = path[len(root):]
        for route in self.routes:
            groups = route.match(request.method, path)
            if groups is not None:
                return route, groups
        return None, ()

    def _handle(self, route: Optional[Route], groups: tuple[str, ...], request: Request,
                exchange: Exchange) -> Response:
        if route is None:
            self.server.recorder.violate("unknown_route", f"{request.method} {request.path}", None,
                                  exchange)
            return Response.json(404, {"error": "404 Not Found"})
        body: Any = {}
        if route.json_body and request.body_size:
            body = parse_json(request.read())
            if body is None and request.read().strip() != b"null":
                return Response.json(400, {"error": "There was a problem in the JSON you submitted"})
            body = body if isinstance(body, dict) else {}
        if route.runner_call:
            self._check_request(route, request, exchange)
        answer: Response = route.handler(request, body, exchange, *groups)
        return answer

    def _check_request(self, route: Route, request: Request, exchange: Exchange) -> None:
        violate = self.server.recorder.violate
        if route.json_body and request.body_size and request.content_type() != "application/json":
            violate("content_type", f"{request.header('Content-Type')!r} on {route.name}",
                    exchange.job, exchange)
        agent = request.header("User-Agent") or ""
        if not (" (" in agent and agent.endswith(")")):
            violate("user_agent", f"not `name version (…)`: {agent!r}", exchange.job, exchange)
        if route.name in JSON_ANSWERS and "application/json" not in (request.header("Accept") or ""):
            violate("accept", f"{route.name} without Accept: application/json", None, exchange)

    def _remember_delivery(self, exchange: Exchange, response: Response,
                           fault: Optional[Fault]) -> None:
        """Notes what the runner was told. It may repeat a request whose answer was lost."""
        if exchange.job is None or (fault is not None and fault.loses_answer()):
            return
        job = self.server.job_by_id(exchange.job)
        if job is None:
            return
        if exchange.route == "trace" and response.status in (202, 416):
            size = (response.headers.get("Range") or "0-0").rsplit("-", 1)[-1]
            job.trace_log.acknowledged = int(size)
        if exchange.route == "update" and response.status == 200 and job.is_final():
            job.final_acknowledged = True
