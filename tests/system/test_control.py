"""pause, resume, drain, jobs, log, cancel: the control socket, used through the commands."""

import http.server
import json
import os
import pwd
import re
import shutil
import signal
import socket
import socketserver
import stat
import subprocess
import threading
import unittest
import urllib.error
import urllib.request

from tests.support.gitlab import GitLab
from tests.system.docker_harness import DockerCase
from tests.system.harness import BIN, PATIENCE, Output, SystemCase, need
from tests.system.test_status import free_port


class Started:
    """A command that goes on; the test waits for what it prints."""

    def __init__(self, case, *arguments, env=None, config=True):
        words = [str(BIN), *arguments]
        if config:
            words[2:2] = ["--config", str(case.config)]
        self.process = subprocess.Popen(words, env=case.environment(**(env or {})), cwd=case.work, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = Output(self.process.stdout)
        case.addCleanup(self._end)

    def _end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def wait(self, pattern, timeout=30):
        return self.output.wait(pattern, timeout, lambda: self.process.poll() is None)

    def end(self, timeout=30):
        code = self.process.wait(timeout * PATIENCE)
        return code, self.output.join()


class ControlCase(SystemCase):
    @property
    def socket_path(self):
        return self.config.parent / ".runner-state" / "runner.sock"

    def ok(self, *arguments, **options):
        done = self.command(*arguments, **options)
        self.assertEqual(done.code, 0, done.text)
        return done

    def gated_job(self, extra=(), **spec):
        """A job that prints "started", and ends when go() is called."""
        self.gate = self.work / "go"
        wait = f"while [ ! -e {self.gate} ]; do sleep 0.05; done"
        job = self.add_job(["echo started", wait, "echo done", *extra], **spec)
        self.wait_trace(job, "started\n")
        return job

    def go(self):
        self.gate.touch()

    def requests(self):
        return len(self.gitlab.requests("request"))


class Pause(ControlCase):
    def test_a_paused_daemon_takes_no_job_and_a_resumed_one_at_once(self):
        # An interval that is longer than the test: only the resume itself can ask.
        self.start_with({"name": "one"}, check_interval=3600)
        done = self.ok("pause")
        self.assertIn("paused: one", done.stdout)
        self.assertIn("`runner resume` undoes it", done.stdout)
        before = self.requests()
        job = self.add_job(["true"])
        self.assertIn("paused: no new jobs are taken", self.ok("status").stdout)
        self.assertEqual((self.requests(), job.status), (before, "pending"))
        self.assertIn("taking jobs: one", self.ok("resume").stdout)
        self.assert_success(self.finish(job))

    def test_one_runner_of_two(self):
        left, right = self.gitlab.add_runner(tags=["left"]), self.gitlab.add_runner(tags=["right"])
        self.write_config([{"name": "left", "token": left.token}, {"name": "right", "token": right.token}])
        daemon = self.start()
        self.ok("pause", "left")
        jobs = [self.add_job(["true"], tags=[tag]) for tag in ("left", "right")]
        self.assert_success(self.finish(jobs[1]))
        self.assertEqual(jobs[0].status, "pending")
        # A restart keeps the pause, and says so.
        daemon.stop(signal.SIGQUIT)
        again = self.start()
        again.wait_log("Paused by an administrator.*left")
        state = json.loads(self.ok("pause", "right", "--format", "json").stdout)
        self.assertEqual([runner["paused"] for runner in state["runners"]], [True, True])
        self.ok("resume", "left")
        self.assert_success(self.finish(jobs[0]))
        self.assertIn("paused: right\ntaking jobs: left", self.ok("resume", "left").stdout)

    def test_running_jobs_go_on(self):
        self.start_with()
        job = self.gated_job()
        self.assertIn("1 job runs on", self.ok("pause").stdout)
        self.go()
        self.assert_success(self.finish(job))

    def test_an_unknown_name_is_refused(self):
        self.start_with({"name": "one"})
        done = self.command("pause", "two")
        self.assertEqual(done.code, 1)
        self.assertIn('there is no runner "two" in the configuration; there are: one', done.stderr)

    def test_of_several_names_those_that_exist_are_paused(self):
        self.start_with({"name": "one"})
        done = self.command("pause", "one", "two")
        self.assertEqual(done.code, 1)
        self.assertIn("paused: one", done.stdout)
        self.assertIn('there is no runner "two"', done.stderr)

    def test_a_damaged_file_pauses_everything_until_resume(self):
        self.write_config([{"name": "one"}])
        self.socket_path.parent.mkdir(mode=0o700, exist_ok=True)
        (self.socket_path.parent / "paused.json").write_text("{")
        daemon = self.start(wait=False)
        daemon.wait_log("What was paused is not known any more, so all runners are paused.*paused.json is damaged")
        self.assertIn("paused: no new jobs are taken", self.ok("status").stdout)
        job = self.add_job(["true"])
        self.ok("resume")
        self.assert_success(self.finish(job))

    def test_a_resume_that_cannot_be_saved_holds_until_the_next_start(self):
        self.start_with({"name": "one"})
        self.ok("pause")
        file = self.socket_path.parent / "paused.json"
        file.unlink()
        (file / "in the way").mkdir(parents=True)
        job = self.add_job(["true"])
        done = self.command("resume")
        self.assertEqual(done.code, 1)
        self.assertIn("taking jobs: one", done.stdout)
        self.assertIn("this holds until the daemon is started again: ", done.stderr)
        self.assert_success(self.finish(job))

    def test_an_empty_name_does_not_mean_all(self):
        self.start_with({"name": "one"})
        for action in ("pause", "resume"):
            done = self.command(action, "")
            self.assertEqual(done.code, 1)
            self.assertIn("the name of a runner is empty", done.stderr)
        self.assertNotIn("paused: one", self.ok("resume").stdout)

    def test_a_held_request_ends_with_the_pause(self):
        # The server would answer it with the job that comes next.
        self.gitlab.long_poll = 3600
        self.start_with({"name": "one"}, check_interval=1)
        self.gitlab.wait(lambda: self.requests() >= 2, 20 * PATIENCE, "a request that is held")
        self.ok("drain", timeout=20)
        job = self.add_job(["true"])
        self.assertEqual(job.status, "pending")
        self.ok("resume")
        self.assert_success(self.finish(job))


class Drain(ControlCase):
    def test_waits_for_the_last_job(self):
        self.start_with()
        job = self.gated_job()
        drain = Started(self, "drain")
        drain.wait(f"1 job runs:\n  job {job.id}: .*step_script")
        second = self.add_job(["true"])
        self.go()
        code, text = drain.end()
        self.assertEqual(code, 0, text)
        self.assertIn("Drained: no job runs", text)
        self.assertEqual(second.status, "pending")
        self.assertIn("draining: no new jobs", self.ok("status").stdout)
        self.ok("resume")
        self.assert_success(self.finish(second))

    def test_ctrl_c_leaves_the_drain_on(self):
        self.start_with()
        job = self.gated_job()
        drain = Started(self, "drain")
        drain.wait("1 job runs")
        drain.process.send_signal(signal.SIGINT)
        code, text = drain.end()
        self.assertEqual(code, 130, text)
        self.assertIn("The drain goes on", text)
        self.assertIn("`runner resume` undoes it", text)
        timed = self.command("drain", "--timeout", "10ms")
        self.assertEqual(timed.code, 1, timed.text)
        self.assertIn("The time is over; 1 job runs", timed.stdout)
        self.go()
        self.assert_success(self.finish(job))

    def test_a_resume_ends_the_wait(self):
        self.start_with()
        self.gated_job()
        drain = Started(self, "drain")
        drain.wait("1 job runs")
        self.ok("resume")
        code, text = drain.end()
        self.assertEqual(code, 1)
        self.assertIn("somebody has ended the drain", text)
        self.go()

    def test_a_wrong_limit_is_refused(self):
        done = self.command("drain", "--timeout", "soon")
        self.assertEqual(done.code, 1)
        self.assertIn("write 90s, 10m or 1h30m", done.stderr)


class Cancel(ControlCase):
    def test_after_script_runs_and_the_log_names_the_administrator(self):
        daemon = self.start_with()
        job = self.add_job(["echo started", "sleep 300"], after_script=["echo after as $CI_JOB_STATUS"])
        self.wait_trace(job, "started\n")
        done = self.ok("cancel", str(job.id), "--reason", "the disk is full")
        self.assertIn(f"job {job.id} is being stopped", done.stdout)
        self.finish(job)
        self.assertEqual(job.status, "failed")
        self.assertEqual(job.reported_reason, "runner_interrupted")
        self.assertIn("script canceled by an administrator of the runner", job.text)
        self.assertIn("after as canceled", job.text)
        self.assertIn("Job failed: canceled by an administrator of the runner: the disk is full", job.text)
        daemon.wait_log(f"A job is canceled by an administrator.*job={job.id}.*user={pwd.getpwuid(os.geteuid()).pw_name}")

    def test_what_cannot_be_cancelled(self):
        self.start_with()
        for arguments, words in (([], "which job?"), (["x"], "not the number of a job"),
                                 ([""], '"" is not the number of a job: `runner jobs` lists them'), (["99"], "no job 99 runs here")):
            done = self.command("cancel", *arguments)
            self.assertEqual(done.code, 1)
            self.assertIn(words, done.stderr)
        self.assertIn('"" is not the number of a job', self.command("log", "").stderr)


class CancelInDocker(DockerCase):
    def test_container_and_services_go(self):
        self.start_docker()
        job = self.add_job(["echo started", "sleep 300"], after_script=["echo after"])
        self.wait_trace(job, "started\n")
        self.assertEqual(self.command("cancel", str(job.id)).code, 0)
        self.finish(job)
        self.assertEqual((job.status, job.reported_reason), ("failed", "runner_interrupted"), job.text)
        self.assertIn("after\n", job.text)


class Jobs(ControlCase):
    def test_table_and_json(self):
        self.start_with()
        self.assertEqual(self.ok("jobs").stdout, "no job runs\n")
        self.assertEqual(json.loads(self.ok("jobs", "--format", "json").stdout)["running"], [])
        job = self.gated_job()
        self.assertRegex(self.ok("jobs").stdout, rf"JOB +PROJECT.*\n{job.id} .*step_script")
        listed = json.loads(self.ok("jobs", "--format", "json").stdout)
        self.assertEqual([entry["id"] for entry in listed["running"]], [job.id])
        self.go()


class ScriptedDaemon(socketserver.UnixStreamServer):
    """Answers requests with bodies in order, and keeps what was asked for."""

    def __init__(self, path, answers):
        self.answers, self.asked = list(answers), []

        class Handler(http.server.BaseHTTPRequestHandler):
            def address_string(self):
                return "unix"

            def log_message(self, *arguments):
                pass

            def do_GET(self):
                self.server.asked.append(self.path)
                status, body = self.server.answers.pop(0)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

        super().__init__(str(path), Handler)


def piece(text, after):
    return f"id: {after}\ndata: {json.dumps(text)}\n\n"


def end(state):
    return "event: end\ndata: " + json.dumps({"state": state, "reason": "script_failure"}) + "\n\n"


class LogOfAScriptedDaemon(SystemCase):
    """What `runner log` makes of the answers, and asks for next."""

    def log(self, answers, *arguments):
        path = self.directory / "scripted.sock"
        with ScriptedDaemon(path, answers) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            done = self.command("log", "7", *arguments, "--socket", str(path))
            server.shutdown()
        thread.join()
        path.unlink()
        return done, server.asked

    def test_exit_code_is_the_jobs(self):
        for state, code in (("success", 0), ("failed", 1)):
            done, _ = self.log([(200, piece("a\n", 2) + end(state))], "-f")
            self.assertEqual((done.code, done.stdout), (code, "a\n"))

    def test_goes_on_where_a_connection_has_ended(self):
        done, asked = self.log([(200, piece("one ", 4) + "id: 9\nda"), (200, piece("two", 7) + end("success"))], "-f")
        self.assertEqual((done.code, done.stdout), (0, "one two"), done.text)
        self.assertEqual(asked, ["/jobs/7/log?from=0", "/jobs/7/log?from=4"])

    def test_without_follow_ends_where_the_log_is(self):
        about = json.dumps({"job": {"id": 7, "log_bytes": 6}})
        done, asked = self.log([(200, about), (200, piece("def", 6) + piece("later", 11))], "--from", "3")
        self.assertEqual(done.code, 0, done.text)
        self.assertTrue(done.stdout.startswith("def"), done.stdout)
        self.assertEqual(asked, ["/jobs/7", "/jobs/7/log?from=3"])
        done, asked = self.log([(200, about)], "--from", "6")
        self.assertEqual((done.code, done.stdout, asked), (0, "", ["/jobs/7"]))

    def test_a_job_that_has_ended(self):
        done, _ = self.log([(200, json.dumps({"job": {"id": 7}})), (200, end("failed"))])
        self.assertEqual((done.code, done.stdout), (0, ""))
        self.assertIn("Job 7 has ended (script_failure); its log is kept at GitLab only", done.stderr)

    def test_stamps_are_left_out(self):
        stamped = "2026-11-28T14:09:56.477771Z 00O one \n2026-11-28T14:09:56.477772Z 00O+line\n"
        done, _ = self.log([(200, piece(stamped, 9) + end("success"))], "-f")
        self.assertEqual(done.stdout, "one line\n")
        done, _ = self.log([(200, piece(stamped, 9) + end("success"))], "-f", "--raw")
        self.assertEqual(done.stdout, stamped)

    def test_refusals(self):
        for status, body, words in ((404, "No job 7 runs here.\nmore", "No job 7 runs here."),
                                    (403, '{"error": "not for you"}', "not for you"),
                                    (200, "data: text\n\n", "is no log of a job")):
            done, _ = self.log([(status, body)], "-f")
            self.assertEqual((done.code, done.stdout), (1, ""))
            self.assertIn(words, done.stderr)


class Log(ControlCase):
    def test_follows_a_job_to_its_end(self):
        self.start_with()
        job = self.gated_job(variables={"SECRET": {"value": "very-secret-word", "masked": True, "public": False}},
                             extra=["echo value=$SECRET", "exit 3"])
        present = self.ok("log", str(job.id))
        self.assertIn("started\n", present.stdout)
        follow = Started(self, "log", str(job.id), "-f")
        follow.wait("started\n")
        self.go()
        code, text = follow.end()
        self.finish(job)
        self.assertEqual(code, 1, "the job has failed")
        self.assertIn("value=[MASKED]", text)
        self.assertNotIn("very-secret-word", text)
        self.assertIn("Job failed: exit", text)

    def test_goes_on_over_a_restart_of_the_daemon(self):
        daemon = self.start_with()
        self.gate = self.work / "go"
        job = self.add_job([f"i=0; while [ ! -e {self.gate} ]; do i=$((i + 1)); echo line $i; sleep 0.05; done"])
        self.wait_trace(job, "line 1\n")
        follow = Started(self, "log", "-f", str(job.id))
        follow.wait("line 3\n")
        daemon.kill()
        follow.wait("The daemon has ended the connection")
        shown = int(re.findall(r"line (\d+)", follow.output.text)[-1])
        self.start()
        follow.wait(f"line {shown + 2}\n")
        self.go()
        code, text = follow.end(60)
        self.assert_success(self.finish(job))
        numbers = [int(number) for number in re.findall(r"line (\d+)", text)]
        self.assertEqual((code, numbers), (0, list(range(1, len(numbers) + 1))), text)
        self.assertIn("Job succeeded", text)

    def test_of_an_unknown_job(self):
        self.start_with()
        done = self.command("log", "99")
        self.assertEqual(done.code, 1)
        self.assertIn("99", done.stderr)


class TwoServers(ControlCase):
    """Two servers give their jobs the same number."""

    def setUp(self):
        super().setUp()
        self.other = GitLab().start()
        self.addCleanup(self.other.close)

    def test_the_runner_tells_the_jobs_apart(self):
        port = free_port()
        self.write_config([{"name": "left"},
                           {"name": "right", "url": self.other.url, "token": self.other.add_runner().token}],
                          listen_address=f"127.0.0.1:{port}")
        self.start()
        jobs = {name: server.add_job([f"echo {name} started", "sleep 300"])
                for name, server in (("left", self.gitlab), ("right", self.other))}
        number = str(jobs["left"].id)
        self.assertEqual(str(jobs["right"].id), number)
        self.gitlab.wait_trace(jobs["left"], "left started\n", 30 * PATIENCE)
        self.other.wait_trace(jobs["right"], "right started\n", 30 * PATIENCE)
        for words in (["log", number], ["cancel", number]):
            done = self.command(*words)
            self.assertEqual(done.code, 1)
            self.assertIn("say which runner's is meant, left or right (--runner NAME", done.stderr)
        for action in ("log", "cancel"):
            done = self.command(action, number, "--runner", "none")
            self.assertEqual(done.code, 1)
            self.assertRegex(done.stderr, f'(?i)no job {number} of the runner "none" runs here')
        for name in jobs:
            self.assertIn(f"{name} started", self.ok("log", number, "--runner", name).stdout)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/jobs/{number}?runner={name}", timeout=20) as page:
                self.assertEqual(json.load(page)["job"]["runner"], name)
        for path in (f"/jobs/{number}", f"/jobs/{number}/log"):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20)
            self.assertEqual(refused.exception.code, 409)
            self.assertIn("left or right", refused.exception.read().decode())
        done = self.ok("cancel", number, "--runner", "right")
        self.assertIn(f"`runner log {number} -f --runner 'right'`", done.stdout)
        self.other.wait_finished(jobs["right"], 60 * PATIENCE)
        self.assertEqual(jobs["left"].status, "running")
        # The one that has ended counts, too: nobody reads about the wrong job.
        self.assertEqual(self.command("log", number).code, 1)
        self.ok("cancel", number, "--runner", "left")
        self.finish(jobs["left"])


class Socket(ControlCase):
    def test_its_mode_and_its_end(self):
        daemon = self.start_with()
        about = self.socket_path.stat()
        self.assertTrue(stat.S_ISSOCK(about.st_mode))
        self.assertEqual(stat.S_IMODE(about.st_mode), 0o660)
        daemon.stop(signal.SIGQUIT)
        self.assertFalse(self.socket_path.exists())
        done = self.command("jobs")
        self.assertEqual(done.code, 1)
        self.assertIn("no daemon listens at", done.stderr)

    def test_a_killed_daemon_leaves_nothing_in_the_way(self):
        self.start_with().kill()
        self.assertTrue(self.socket_path.exists())
        self.assertIn("no daemon listens at", self.command("jobs").stderr)
        self.start()
        self.ok("jobs")

    def test_in_the_runtime_directory_of_a_service(self):
        place = self.directory / "run"
        place.mkdir(mode=0o755)
        self.write_config()
        daemon = self.start(env={"RUNTIME_DIRECTORY": str(place)})
        self.assertTrue(stat.S_ISSOCK((place / "runner.sock").stat().st_mode))
        self.ok("jobs")  # through the link in the state directory
        self.ok("jobs", "--socket", str(place / "runner.sock"))
        # A second daemon must not take it over.
        other = self.directory / "other" / "config.toml"
        other.parent.mkdir()
        other.write_text("")
        refused = subprocess.run([str(BIN), "run", "--config", str(other)], capture_output=True, text=True, check=False,
                                 env=self.environment(RUNTIME_DIRECTORY=str(place)), timeout=30 * PATIENCE)
        self.assertEqual(refused.returncode, 1)
        self.assertIn(f"another process (process {daemon.pid}) listens", refused.stderr)
        self.ok("jobs")

    def test_a_path_that_is_too_long(self):
        place = self.directory / ("x" * 100)
        place.mkdir()
        self.write_config()
        daemon = self.start(env={"RUNTIME_DIRECTORY": str(place)}, wait=False)
        daemon.wait_log("RUNTIME_DIRECTORY.*the system allows 107")
        self.assertEqual(daemon.wait_exit(), 1)

    def test_an_unknown_group(self):
        self.write_config(status={"socket_group": "no-such-group"})
        daemon = self.start(wait=False)
        daemon.wait_log('socket_group: there is no group "no-such-group"')
        self.assertEqual(daemon.wait_exit(), 1)

    def test_actions_only_there(self):
        self.start_with()
        for target, status in (("/status.json", b"200"), ("/metrics", b"200"), ("/control", b"200"),
                               ("/control/pause", b"405")):
            self.assertEqual(self.raw(f"GET {target}"), status, target)
        self.assertEqual(self.raw("POST /status.json"), b"405")

    def raw(self, what):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket_path))
            connection.sendall(f"{what} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
            answer = b""
            while piece := connection.recv(4096):
                answer += piece
        return answer.split(b" ", 2)[1]


@unittest.skipIf(os.geteuid() != 0, "only root can become other users")
class OtherUsers(ControlCase):
    """What `nobody` may do: nothing, unless it is in the socket's group."""

    def setUp(self):
        super().setUp()
        need(bool(shutil.which("setpriv")), "setpriv")
        self.place = self.directory / "run"
        self.place.mkdir(mode=0o755)
        self.directory.chmod(0o755)
        self.path = self.place / "runner.sock"

    def start_for(self, **options):
        self.write_config(**options)
        return self.start(env={"RUNTIME_DIRECTORY": str(self.place)})

    def as_nobody(self, *arguments, groups=()):
        identity = ["--reuid=nobody", "--regid=65534",
                    *([f"--groups={','.join(groups)}"] if groups else ["--clear-groups"])]
        done = subprocess.run(["setpriv", *identity, str(BIN), *arguments, "--socket", str(self.path)], cwd="/",
                              env=self.environment(HOME="/"), capture_output=True, text=True, check=False,
                              timeout=30 * PATIENCE)
        return done

    def test_are_refused_by_the_mode_and_told_the_remedy(self):
        self.start_for()
        done = self.as_nobody("jobs")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"user nobody may not use {self.path}: use sudo, or become a member of the group root", done.stderr)

    def test_are_refused_by_the_daemon_whatever_the_mode(self):
        daemon = self.start_for()
        self.path.chmod(0o666)
        for command in (["jobs"], ["pause"], ["cancel", "1"]):
            done = self.as_nobody(*command)
            self.assertEqual(done.returncode, 1)
            self.assertIn("user nobody may not control this runner: only root", done.stderr)
        daemon.wait_log("A user was refused at the control socket.*user=nobody")
        self.assertFalse(json.loads(self.command("status", "--json").stdout)["paused"])

    def test_members_of_the_group_are_not(self):
        self.start_for(status={"socket_group": "adm"})
        self.assertEqual(self.as_nobody("jobs").returncode, 1)
        done = self.as_nobody("pause", groups=["adm"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("paused: test", done.stdout)


if __name__ == "__main__":
    unittest.main()
