"""The log of a running job as server-sent events, the history of jobs, token and TLS of the status endpoint."""

import http.client
import json
import os
import socket
import ssl

from tests.support.gitlab.certificates import make_certificates
from tests.system.harness import SystemCase
from tests.system.test_status import free_port


class Events:
    """Reads events as they come."""

    def __init__(self, port, path, **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()
        self.last = None

    def __iter__(self):
        event = {}
        while line := self.answer.readline():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                event[name] = value
            elif event:
                self.last = int(event.get("id", self.last or 0))
                yield event.get("event", "message"), json.loads(event["data"])
                event = {}

    def text_until(self, wanted):
        text = ""
        for kind, data in self:
            assert kind == "message", (kind, data, text)
            text += data
            if wanted in text:
                return text
        raise AssertionError(f"{wanted!r} is not in {text!r}")

    def close(self):
        self.answer.close()
        self.connection.close()


class StatusCase(SystemCase):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.gates = 0

    def begin(self, **options):
        self.write_config([{"name": "one"}], listen_address=f"127.0.0.1:{self.port}", **options)
        return self.start()

    def get(self, path, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer, body

    def gated_job(self, *before, **spec):
        """A job that writes, then waits for lines from a FIFO. Returns the job and what gives it a line."""
        self.gates += 1
        gate = self.directory / f"gate{self.gates}"
        os.mkfifo(gate)
        descriptor = os.open(gate, os.O_RDWR)
        self.addCleanup(os.close, descriptor)
        script = [*before, f"while read line < {gate} && [ $line != end ]; do echo \"got $line\"; done"]
        return self.add_job(script, **spec), lambda line: os.write(descriptor, f"{line}\n".encode())

    def events(self, job, query="", **headers):
        made = Events(self.port, f"/jobs/{job.id}/log{query}", **headers)
        self.addCleanup(made.close)
        return made


class LogOfAJob(StatusCase):
    def test_it_is_sent_as_it_comes_and_ends_with_the_job(self):
        self.begin()
        job, go = self.gated_job("echo begun")
        self.wait_trace(job, "begun\n")
        events = self.events(job)
        self.assertEqual(events.answer.headers["Content-Type"], "text/event-stream")
        text = events.text_until("begun\n")
        for line in ("one", "two"):
            go(line)
            text += events.text_until(f"got {line}\n")
        go("end")
        ends = []
        for kind, data in events:
            if kind == "end":
                ends.append(data)
            else:
                text += data
        self.assertEqual(ends, [{"state": "success", "reason": "", "failure_reason": ""}])
        self.finish(job)
        self.assertEqual(text.encode(), job.trace, "the log is that of GitLab, to the byte")
        self.assertEqual(events.last, len(job.trace))

    def test_a_reader_goes_on_at_its_byte(self):
        self.begin()
        job, go = self.gated_job("echo begun; echo ä€😀")
        self.wait_trace(job, "😀")
        first = self.events(job)
        text = first.text_until("😀")
        first.close()
        go("meanwhile")
        self.wait_trace(job, "got meanwhile")
        for how in ({"query": f"?from={first.last}"}, {"Last-Event-ID": str(first.last), "query": "?from=0"}):
            more = self.events(job, **how)
            rest = more.text_until("got meanwhile\n")
            self.assertTrue(job.trace.startswith((text + rest).encode()), text + rest)
            more.close()
        go("end")
        self.finish(job)

    def test_the_outcome_of_a_failure_is_told(self):
        self.begin()
        job, go = self.gated_job("echo begun", after_script=["true"])
        self.wait_trace(job, "begun\n")
        events = self.events(job)
        self.gitlab.cancel(job, force=False)
        self.assertEqual([data["state"] for kind, data in events if kind == "end"], ["failed"])
        go("end")

    def test_an_ended_job_has_its_end_only(self):
        self.begin()
        job = self.run_job("exit 3")
        self.gitlab.wait(lambda: json.loads(self.get("/jobs")[1])["recent"], 20, "the job in the history")
        ends = list(self.events(job))
        self.assertEqual(ends[0][0], "end")
        self.assertEqual(ends[0][1]["failure_reason"], "script_failure")
        self.assertIn("3", ends[0][1]["reason"])
        self.assertEqual(self.get("/jobs/999999/log")[0].status, 404)

    def test_slow_readers_and_idle_connections_do_not_slow_a_log(self):
        self.begin()
        job, go = self.gated_job("echo begun")
        self.wait_trace(job, "begun\n")
        deaf = []
        for _ in range(10):
            peer = socket.create_connection(("127.0.0.1", self.port))
            self.addCleanup(peer.close)
            peer.sendall(f"GET /jobs/{job.id}/log HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            deaf.append(peer)
        reader = self.events(job)
        reader.text_until("begun\n")
        idle = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(1000)]
        for peer in idle:
            self.addCleanup(peer.close)
        for number in range(20):
            go(number)
            reader.text_until(f"got {number}\n")
        self.assertEqual(self.get("/health/live")[0].status, 200)
        go("end")
        self.assert_success(self.finish(job))

    def test_a_stop_of_the_daemon_waits_for_no_reader(self):
        self.write_config([{"output_limit": 65536}], listen_address=f"127.0.0.1:{self.port}")
        daemon = self.start()
        job, _ = self.gated_job("head -c 20000000 /dev/zero | tr '\\0' x | fold -w 1000", "echo ready")
        self.wait_trace(job, "ready\n")
        reader = socket.create_connection(("127.0.0.1", self.port))
        self.addCleanup(reader.close)
        reader.sendall(f"GET /jobs/{job.id}/log HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        self.assertTrue(reader.recv(1))  # and nothing more, so the daemon cannot write the rest
        self.assertEqual(daemon.stop(), 0, daemon.log)
        self.assertEqual(job.status, "failed")


class History(StatusCase):
    def recent(self):
        return json.loads(self.get("/jobs?limit=100")[1])["recent"]

    def test_ended_jobs_survive_a_restart(self):
        daemon = self.begin(status={"recent_jobs": 2})
        jobs = [self.run_job(f"exit {code}") for code in (0, 1, 2)]
        self.gitlab.wait(lambda: self.recent()[:1] and self.recent()[0]["id"] == jobs[2].id, 20, "the last job")
        before = self.recent()
        daemon.stop()
        self.start()
        self.assertEqual(self.recent(), before)
        self.assertEqual([(job["id"], job["state"]) for job in before],
                         [(jobs[2].id, "failed"), (jobs[1].id, "failed")])
        page = json.loads(self.get(f"/jobs/{jobs[1].id}")[1])
        self.assertEqual(page["job"]["failure_reason"], "script_failure")

    def test_a_damaged_file_is_set_aside(self):
        daemon = self.begin()
        self.run_job("true")
        self.gitlab.wait(self.recent, 20, "the job in the history")
        daemon.stop()
        file, = self.directory.rglob("history.sqlite")
        file.write_bytes(b"x" * 5000)
        daemon = self.start()
        self.assertEqual(self.recent(), [])
        daemon.wait_log("history of jobs cannot be read and is begun anew.*history.sqlite.broken")
        self.assert_success(self.run_job("true"))
        self.gitlab.wait(self.recent, 20, "the job in the new history")


class Access(StatusCase):
    def test_a_token_and_tls(self):
        made = make_certificates(str(self.directory / "ca"), "localhost")
        token = self.directory / "token"
        token.write_text("open-sesame\n")
        self.secrets.add("open-sesame")
        self.begin(status={"token_file": str(token), "tls_cert_file": made.server_cert,
                           "tls_key_file": made.server_key})
        context = ssl.create_default_context(cafile=made.ca)

        def status(path, **headers):
            connection = http.client.HTTPSConnection("localhost", self.port, timeout=10, context=context)
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            return answer.status
        self.assertEqual(status("/health/ready"), 200)
        self.assertEqual(status("/status.json"), 401)
        self.assertEqual(status("/status.json", Authorization="Bearer open-sesam"), 401)
        self.assertEqual(status("/status.json", Authorization="Bearer open-sesame"), 200)

    def test_a_file_that_is_missing_is_named(self):
        missing = "/nowhere/file"
        for table, words in (({"token_file": missing}, missing),
                             ({"tls_cert_file": missing, "tls_key_file": missing}, missing),
                             ({"tls_cert_file": missing}, "tls_cert_file and tls_key_file")):
            self.write_config(listen_address=f"127.0.0.1:{self.port}", status=table)
            daemon = self.start(wait=False)
            self.assertEqual(daemon.wait_exit(), 1)
            self.assertIn(words, daemon.log)

    def test_browsers_are_told_what_they_may_do(self):
        self.begin()
        for path in ("/", "/status.json", "/nothing"):
            answer, _ = self.get(path)
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff", path)
            self.assertNotIn("unsafe", answer.headers["Content-Security-Policy"], path)
            self.assertIsNone(answer.headers["Access-Control-Allow-Origin"], path)
