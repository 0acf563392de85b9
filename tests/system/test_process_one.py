"""The daemon as process 1 of a container without an init."""

import os
import signal
import time
import unittest
from pathlib import Path

from tests.system.harness import PATIENCE, SystemCase, need

# A PID namespace of its own, with its /proc.
PROCESS_ONE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


def children_of(pid):
    """Pairs of process number and state."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            state = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        found.append((int(child), state))
    return found


class ProcessOne(SystemCase):
    def setUp(self):
        need(os.geteuid() == 0, "root")
        super().setUp()

    def test_no_ended_process_stays(self):
        self.write_config()
        outer = self.start(wrapper=PROCESS_ONE)
        [(daemon, _)] = children_of(outer.pid)
        jobs = [self.add_job(["(sleep 0.1; exit 3) & disown", "echo done"]) for _ in range(4)]
        for job in jobs:
            self.assert_success(self.finish(job))
        deadline = time.monotonic() + 20 * PATIENCE
        while (left := children_of(daemon)) and time.monotonic() < deadline:
            time.sleep(0.05)  # the end of a foreign process gives no event
        self.assertEqual(left, [])
        os.kill(daemon, signal.SIGTERM)
        self.assertEqual(outer.wait_exit(), 0)


if __name__ == "__main__":
    unittest.main()
