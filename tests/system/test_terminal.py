"""The web terminal and the ports of a job's services, through the session that the runner announces."""

import re
import signal
import unittest

from tests.support.terminal import Refused, Terminal, request
from tests.system.docker_harness import DockerCase, bridge_address, image
from tests.system.harness import PATIENCE, SystemCase, processes_of
from tests.system.test_status import free_port


class Sessions(SystemCase):
    """Both executors have the same helpers."""

    host = "127.0.0.1"
    gitlab_options = {"update_interval": 1}

    def server(self, **more):
        return {"session_server": {"listen_address": f"{self.host}:{free_port()}", **more}}

    def session_of(self, job):
        self.gitlab.wait(lambda: job.status == "running", 30 * PATIENCE, "the job's start")
        self.secrets.add(job.session["authorization"])
        return job.session


class ShellTerminal(Sessions):
    def test_a_prompt_a_command_and_an_exit(self):
        self.start_with(**self.server())
        job = self.add_job(["mkfifo ../go", "echo started", "read -r line < ../go"], variables={"WORD": "of the job"})
        self.wait_trace(job, "started\n")
        with Terminal(self.session_of(job)) as terminal:
            self.assertEqual(terminal.protocol.group(1), b"terminal.gitlab.com")
            terminal.type("echo \"$WORD in $PWD on $(tty)\"\n")
            terminal.wait(rf"of the job in {self.work}/builds/\S+ on /dev/pts/\d+\r\n")
            terminal.type("echo > ../go; exit\n")
            self.assertEqual(terminal.wait_closed(), (1000, "the shell has ended"))
        self.assert_success(self.finish(job))
        features = self.gitlab.requests("request")[-1].body["info"]["features"]
        self.assertEqual([features[name] for name in ("session", "terminal", "proxy")], [True, True, False])

    def test_who_gets_no_terminal(self):
        self.start_with(**self.server())
        job = self.add_job(["mkfifo ../go", "echo started", "read -r line < ../go"])
        self.wait_trace(job, "started\n")
        session = self.session_of(job)
        other = {**session, "url": session["url"][:-1] + ("0" if session["url"][-1] != "0" else "1")}
        for wrong in ("", session["authorization"][:-1], session["authorization"] + "0", "Bearer x"):
            self.assertEqual(request(session, "/exec", token=wrong)[0], 401)
        self.assertEqual(request(other, "/exec")[0], 404)
        self.assertEqual(request(session, "/exec")[0], 405)
        self.assertEqual(request(session, "/other")[0], 404)
        with Terminal(session, protocol="base64.terminal.gitlab.com") as first:
            first.type("echo $((6 * 7))\n")
            first.wait(r"[\r\n]42\r\n")
            with self.assertRaises(Refused) as refused:
                Terminal(session)
            self.assertEqual(refused.exception.status, 423)
            first.type("exit\n")
            first.wait_closed()
        with Terminal(session) as again:
            again.type("echo $((6 * 8))\n")
            again.wait(r"[\r\n]48\r\n")
            again.type("echo > ../go; exit\n")
            again.wait_closed()
        self.assert_success(self.finish(job))

    def test_a_job_waits_for_its_terminal(self):
        self.start_with(**self.server())
        job = self.add_job(["mkfifo ../go", "echo started", "read -r line < ../go", "exit 3"])
        self.wait_trace(job, "started\n")
        with Terminal(self.session_of(job)) as terminal:
            terminal.type("echo > ../go\n")
            self.wait_trace(job, "Terminal is connected, will time out in 30m0s...")
            shown = self.command("jobs", "--format", "json").stdout
            self.assertIn('"terminal": true', shown)
            terminal.type("echo $((5 * 5)); (trap '' HUP; exec sleep 100) &\n")
            terminal.wait(r"[\r\n]25\r\n")
            terminal.type("exit\n")
            terminal.wait_closed()
        self.assert_failed(self.finish(job), "script_failure", 3)
        self.assertIn("Terminal disconnected\n", job.text)

    def test_a_terminal_times_out_behind_the_script(self):
        self.start_with(**self.server(session_timeout=1))
        job = self.add_job(["mkfifo ../go", "echo started", "read -r line < ../go"])
        self.wait_trace(job, "started\n")
        with Terminal(self.session_of(job)) as terminal:
            terminal.type("echo > ../go\n")
            self.assertEqual(terminal.wait_closed(), (1001, "terminal session timed out"))
        self.assert_success(self.finish(job))
        self.assertIn("terminal session timed out (maximum time allowed - 1s)", job.text)

    def test_the_end_of_the_job_and_of_the_daemon_end_the_terminal(self):
        daemon = self.start_with(**self.server())
        for end in (lambda job: self.gitlab.cancel(job), lambda _: daemon.send(signal.SIGTERM)):
            # A cancel is the answer to a piece of the log.
            job = self.add_job(["echo started", "while sleep 0.2; do echo on; done"])
            self.wait_trace(job, "started\n")
            with Terminal(self.session_of(job)) as terminal:
                terminal.type("echo \"pid $$.\"\n")
                terminal.wait(r"pid \d+\.")
                end(job)
                self.assertEqual(terminal.wait_closed(), (1001, "the job has ended"))
            self.finish(job)
            with self.assertRaises((OSError, Refused)):
                Terminal(job.session)
        self.assertEqual(daemon.wait_exit(), 0)
        self.assertEqual(processes_of(str(self.directory)), [])

    def test_without_the_server_nothing_is_announced(self):
        self.start_with()
        self.assert_success(job := self.run_job("true"))
        self.assertIsNone(job.session)
        features = self.gitlab.requests("request")[-1].body["info"]["features"]
        self.assertEqual([features[name] for name in ("session", "terminal", "proxy")], [False] * 3)

    def test_jobs_run_without_terminals_where_addresses_are_wrong(self):
        for settings, told in (({"listen_address": "nonsense"}, 'listen_address "nonsense" of [session_server]'),
                               ({"listen_address": ":8093"}, "set advertise_address to the host:port"),
                               ({"listen_address": "127.0.0.1:1", "advertise_address": "https://a:1"}, "has a scheme")):
            self.write_config([{}], session_server=settings)
            daemon = self.start()
            self.assertRegex(daemon.log, "There are no web terminals.*" + re.escape(told))
            self.assertEqual(daemon.stop(), 0)
        self.start()
        self.assert_success(self.run_job("true"))

    def test_an_address_in_use_is_said(self):
        self.write_config([{}], session_server={"listen_address": f"127.0.0.1:{self.gitlab.port}"})
        daemon = self.start(wait=False)
        self.assertNotEqual(daemon.wait_exit(), 0)
        self.assertIn("Address already in use", daemon.log)


class DockerTerminal(DockerCase, Sessions):
    def setUp(self):
        super().setUp()
        self.host = bridge_address()

    def test_a_terminal_in_the_jobs_container(self):
        self.start_docker(globals=self.server())
        job = self.add_job(["echo started", "touch /tmp/of-the-job", "while sleep 0.2; do echo on; done"], variables={"WORD": "secret word"})
        self.wait_trace(job, "started\n")
        with Terminal(self.session_of(job)) as terminal:
            terminal.type("echo \"$WORD\" $PWD $(ls /tmp/of-the-job) $(tty)\n")
            match = terminal.wait(r"secret word (\S+) /tmp/of-the-job /dev/pts/\d+\r\n")
            self.assertTrue(match.group(1).startswith("/builds/"), match.group(1))
            terminal.type("(trap '' HUP; exec sleep 1000) & echo $((3 * 4))\n")
            terminal.wait(r"[\r\n]12\r\n")
            self.gitlab.cancel(job)
            self.assertEqual(terminal.wait_closed(), (1001, "the job has ended"))
        self.finish(job)

    def test_ports_of_services(self):
        serve = "mkdir /www && echo hello > /www/page && exec httpd -f -p 8080 -h /www"
        self.start_docker(globals=self.server(), wait_for_services_timeout=-1)
        service = {"name": image("busybox"), "alias": "web", "entrypoint": ["sh", "-c"], "command": [serve],
                   "ports": [{"number": 8080, "protocol": "http", "name": "default_port"}]}
        job = self.add_job(["echo started", "until [ -e /tmp/go ]; do sleep 0.1; done"], services=[service])
        self.wait_trace(job, "started\n")
        session = self.session_of(job)
        for port in ("8080", "default_port"):
            self.assertEqual(request(session, f"/proxy/web/{port}/page?x=1"), (200, b"hello\n"))
        self.assertEqual(request(session, "/proxy/web/8080/none")[0], 404)
        self.assertEqual(request(session, "/proxy/web/8080/page", token="x")[0], 401)
        for path in ("/proxy/web/9090/", "/proxy/other/8080/", "/proxy/web"):
            self.assertEqual(request(session, path)[0], 404)
        with Terminal(session) as terminal:
            terminal.type("touch /tmp/go; exit\n")
            terminal.wait_closed()
        self.assert_success(self.finish(job))


if __name__ == "__main__":
    unittest.main()
