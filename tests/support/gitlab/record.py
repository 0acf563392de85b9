"""Records every exchange, and every violation: what a correct runner never does."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import Any, Callable, Optional

JSON_KEPT = 256 * 1024


@dataclass
class Exchange:
    """A request and its answer. Times are seconds on the monotonic clock."""

    number: int
    route: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    body_size: int
    job: Optional[int]
    started: float
    ended: float = 0.0
    status: int = 0
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""
    fault: Optional[str] = None
    connection: Any = None

    def header(self, name: str) -> Optional[str]:
        wanted = name.lower()
        for key, value in self.headers.items():
            if key.lower() == wanted:
                return value
        return None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Violation:
    """What the real server tolerates although it is wrong."""

    rule: str
    detail: str
    job: Optional[int] = None
    exchange: int = 0

    def __str__(self) -> str:
        where = f" (job {self.job})" if self.job is not None else ""
        return f"{self.rule}{where}: {self.detail}"


class Recorder:
    """Keeps exchanges and violations, and wakes the tests that wait for one."""

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self.exchanges: list[Exchange] = []
        self.violations: list[Violation] = []

    def open(self, route: str, request: Any, job: Optional[int]) -> Exchange:
        body = None
        if request.body_size and request.body_size <= JSON_KEPT and route not in ("trace", "git"):
            if request.content_type() == "application/json":
                body = parse_json(request.read())
                request.body.seek(0)
        exchange = Exchange(0, route, request.method, request.path, request.query,
                            dict(request.headers), body, request.body_size, job, request.started,
                            connection=request.peer)
        with self._changed:
            exchange.number = len(self.exchanges) + 1
            self.exchanges.append(exchange)
            self._changed.notify_all()
        return exchange

    def close(self, exchange: Exchange, response: Any, fault: Optional[str]) -> None:
        with self._changed:
            exchange.status = response.status
            exchange.response_headers = dict(response.headers)
            if isinstance(response.body, bytes) and len(response.body) <= 2048:
                exchange.response_body = response.body.decode("utf-8", "replace")
            exchange.fault = fault
            exchange.ended = time.monotonic()
            self._changed.notify_all()

    def violate(self, rule: str, detail: str, job: Optional[int] = None,
                exchange: Optional[Exchange] = None) -> None:
        with self._changed:
            number = exchange.number if exchange is not None else 0
            self.violations.append(Violation(rule, detail, job, number))
            self._changed.notify_all()

    def select(self, route: Optional[str] = None, job: Optional[int] = None,
               where: Optional[Callable[[Exchange], bool]] = None) -> list[Exchange]:
        with self._changed:
            return [e for e in self.exchanges
                    if (route is None or e.route == route) and (job is None or e.job == job)
                    and (where is None or where(e))]


def parse_json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
