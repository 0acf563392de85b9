"""The unit file, and the daemon's messages to a service manager (sd_notify(3))."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from tests.system import harness
from tests.system.harness import BIN, PATIENCE, ROOT, SystemCase, need

UNIT = ROOT / "systemd" / "runner.service"


class ServiceManager:
    """A notification socket and the messages that have arrived."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.path = path
        self.messages = []

    def close(self):
        self.socket.close()

    def wait(self, wanted, timeout=20):
        """The fields of the next message that has `wanted`."""
        deadline = time.monotonic() + timeout * PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                text = self.socket.recv(4096).decode()
            except TimeoutError:
                break
            fields = dict(line.split("=", 1) for line in text.splitlines())
            self.messages.append(fields)
            if wanted in fields:
                return fields
        raise AssertionError(f"{wanted} did not come; there were {self.messages}")


class Notify(SystemCase):
    def manager(self, name="notify"):
        path = name if name.startswith("\0") else str(self.directory / name)
        manager = ServiceManager(path)
        self.addCleanup(manager.close)
        return manager

    def start_under(self, manager, **environment):
        self.write_config()
        address = manager.path.replace("\0", "@")
        return self.start(env={"NOTIFY_SOCKET": address, **environment})

    def test_ready_reload_stop(self):
        manager = self.manager()
        daemon = self.start_under(manager)
        self.assertEqual(manager.wait("READY"), {"READY": "1"})
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        daemon.send(signal.SIGHUP)
        reloading = manager.wait("RELOADING")
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.assertEqual(reloading["RELOADING"], "1")
        self.assertTrue(before <= int(reloading["MONOTONIC_USEC"]) <= after, reloading)
        manager.wait("READY")
        daemon.send(signal.SIGQUIT)
        self.assertEqual(manager.wait("STOPPING"), {"STOPPING": "1"})
        self.assertEqual(daemon.wait_exit(), 0)

    def test_a_broken_file_does_not_leave_the_service_reloading(self):
        manager = self.manager()
        daemon = self.start_under(manager)
        manager.wait("READY")
        self.write_config_text("concurrent = [\n")
        daemon.send(signal.SIGHUP)
        manager.wait("RELOADING")
        told = manager.wait("READY")
        self.assertIn(f"The former configuration stays in use: {self.config}:1:", told["STATUS"])
        self.assertIn(f"the former one is: {self.config}:1:", self.command("status").stdout)
        self.write_config()
        daemon.send(signal.SIGHUP)
        # The watch on the file may have brought a reload of its own.
        while manager.wait("READY")["STATUS"] != "":
            pass
        self.assertNotIn("the former one is", self.command("status").stdout)

    def test_reports_stopping_while_jobs_end(self):
        manager = self.manager()
        daemon = self.start_under(manager)
        go = self.work / "go"
        job = self.add_job(["echo started", f"while [ ! -e {go} ]; do sleep 0.05; done"])
        self.wait_trace(job, "started\n")
        daemon.send(signal.SIGQUIT)
        manager.wait("STOPPING")
        self.assertTrue(daemon.alive())
        go.touch()
        self.assertEqual(daemon.wait_exit(), 0)
        self.assert_success(job)

    def test_the_command_line_of_the_official_unit(self):
        """Docker jobs do not run as the daemon's user, so any --user is fine."""
        manager = self.manager()
        self.write_config([{"executor": "docker", "docker": {"image": "busybox"}}])
        self.start("--service", "gitlab-runner", "--user", "gitlab-runner", "--syslog",
                   env={"NOTIFY_SOCKET": manager.path})
        manager.wait("READY")

    def test_an_abstract_socket(self):
        manager = self.manager(f"\0runner-test-{os.getpid()}")
        self.start_under(manager)
        manager.wait("READY")

    def test_watchdog(self):
        manager = self.manager()
        daemon = self.start_under(manager, WATCHDOG_USEC="400000")
        manager.wait("WATCHDOG")
        begun = time.monotonic()
        for _ in range(3):
            manager.wait("WATCHDOG")
        self.assertLess(time.monotonic() - begun, 1.2 * PATIENCE)
        # A watchdog of another process (WATCHDOG_PID), passed on by mistake, is ignored.
        daemon.stop()
        other = self.manager("other")
        daemon = self.start_under(other, WATCHDOG_USEC="100000", WATCHDOG_PID="1")
        other.wait("READY")
        daemon.stop(signal.SIGQUIT)
        other.wait("STOPPING")
        self.assertEqual([m for m in other.messages if "WATCHDOG" in m], [])

    def test_a_missing_socket_is_logged_and_harmless(self):
        manager = self.manager()
        self.write_config()
        daemon = self.start(env={"NOTIFY_SOCKET": str(self.directory / "nothing")})
        daemon.wait_log("service manager.*nothing")
        manager.close()


class Unit(unittest.TestCase):
    def verify(self, *drop_ins):
        """systemd-analyze on copies in which the program is the one that was built."""
        need(shutil.which("systemd-analyze") is not None, "systemd-analyze")
        need(BIN.exists(), f"the program {BIN}")
        self.directory = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="runner-unit-")))
        unit = self.directory / UNIT.name

        def text(file):
            return file.read_text().replace("\nExecStart=runner ", f"\nExecStart={BIN} ")
        unit.write_text(text(UNIT))
        for drop_in in drop_ins:
            target = self.directory / "runner.service.d"
            target.mkdir(exist_ok=True)
            (target / drop_in.name).write_text(text(drop_in))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                               str(unit)], text=True, capture_output=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        return unit

    def test_the_unit(self):
        text = self.verify().read_text()
        # Neither a stop nor an upgrade may end the jobs.
        self.assertIn("\nKillMode=process\n", text)
        self.assertIn("\nKillSignal=SIGQUIT\n", text)

    def test_the_drop_ins(self):
        drop_ins = ROOT / "systemd" / "runner.service.d"
        self.verify(drop_ins / "docker-only.conf", drop_ins / "credentials.conf")

    def exposure(self, unit):
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
                              capture_output=True, text=True, check=False)
        return re.search(r"exposure level for runner.service: ([0-9.]+)", done.stdout)[1]

    def test_the_documented_exposure(self):
        """The figures of docs/service.md, by the systemd of Debian 12: others count other things."""
        version = subprocess.run(["systemctl", "--version"], capture_output=True, text=True, check=True).stdout
        if not version.startswith("systemd 252 "):
            self.skipTest("another systemd than 252")
        documented = dict(re.findall(r"^\| (plain|`docker-only.conf`) \| ([0-9.]+) ",
                                     (ROOT / "docs/service.md").read_text(), re.M))
        plain = self.exposure(self.verify())
        restricted = self.exposure(self.verify(ROOT / "systemd/runner.service.d/docker-only.conf"))
        self.assertEqual(documented, {"plain": plain, "`docker-only.conf`": restricted})

    def test_installed_files(self):
        build = BIN.parent.parent
        need((build / "cmake_install.cmake").exists(), f"the build tree {build}")
        prefix = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="runner-unit-"))) / "usr"
        subprocess.run(["cmake", "--install", str(build), "--prefix", str(prefix)], check=True,
                       capture_output=True, timeout=60)
        for name in ("bin/runner", "lib/runner/runner-helper", "lib/systemd/system/runner.service"):
            self.assertTrue((prefix / name).is_file(), name)
        self.assertTrue(os.access(prefix / "bin/runner", os.X_OK))


class Installed(SystemCase):
    def test_an_installed_program_finds_its_helper(self):
        build = BIN.parent.parent
        need((build / "cmake_install.cmake").exists(), f"the build tree {build}")
        prefix = self.directory / "opt"
        subprocess.run(["cmake", "--install", str(build), "--prefix", str(prefix)], check=True,
                       capture_output=True, timeout=60)
        self.addCleanup(setattr, harness, "BIN", harness.BIN)
        harness.BIN = prefix / "bin" / "runner"
        self.start_with()
        job = self.run_job("true")
        self.assert_success(job)


if __name__ == "__main__":
    unittest.main()
