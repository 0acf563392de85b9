"""The custom executor: real drivers, written as shell scripts, and what GitLab is told of their ends."""

import json
import os
import signal
import unittest

from tests.system.docker_harness import docker, engine_answers, image
from tests.system.harness import PATIENCE, ROOT, SystemCase, need, processes_of

# Each program writes its call and what it sees of the job into $RECORD.
CONFIG = """
cat <<EOS
{"builds_dir": "$ROOM/builds", "cache_dir": "$ROOM/cache", "hostname": "room",
 "driver": {"name": "directory", "version": "v1"}, "job_env": {"ROOM_KEY": "from-config"}}
EOS
"""
PREPARE = """
echo "preparing in $TMPDIR"
mkdir -p "$ROOM/home"
"""
# The script runs with nothing of the driver's environment, as on another machine.
RUN = """
env -i PATH="$ROOM_BIN:$PATH" HOME="$ROOM/home" bash < "$1" && exit 0
echo $? > "$BUILD_EXIT_CODE_FILE"
exit "$BUILD_FAILURE_EXIT_CODE"
"""
CLEANUP = 'rm -rf "$ROOM"\n'

# Stands for the official program, where the scripts run: strict about what it is called with.
RUNNER_STUB = """#!/bin/sh
[ "$1" = --version ] && exit 0
printf '%s\\n' "$*" >> "$HOME/../../calls"
[ -n "$CI_JOB_TOKEN" ] || exit 7
printf '%s %s\\n' "$1" "$CI_JOB_TOKEN" >> "$HOME/../../tokens"
"""


class CustomCase(SystemCase):
    executor = "custom"

    def setUp(self):
        super().setUp()
        self.room = self.directory / "room"
        self.record = self.directory / "record"
        self.programs = self.directory / "bin"
        self.programs.mkdir()
        self.settings = {}
        for name, text in (("config", CONFIG), ("prepare", PREPARE), ("run", RUN), ("cleanup", CLEANUP)):
            self.write_program(name, text)
            self.settings[f"{name}_exec"] = str(self.programs / name)

    def write_program(self, name, text):
        path = self.programs / name
        path.write_text(f'#!/bin/bash\nexport ROOM="{self.room}" ROOM_BIN="{self.directory}/room-bin"\n'
                        f'echo "{name} ${{*: -1}}" >> "{self.record}"\n{text}')
        path.chmod(0o755)

    def start_driver(self, env=None, **settings):
        self.write_config([{"custom": {**self.settings, **settings}}], log_level="debug")
        return self.start(env=env)

    def wait_started(self):
        """Until the preparation is under way: its log is sent later."""
        self.gitlab.wait(lambda: (self.directory / "started").exists(), 30 * PATIENCE, "the preparation")

    def calls(self):
        """The programs that were called, of `run` with the stage's name."""
        return [line.split()[0] + (" " + line.split()[-1] if line.startswith("run") else "")
                for line in self.record.read_text().splitlines()]


class Jobs(CustomCase):
    def test_the_calls_of_a_job(self):
        """Order and names of the calls, the settings that config_exec answers, sources, both scripts."""
        self.write_program("run", 'echo "key=$ROOM_KEY args=$#"\nshift\n' + RUN)
        self.start_driver(run_args=["Arg1"])
        job = self.run_job(["pwd", "ls", "echo token ${#CI_JOB_TOKEN} $CI_RUNNER_EXECUTABLE_ARCH"],
                           after_script=["echo after $CI_JOB_STATUS"])
        self.assert_success(job)
        self.daemons[0].stop()  # GitLab is told before the cleanup
        self.assertEqual(self.calls(), ["config", "prepare", "run prepare_script", "run get_sources",
                                        "run build_script", "run after_script", "run cleanup_file_variables",
                                        "cleanup"])
        self.assertIn("Using Custom executor with driver directory v1...\npreparing in ", job.text)
        self.assertRegex(job.text, r"\nRunning on \S+ via room\.\.\.\n")
        self.assertIn("\nkey=from-config args=3\n", job.text)
        self.assertIn(f"\n{self.room}/builds/", job.text)
        self.assertIn("\nafter success\n", job.text)
        self.assertFalse(self.room.exists())
        request = self.gitlab.requests("request")[0].body
        self.assertEqual(request["info"]["executor"], "custom")
        self.assertTrue(request["info"]["features"]["shared"])

    def test_what_the_driver_sees(self):
        """Variables, services, the job's JSON; nobody else may read the files."""
        self.write_program("prepare", PREPARE + f"""
env | grep -E '^(CUSTOM_ENV_|BUILD_|SYSTEM_|TMPDIR)' | sort > {self.directory}/seen
cp "$JOB_RESPONSE_FILE" {self.directory}/response.json
stat -c %a "$TMPDIR" "$JOB_RESPONSE_FILE" > {self.directory}/modes
""")
        self.write_program("run", f'stat -c %a "$1" "$(dirname "$1")" >> {self.directory}/modes\n' + RUN)
        self.start_driver()
        def change(payload):
            payload["services"] = [{"name": "redis:latest"},
                                   {"name": "my-postgres:9.4", "alias": "pg", "entrypoint": ["a", "b"],
                                    "command": ["c"]}]
            payload["variables"].append({"key": "KEY_FILE", "value": "content", "file": True})
        job = self.run_job("cat $KEY_FILE", payload=change)
        self.assert_success(job)
        self.assertIn("\ncontent", job.text)
        seen = dict(line.split("=", 1) for line in (self.directory / "seen").read_text().splitlines() if "=" in line)
        self.assertEqual(seen["CUSTOM_ENV_KEY_FILE"], "content")
        self.assertEqual(seen["CUSTOM_ENV_CI_BUILDS_DIR"], f"{self.room}/builds")
        self.assertEqual(seen["CUSTOM_ENV_CI_SHARED_ENVIRONMENT"], "true")
        self.assertEqual((seen["BUILD_FAILURE_EXIT_CODE"], seen["SYSTEM_FAILURE_EXIT_CODE"]), ("1", "2"))
        self.assertEqual(json.loads(seen["CUSTOM_ENV_CI_JOB_SERVICES"]),
                         [{"name": "redis:latest", "alias": "", "entrypoint": None, "command": None},
                          {"name": "my-postgres:9.4", "alias": "pg", "entrypoint": ["a", "b"], "command": ["c"]}])
        self.assertEqual(json.loads((self.directory / "response.json").read_text())["id"], job.id)
        modes = (self.directory / "modes").read_text().split()
        self.assertEqual(set(modes), {"700", "600"}, modes)

    def test_artifacts_and_caches_use_the_program_that_is_there(self):
        """Tokens are in its environment and never among its arguments."""
        (self.directory / "room-bin").mkdir()
        stub = self.directory / "room-bin" / "gitlab-runner"
        stub.write_text(RUNNER_STUB)
        stub.chmod(0o755)
        self.start_driver()
        job = self.run_job("echo x > file", cache=[{"key": "k", "paths": ["c/"]}],
                           artifacts=[{"name": "out-$CI_JOB_ID", "paths": ["file"], "exclude": ["*.tmp"],
                                       "expire_in": "1 day", "artifact_type": "archive",
                                       "artifact_format": "zip"}])
        self.assert_success(job)
        calls = (self.directory / "calls").read_text()
        self.assertRegex(calls, r"(?m)^cache-extractor --file \S+/k-non_protected/cache.zip --timeout 10$")
        self.assertRegex(calls, r"(?m)^cache-archiver --file \S+/k-non_protected/cache.zip --timeout 10 --path c/$")
        self.assertIn(f"artifacts-uploader --url {self.gitlab.url} --id {job.id} --path file --exclude *.tmp "
                      f"--name out-{job.id} --expire-in 1 day --artifact-format zip --artifact-type archive\n", calls)
        self.assertNotIn(job.token, calls)
        self.assertIn(f"artifacts-uploader {job.token}\n", (self.directory / "tokens").read_text())

    def test_the_configuration_works(self):
        self.write_config([{"custom": self.settings}])
        told = self.command("migrate", "--dry-run").text
        self.assertRegex(told, r"(?m)^ +\d+ +run_exec +works$")
        self.assertNotIn("STOPS", told)

    def test_a_place_without_the_program_says_so(self):
        self.write_program("run", RUN.replace('"$ROOM_BIN:$PATH"', "/usr/bin:/bin"))
        self.start_driver()
        job = self.run_job("echo x > file", cache=[{"key": "k", "paths": ["c/"]}], artifacts=[{"paths": ["file"]}])
        self.assert_success(job)
        for action in ("Extracting cache", "Creating cache", "Uploading artifacts"):
            self.assertIn(f"Missing gitlab-runner. {action} is disabled.", job.text)


class Failures(CustomCase):
    def test_what_a_script_puts_in_the_place_of_the_exit_code_does_not_stop_the_daemon(self):
        self.write_program("run", 'bash "$1" || exit "$BUILD_FAILURE_EXIT_CODE"\n')
        self.start_driver()
        for left in ("mkfifo", "ln -s /dev/zero", "mkdir"):
            job = self.run_job([f'rm -f "$BUILD_EXIT_CODE_FILE"; {left} "$BUILD_EXIT_CODE_FILE"; exit 1'])
            self.assert_failed(job, "runner_system_failure")
            self.assertIn("BUILD_EXIT_CODE_FILE does not hold an exit code", job.text)

    def test_exit_codes_of_scripts(self):
        self.start_driver()
        job = self.run_job(["exit 99"])
        self.assert_failed(job, "script_failure", 99)
        self.assertRegex(job.text, r"ERROR: Job failed: exit status 99\n+\Z")
        self.daemons[0].stop()
        self.assertEqual(self.calls()[-1], "cleanup")

    def test_a_driver_that_fails_in_the_script(self):
        for code, text in ((2, "exit status 2"),
                           (5, "unknown Custom executor executable exit code 5; executable execution terminated "
                               "with: exit status 5")):
            with self.subTest(code=code):
                self.write_program("run", f'[ "$2" = build_script ] && exit {code}\n' + RUN)
                if not self.daemons:
                    self.start_driver()
                job = self.run_job("echo never")
                self.assert_failed(job, "runner_system_failure")
                self.assertIn(f"ERROR: Job failed (system failure): {text}\n", job.text)
        self.daemons[0].stop()
        self.assertEqual(self.calls().count("cleanup"), 2)

    def test_sources_are_tried_again_after_a_failure_of_the_driver(self):
        self.write_program("run", f'[ "$2" = get_sources ] && [ ! -e {self.directory}/tried ] && '
                                  f'touch {self.directory}/tried && exit 2\n' + RUN)
        self.start_driver()
        job = self.run_job("echo end", variables={"GET_SOURCES_ATTEMPTS": "2",
                                                  "FF_USE_EXPONENTIAL_BACKOFF_STAGE_RETRY": "false"})
        self.assert_success(job)
        self.assertEqual(self.calls().count("run get_sources"), 3, "the second, and one that empties the directory")

    def test_a_preparation_that_says_that_the_job_has_failed(self):
        """It is not tried again, and cleaned up."""
        self.write_program("prepare", 'echo "no such image" >&2\nexit "$BUILD_FAILURE_EXIT_CODE"\n')
        self.start_driver()
        job = self.run_job("echo never")
        self.assert_failed(job, "script_failure", 1)
        self.assertIn("\nno such image\n", job.text)
        self.daemons[0].stop()
        self.assertEqual(self.calls(), ["config", "prepare", "cleanup"])

    def test_a_preparation_that_fails_is_tried_three_times(self):
        self.write_program("prepare", 'exit "$SYSTEM_FAILURE_EXIT_CODE"\n')
        self.start_driver()
        job = self.run_job("echo never")
        self.assert_failed(job, "runner_system_failure")
        self.assertIn("prepare_exec: exit status 2", job.text)
        self.daemons[0].stop()
        self.assertEqual(self.calls(), ["config", "prepare", "cleanup"] * 3)

    def test_an_answer_that_cannot_be_read(self):
        self.write_program("config", 'echo "secret-answer {"\necho why >&2\n[ -e $ROOM ] && exit 1\nmkdir $ROOM\n')
        self.write_program("cleanup", "")
        self.start_driver()
        job = self.run_job("echo never")
        self.assert_failed(job, "script_failure", 1)  # of the second try
        self.assertIn("error while parsing JSON output of config_exec: it is no JSON", job.text)
        self.assertIn("\nwhy\n", job.text)
        self.assertNotIn("secret-answer", job.text)

    def test_an_end_of_time(self):
        self.write_program("prepare", 'echo waiting\n[ -e $ROOM ] && exit 1\nmkdir $ROOM\nexec sleep 300\n')
        self.write_program("cleanup", "")
        self.start_driver(prepare_exec_timeout=1)
        job = self.run_job("echo never")
        self.assert_failed(job, "script_failure", 1)  # of the second try
        self.assertIn("prepare_exec did not end within prepare_exec_timeout (1 s)", job.text)

    def test_directories_that_nobody_names(self):
        self.write_program("config", "echo '{}'\n")
        self.start_driver()
        job = self.run_job("echo never")
        self.assert_failed(job, "runner_configuration_error")
        self.assertIn("the builds_dir is not configured", job.text)
        self.daemons[0].stop()
        self.assertEqual(self.calls(), ["config", "cleanup"])

    def test_a_cleanup_that_fails_is_in_the_daemons_log(self):
        self.write_program("cleanup", CLEANUP + "echo left\nexit 2\n")
        self.start_driver()
        job = self.run_job("echo end")
        self.assert_success(job)
        self.daemons[0].wait_log("Cleanup script failed.*cleanup_exec: exit status 2")
        self.assertRegex(self.daemons[0].log, "The driver's cleanup .*line=left")


class Stops(CustomCase):
    def test_a_cancel_ends_the_driver_and_runs_after_script(self):
        self.write_program("run", f"trap 'echo got TERM >> {self.record}.term; kill $!; exit 1' TERM\n"
                                  + RUN.replace('bash < "$1" && exit 0', 'bash < "$1" & wait $! && exit 0'))
        self.start_driver()
        job = self.add_job(["echo started", "sleep 300"], after_script=["echo status $CI_JOB_STATUS"])
        self.wait_trace(job, "started\n")
        self.gitlab.cancel(job)
        self.finish(job)
        self.assertEqual(job.status, "canceled")
        self.assertIn("status canceled\n", job.text)
        self.daemons[0].wait_log("(?i)job (succeeded|failed|ended|canceled)")
        self.assertEqual((self.directory / "record.term").read_text(), "got TERM\n")

    def test_a_timeout_kills_a_driver_that_ignores_it(self):
        self.write_program("run", "trap '' TERM\n" + RUN)
        self.start_driver(graceful_kill_timeout=1)
        job = self.run_job(["trap '' TERM", "echo started", "while :; do sleep 1; done"], timeout=3)
        self.assert_failed(job, "job_execution_timeout")
        self.assert_no_processes_of_scripts()

    def test_a_cancel_during_the_preparation_cleans_up(self):
        self.write_program("prepare", PREPARE + f"touch {self.directory}/started\nexec sleep 300\n")
        self.start_driver()
        job = self.add_job("echo never")
        self.wait_started()
        self.gitlab.cancel(job)
        self.finish(job)
        self.assertEqual(job.status, "canceled")
        self.daemons[0].stop()
        self.assertEqual(self.calls(), ["config", "prepare", "cleanup"])
        self.assertFalse(self.room.exists())

    def assert_no_processes_of_scripts(self):
        self.assertEqual([p for p in processes_of(str(self.room)) if "runner" not in p[1]], [])


class Restarts(CustomCase):
    def test_a_script_goes_on_under_the_next_daemon(self):
        daemon = self.start_driver()
        job = self.add_job(["echo started", f"until [ -e {self.directory}/go ]; do sleep 0.1; done", "echo end"],
                           after_script=["echo after $CI_JOB_STATUS"])
        self.wait_trace(job, "started\n")
        daemon.kill()
        self.start(wait=False).wait_log("Took up a job that runs on")
        (self.directory / "go").touch()
        self.finish(job)
        self.assert_success(job)
        self.assertIn("\nend\n", job.text)
        self.assertIn("\nafter success\n", job.text)
        self.assertEqual(self.calls().count("prepare"), 1)
        self.daemons[-1].stop()
        self.assertEqual(self.calls()[-1], "cleanup")
        self.assertFalse(self.room.exists())

    def test_a_job_whose_processes_are_gone_is_cleaned_up(self):
        """As after a restart of the machine."""
        daemon = self.start_driver()
        job = self.add_job(["echo started", "sleep 300"])
        self.wait_trace(job, "started\n")
        daemon.kill()
        for pid, _ in processes_of(str(self.directory)):
            os.kill(pid, signal.SIGKILL)
        self.start()
        self.finish(job)
        self.assert_failed(job, "runner_system_failure")
        self.assertIn("the driver's processes on this machine are gone", job.text)
        self.daemons[-1].stop()
        self.assertEqual(self.calls()[-1], "cleanup")
        self.assertFalse(self.room.exists())

    def test_a_preparation_that_was_cut_off_is_cleaned_up_first(self):
        self.write_program("prepare", f'mkdir "$ROOM" || exit 2\nmkdir "$ROOM/home"\ntouch {self.directory}/started\n'
                                      f'[ -e {self.directory}/go ] || exec sleep 300\n')
        daemon = self.start_driver()
        job = self.add_job("echo end")
        self.wait_started()
        daemon.kill()
        for pid, _ in processes_of(str(self.room)):  # as after a restart of the machine
            os.kill(pid, signal.SIGKILL)
        (self.directory / "go").touch()
        self.start(wait=False)
        self.finish(job)
        self.assert_success(job)
        self.assertEqual(self.calls()[:5], ["config", "prepare", "cleanup", "config", "prepare"])


class Containers(CustomCase):
    """A driver as the public ones for LXD and libvirt are written: a container for each job, a call of its command line
    for each script."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need(engine_answers(), "a Docker engine")
        cls.image = image("debian")
        need(bool(docker("images", "-q", cls.image).strip()), f"the image {cls.image}")

    def test_a_job_in_a_container_of_the_driver(self):
        """With the driver of examples/custom."""
        example = ROOT / "examples" / "custom"
        self.write_config([{"builds_dir": "/builds", "cache_dir": "/cache",
                            "custom": {f"{name}_exec": str(example / name) for name in ("prepare", "run", "cleanup")}}])
        self.start()
        job = self.run_job(["pwd", "echo $FILE_CONTENT", "exit 7"], image={"name": self.image},
                           variables={"GIT_STRATEGY": "none", "FILE_CONTENT": "it's \"here\""})
        self.assert_failed(job, "script_failure", 7)
        self.assertRegex(job.text, r"\n/builds/\S+\n")
        self.assertIn("\nit's \"here\"\n", job.text)
        self.daemons[0].stop()
        self.assertEqual(docker("ps", "-aq", "--filter", f"name=runner-custom-.*-{job.id}$"), "")


if __name__ == "__main__":
    unittest.main()
