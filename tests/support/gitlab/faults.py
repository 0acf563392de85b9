"""Faults on demand: which request is affected, how often, and what it gets instead of its answer."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field
from typing import Any, Optional

from .transport import Damage, Response

ACTIONS = ("status", "reset", "drop", "stall", "truncate", "slow", "garbage", "answer")


@dataclass
class Fault:
    """One rule.

    route    name of a route (`request`, `trace`, `update`, …, see README) or `*`
    times    how many requests it affects; -1 for all of them until it is removed
    skip     how many matching requests pass before it starts
    job      only requests about this job id
    larger_than  only requests whose body has more bytes
    action   status: answer `status` instead of handling. The others handle the request first when
             `apply` is true (the server did its work, the answer is lost), else they do not.
               reset: RST; drop: FIN without an answer; stall: silence for `seconds`, then FIN;
               truncate: only `size` bytes of the body; slow: `seconds` of delay, then `size` bytes
               at a time; garbage: bytes that are no HTTP; answer: the real answer, with `status`,
               `headers` and `body` laid over it.
    """

    route: str = "*"
    times: int = 1
    skip: int = 0
    job: Optional[int] = None
    larger_than: int = -1
    action: str = "status"
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: Optional[str] = None
    seconds: float = 0.0
    size: int = 0
    apply: bool = False
    hits: int = 0

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"unknown fault action {self.action!r}; one of {', '.join(ACTIONS)}")
        if self.action == "status" and self.status == 0:
            raise ValueError("a fault of action 'status' needs a status")

    def handles_first(self) -> bool:
        return self.apply or self.action in ("truncate", "slow", "answer")

    def loses_answer(self) -> bool:
        """True when the request was handled but its sender may not have the answer."""
        return self.action in ("reset", "drop", "stall", "truncate", "garbage")

    def answer(self, real: Optional[Response]) -> Response:
        if self.action == "status":
            return self._invented_answer()
        if self.action == "answer":
            return self._changed_answer(real or Response(500))
        response = real or Response(500)
        response.damage = Damage(self.action, self.seconds, self.size)
        return response

    def _invented_answer(self) -> Response:
        headers = {"Content-Type": "application/json"}
        headers.update(self.headers)
        body = self.body
        if body is None:
            body = '{"message":"%d injected"}' % self.status
        return Response(self.status, headers, body.encode())

    def _changed_answer(self, real: Response) -> Response:
        if self.status:
            real.status = self.status
        for name, value in self.headers.items():
            if value is None or value == "":
                real.headers.pop(name, None)
            else:
                real.headers[name] = value
        if self.body is not None:
            real.body = self.body.encode()
        return real


class FaultList:
    """The active rules, first match first. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self, route: Optional[str] = None) -> None:
        with self._lock:
            self._faults = [f for f in self._faults if route is not None and f.route != route]

    def take(self, route: str, job: Optional[int], body_size: int = 0) -> Optional[Fault]:
        with self._lock:
            for fault in self._faults:
                if fault.route not in ("*", route) or fault.times == 0:
                    continue
                if fault.job is not None and fault.job != job:
                    continue
                if body_size <= fault.larger_than:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times > 0:
                    fault.times -= 1
                fault.hits += 1
                return fault
        return None

    def list(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]
