"""Jobs in containers: whatever the image has or lacks, and whatever its entrypoint does."""

import json
import re
import threading
import unittest

from tests.system.docker_harness import DockerCase, docker, image


def make_project(case):
    source = case.directory / "source"
    source.mkdir()
    (source / "file.txt").write_text("content\n")
    (source / "tool.sh").write_text("#!/bin/sh\necho from-tool\n")
    (source / "tool.sh").chmod(0o755)
    return case.gitlab.add_project("group/project", str(source))


class Plain(DockerCase):
    images = ("busybox", "dash", "nonroot")

    def test_success(self):
        self.start_docker()
        job = self.run_job(["echo hello in $PWD", "cat /etc/os-release | head -1"],
                           after_script=["echo after $CI_JOB_STATUS"])
        self.assert_success(job)
        self.assertIn("hello in /builds/group/project\n", job.text)
        self.assertIn("Debian", job.text)
        self.assertIn("after success\n", job.text)
        self.assertIn(f"Using Docker executor with image {image('debian')} ...\n", job.text)
        self.assertRegex(job.text, r"Running on runner-\S+-project-42-concurrent-0 via ")
        features = self.gitlab.requests("request")[0].body["info"]["features"]
        self.assertTrue(features["image"])
        self.assertFalse(features["shared"])

    def test_exit_code_and_reason(self):
        self.start_docker()
        job = self.run_job("exit 42")
        self.assert_failed(job, "script_failure", 42)
        self.assertIn("ERROR: Job failed: exit code 42\n", job.text)

    def test_one_container_for_all_stages(self):
        self.start_docker()
        job = self.run_job(["touch /marker", "(sleep 100 & echo $! > /tmp/pid)", "hostname"],
                           after_script=["ls /marker", "kill -0 $(cat /tmp/pid) && echo alive"])
        self.assert_success(job)
        self.assertIn("\n/marker\n", job.text)
        self.assertIn("\nalive\n", job.text)

    def test_image_of_the_job_and_git(self):
        project = make_project(self)
        self.start_docker()
        for name in ("debian", "busybox", "dash", "nonroot"):
            job = self.run_job(["cat file.txt", "./tool.sh", "echo new > made.txt", "cat made.txt",
                                'echo "as $(id -u)"'], project=project, image=image(name))
            self.assert_success(job)
            self.assertIn("\ncontent\n", job.text, name)
            self.assertIn("\nfrom-tool\n", job.text, name)
            self.assertIn("as 1000\n" if name == "nonroot" else "as 0\n", job.text)

    def test_a_script_that_removes_the_supervisors_directory(self):
        self.start_docker()
        for remove in ("rm -rf /.runner-job/*", "rm -rf /.runner-job"):
            job = self.run_job(["mkdir out; echo kept > out/a", remove, "echo went on"],
                               after_script=["echo after"], artifacts={"paths": ["out"]})
            self.assert_success(job)
            self.assertIn("went on\n", job.text)
            self.assertIsNotNone(job.artifact("archive"), job.text)

    def test_fetch_in_a_kept_builds_volume(self):
        project = make_project(self)
        self.start_docker()
        self.run_job("echo x > untracked", project=project)
        job = self.run_job("ls", project=project)
        self.assertNotIn("untracked", job.text.split("$ ls")[1])

    def test_variables_and_secrets(self):
        self.start_docker()
        job = self.add_job(["echo $PUBLIC", "cat $FILE", "echo [$SECRET]", "echo started",
                            "sleep 3", "echo ${#BIG}"],
                           variables={"PUBLIC": "public-value", "BIG": "x" * 100_000,
                                      "FILE": {"value": "file content", "file": True},
                                      "SECRET": {"value": "top-secret-1", "masked": True,
                                                 "public": False}})
        self.wait_trace(job, "started\n")
        for container in self.containers(all=False):
            text = json.dumps(container)
            self.assertNotIn("top-secret-1", text)
            self.assertNotIn(job.token, text)
        self.assert_success(self.finish(job))
        self.assertIn("\npublic-value\n", job.text)
        self.assertIn("file content", job.text)
        self.assertIn("[[MASKED]]\n", job.text)
        self.assertIn("\n100000\n", job.text)

    def test_secrets_are_in_no_process_argument(self):
        self.start_docker()
        job = self.add_job(["echo started", "sleep 4"], variables={
            "SECRET": {"value": "argv-secret-1", "public": False}})
        self.wait_trace(job, "started\n")
        for container in self.containers(all=False):
            self.assertNotIn("argv-secret-1", docker("top", container["Id"], "-eo", "pid,args"))
        self.assert_success(self.finish(job))

    def test_labels_and_names(self):
        self.start_docker()
        job = self.add_job(["echo started", "sleep 3"])
        self.wait_trace(job, "started\n")
        found = self.containers(all=False)
        self.assertEqual(len(found), 1)
        labels = found[0]["Config"]["Labels"]
        prefix = "com.gitlab.gitlab-runner."
        self.assertEqual(labels[prefix + "job.id"], str(job.id))
        self.assertEqual(labels[prefix + "type"], "build")
        self.assertEqual(labels[prefix + "project.id"], "42")
        self.assertRegex(found[0]["Name"],
                         rf"^/runner-{self.short.lower()}-project-42-concurrent-0-[0-9a-f]{{16}}"
                         "-build$")
        self.assert_success(self.finish(job))

    def test_cache_volume_is_kept_between_jobs(self):
        self.start_docker()
        self.assert_success(self.run_job("echo kept > /cache/file"))
        self.assertIn("\nkept\n", self.run_job("cat /cache/file").text)

    def test_settings_reach_the_container(self):
        self.start_docker(memory="256m", cpus="0.5", hostname="myhost", extra_hosts=["a.b:10.9.8.7"],
                          shm_size=8388608, cap_add=["NET_ADMIN"], sysctls={"net.core.somaxconn": "99"})
        job = self.add_job(["hostname", "grep a.b /etc/hosts", "echo started", "sleep 2"])
        self.wait_trace(job, "started\n")
        host = self.containers(all=False)[0]["HostConfig"]
        self.assertEqual((host["Memory"], host["NanoCpus"], host["ShmSize"]),
                         (268435456, 500000000, 8388608))
        self.assertEqual(host["CapAdd"], ["NET_ADMIN"])
        self.assert_success(self.finish(job))
        self.assertIn("\nmyhost\n", job.text)
        self.assertIn("10.9.8.7\ta.b", job.text)

    def test_jobs_beside_each_other(self):
        self.start_docker()
        jobs = [self.add_job(f"sleep 1; echo number {n} $CI_CONCURRENT_ID") for n in range(4)]
        for job in jobs:
            self.assert_success(self.finish(job))


class Entrypoints(DockerCase):
    images = ("entrypoint-exports", "entrypoint-stuck", "entrypoint-exits")

    def test_the_script_sees_what_the_entrypoint_exported(self):
        self.start_docker()
        job = self.run_job(["echo [$PREPARED_BY_ENTRYPOINT]", "prepared-tool"],
                           image=image("entrypoint-exports"), after_script=["prepared-tool"])
        self.assert_success(job)
        self.assertNotIn("[]\n", job.text)

    def test_overridden_by_the_job(self):
        self.start_docker()
        job = self.run_job("echo [$PREPARED_BY_ENTRYPOINT]", image={
            "name": image("entrypoint-exports"), "entrypoint": [""]})
        self.assert_success(job)
        self.assertIn("[]\n", job.text)

    def test_override_can_be_disabled(self):
        self.start_docker(disable_entrypoint_overwrite=True)
        job = self.run_job("echo [$PREPARED_BY_ENTRYPOINT]", image={
            "name": image("entrypoint-exports"), "entrypoint": [""]})
        self.assertIn("Entrypoint override disabled", job.text)
        self.assertNotIn("[]\n", job.text)

    def test_override_can_be_disabled_for_services_too(self):
        self.start_docker(disable_entrypoint_overwrite=True, container_labels={"team": "x"})
        job = self.add_job(["echo started", "sleep 60"], services=[{
            "name": image("busybox"), "entrypoint": ["env"], "command": ["sleep", "1000"]}])
        self.wait_trace(job, "started\n")
        service = next(c for c in self.containers() if c["Config"]["Labels"].get(
            "com.gitlab.gitlab-runner.type") == "service")
        self.assertNotEqual(service["Config"]["Entrypoint"], ["env"])
        labels = service["Config"]["Labels"]
        self.assertEqual([labels["team"], labels["com.gitlab.gitlab-runner.team"]], ["x", "x"])
        self.assertIn("Entrypoint override disabled", job.text)
        self.gitlab.cancel(job)
        self.finish(job)

    def test_an_entrypoint_that_never_runs_its_arguments_is_named(self):
        self.start_docker({"prepare_timeout": "8s"})
        job = self.run_job("echo never", image=image("entrypoint-stuck"), patience=40)
        self.assert_failed(job, "job_execution_timeout")
        self.assertIn("prepare timeout: exceeded timeout of 8s", job.text)
        self.assertRegex(job.text, r"WARNING: The ENTRYPOINT \[.*did not run the command")
        self.assertNotIn("\nnever", job.text)
        job = self.run_job("echo never", image=image("entrypoint-stuck"), timeout=6, patience=40)
        self.assertIn("execution took longer than 6s seconds", job.text)

    def test_a_stop_does_not_wait_for_a_stuck_entrypoint(self):
        daemon = self.start_docker()
        job = self.add_job("echo never", image=image("entrypoint-stuck"))
        self.wait_trace(job, "Preparing environment")
        daemon.stop(timeout=20)
        self.assertEqual(job.status, "failed")
        self.assertNotIn("\nnever", job.text)

    def test_an_entrypoint_that_exits_is_named_with_its_output(self):
        self.start_docker()
        job = self.run_job("echo never", image=image("entrypoint-exits"), patience=120)
        self.assertEqual(job.status, "failed")
        self.assertRegex(job.text, "(?i)entrypoint")
        self.assertNotIn("\nnever", job.text)


class Pulls(DockerCase):
    def test_missing_image(self):
        self.start_docker(pull_policy="never")
        job = self.run_job("true", image="runner-test/no-such-image", patience=90)
        self.assertEqual(job.status, "failed")
        self.assertIn("runner-test/no-such-image", job.text)
        self.assertIn(job.reported_reason, ("runner_system_failure", "runner_configuration_error"))

    def test_dead_registry(self):
        self.start_docker()
        job = self.run_job("true", image="127.0.0.1:1/image:1", patience=90)
        self.assert_failed(job, "runner_external_dependency_failure")
        self.assertIn("127.0.0.1:1/image:1", job.text)
        self.assertRegex(job.text, "(?i)connection refused")

    def test_registry_name_that_does_not_resolve(self):
        self.start_docker()
        job = self.run_job("true", image="nosuch.invalid/image:1", patience=90)
        self.assert_failed(job, "runner_external_dependency_failure")
        self.assertIn("nosuch.invalid", job.text)

    def test_disallowed_image(self):
        self.start_docker(allowed_images=["runner-test/deb*"])
        self.assert_success(self.run_job("true"))
        job = self.run_job("true", image=image("busybox"))
        self.assert_failed(job, "runner_configuration_error")
        self.assertIn(image("busybox"), job.text)
        self.assertIn("runner-test/deb*", job.text)
        self.assertNotIn("Will be retried", job.text)

    def test_disallowed_pull_policy(self):
        self.start_docker(allowed_pull_policies=["if-not-present"])
        job = self.run_job("true", image={"name": image("debian"), "pull_policy": "always"})
        self.assert_failed(job, "runner_configuration_error")

    def test_invalid_reference(self):
        self.start_docker()
        job = self.run_job("true", image="UPPER//case::")
        self.assertEqual(job.status, "failed")
        self.assertIn("UPPER//case::", job.text)

    def test_image_without_a_shell(self):
        tag = f"runner-test/empty-{self.short.lower()}"
        docker("import", "-", tag, input=b"\0" * 10240)
        self.addCleanup(docker, "rmi", "-f", tag, check=False)
        self.start_docker()
        job = self.run_job("true", image=tag, patience=90)
        self.assertEqual(job.status, "failed")
        self.assertRegex(job.text, "(?i)shell|sh")

    def test_unknown_variable_in_the_image_name(self):
        self.start_docker()
        self.assert_success(self.run_job("true", image="runner-test/$NAME",
                                         variables={"NAME": "debian"}))


class Services(DockerCase):
    images = ("busybox",)
    WEB = {"name": image("busybox"), "alias": "web",
           "command": ["sh", "-c", "mkdir -p /www; echo served > /www/x; httpd -f -p 80 -h /www"]}
    FETCH = "for i in 1 2 3 4 5; do wget -q -O- http://web/x && break; sleep 1; done"

    def test_alias(self):
        for network in ({}, {"FF_NETWORK_PER_BUILD": "true"}):
            self.start_docker()
            job = self.run_job(self.FETCH, image=image("busybox"), services=[self.WEB],
                               variables=network)
            self.assert_success(job)
            self.assertIn("\nserved\n", job.text)
            self.daemons[-1].stop()

    def test_service_logs_are_in_the_job_log_on_request(self):
        self.start_docker()
        talker = {"name": image("busybox"), "alias": "db", "variables": {"WORD": "quite-secret"},
                  "command": ["sh", "-c", "echo says $WORD; echo complains >&2; sleep 300"]}
        asked = {"CI_DEBUG_SERVICES": "true", "S": {"value": "quite-secret", "masked": True}}
        job = self.add_job(["echo started", "sleep 300"], services=[talker], variables=asked)
        self.wait_trace(job, "complains")
        self.wait_trace(job, "started\n")
        self.gitlab.cancel(job)
        self.finish(job)
        head = r"\x1b\[0;37m\[service:\S*-db\] \d{4}-\S+Z "
        lines = [line for line in job.trace.decode().splitlines() if "[service:" in line]
        self.assertEqual(len(lines), 2, lines)
        self.assertRegex("\n".join(lines), r" 0fO " + head + r"says \[MASKED\]\x1b\[0;m")
        self.assertRegex("\n".join(lines), r" 0fE " + head + r"complains\x1b\[0;m")
        self.assertTrue(job.debug_trace)
        silent = self.run_job("sleep 1", services=[talker])
        self.assertNotIn("complains", silent.text)

    def test_a_jobs_own_network_has_a_name_for_its_scripts(self):
        self.start_docker()
        job = self.add_job(["echo network=$CI_BUILD_NETWORK_NAME", "sleep 300"],
                           variables={"FF_NETWORK_PER_BUILD": "true"})
        self.wait_trace(job, "network=runner-")
        self.assertEqual([f"network={name}" for name in self.networks()],
                         re.findall("(?m)^network=.*$", job.text))
        self.gitlab.cancel(job)
        self.finish(job)

    def test_a_service_that_dies_is_a_warning_with_its_log(self):
        self.start_docker(wait_for_services_timeout=5)
        job = self.run_job("echo script-ran", services=[{
            "name": image("busybox"), "alias": "db",
            "command": ["sh", "-c", "echo service-says-no >&2; exit 1"]}], timeout=90)
        self.assert_success(job)
        self.assertIn("service-says-no", job.text)
        self.assertIn("probably didn't start properly", job.text)

    def test_disallowed_and_missing_service(self):
        self.start_docker(allowed_services=["other/*"], pull_policy="never")
        job = self.run_job("true", services=[self.WEB])
        self.assert_failed(job, "runner_configuration_error")
        self.assertIn(image("busybox"), job.text)


class Ends(DockerCase):
    def started(self, script=("echo started", "sleep 300"), **spec):
        job = self.add_job(list(script), **{"after_script": ["echo status $CI_JOB_STATUS"], **spec})
        self.wait_trace(job, "started\n")
        return job

    def test_cancel(self):
        self.start_docker()
        job = self.started()
        self.gitlab.cancel(job)
        self.finish(job)
        self.assertEqual(job.status, "canceled")
        self.assertIn("status canceled\n", job.text)
        self.assert_engine_clean()

    def test_forced_cancel(self):
        self.start_docker()
        job = self.started()
        self.gitlab.cancel(job, force=True)
        self.assert_engine_clean(45)

    def test_timeout(self):
        self.start_docker()
        job = self.run_job(["echo started", "sleep 300"], timeout=5)
        self.assert_failed(job, "job_execution_timeout")

    def test_a_script_that_ends_its_own_container(self):
        """The runner was not stopped, so the job's log must not say that it was."""
        self.start_docker()
        job = self.run_job(["echo started; kill 1; sleep 300"])
        self.assert_failed(job, "runner_system_failure")
        # Whether the supervisor's message arrives depends on how fast the engine ends the container.
        self.assertRegex(job.text, "stopped from outside|container ended with exit code")

    def test_container_removed_during_the_script(self):
        self.start_docker()
        job = self.started()
        docker("rm", "-f", self.containers()[0]["Id"])
        self.finish(job)
        self.assert_failed(job, "runner_system_failure")

    def test_a_removed_container_is_made_anew(self):
        self.start_docker()
        job = self.started(["if test -e mark; then echo found; exit 0; fi", "touch mark", "echo started", "sleep 300"],
                           variables={"EXECUTOR_JOB_SECTION_ATTEMPTS": "2"}, after_script=["test -e mark && echo after"])
        docker("rm", "-f", self.containers()[0]["Id"])
        self.assert_success(self.finish(job))
        self.assertRegex(job.text, r'WARNING: Container "[0-9a-f]{64}" not found or removed\. Will retry\.\.\.\n')
        self.assertIn("\nRetrying step_script\n", job.text)
        self.assertIn("\nfound\n", job.text)
        self.assertIn("\nafter\n", job.text)
        self.assert_engine_clean()

    def test_killed_and_started_again(self):
        self.allowed.add("duplicate_bytes")
        daemon = self.start_docker()
        job = self.add_job(["for i in $(seq 1 60); do echo line $i; sleep 0.1; done",
                            "echo the end"], after_script=["echo after"])
        self.wait_trace(job, "line 10\n")
        daemon.kill()
        self.start_again()
        self.assert_success(self.finish(job))
        lines = [line for line in job.text.splitlines() if line.startswith("line ")]
        self.assertEqual(lines, [f"line {i}" for i in range(1, 61)])
        self.assertIn("\nafter\n", job.text)

    def test_ended_while_the_daemon_was_down(self):
        self.allowed.add("duplicate_bytes")
        daemon = self.start_docker()
        job = self.add_job(["echo started", "sleep 2", "echo finished"])
        self.wait_trace(job, "started\n")
        daemon.kill()
        threading.Event().wait(4)  # the script ends meanwhile: that is what is tested
        self.start_again()
        self.assert_success(self.finish(job))
        self.assertIn("\nfinished\n", job.text)

    def test_killed_during_preparation(self):
        self.allowed.add("duplicate_bytes")
        daemon = self.start_docker()
        job = self.add_job("echo script-ran")
        self.gitlab.wait_exchange("update", job=job)
        daemon.kill()
        self.start_again()
        self.finish(job)
        self.assertIn(job.status, ("success", "failed"))

    def test_sigterm_leaves_nothing(self):
        daemon = self.start_docker()
        job = self.started()
        self.assertEqual(daemon.stop(), 0)
        self.assert_failed(job, "runner_interrupted")
        self.assert_engine_clean(0)

    def test_the_next_daemon_removes_leftovers(self):
        daemon = self.start_docker()
        job = self.started()
        daemon.kill()
        self.gitlab.cancel(job, force=True)
        self.start_again()
        self.assert_engine_clean(45)


if __name__ == "__main__":
    unittest.main()
