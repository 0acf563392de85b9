"""Jobs that are too large, or of which the daemon dies: each fails with its reason, and others go on."""

import json
import os
import unittest

from tests.system.docker_harness import DockerCase, image
from tests.system.harness import SystemCase, processes_of

MIB = 1 << 20


class Sizes(SystemCase):
    def setUp(self):
        super().setUp()
        self.start_with()

    def test_variables_that_multiply(self):
        job = self.run_job("echo script-ran", variables={"A": "a" * 100_000, "B": "$A" * 20_000})
        self.assert_failed(job, "script_failure")
        self.assertIn("look at the value of B", job.text)
        self.assertNotIn("\nscript-ran", job.text)
        self.assert_success(self.run_job("true"))

    def test_references_without_end(self):
        self.assert_success(self.run_job("true", variables={"A": "${" * 3_000_000}))

    def test_a_variable_that_no_program_can_have(self):
        job = self.run_job("echo script-ran", variables={"BIG": "x" * 131_068})
        self.assert_failed(job, "script_failure")
        self.assertIn("the variable BIG (131068 bytes)", job.text)
        self.assertIn("type File", job.text)
        job = self.run_job("env | grep -c ^BIG=; wc -c < $FILE",
                           variables={"BIG": "x" * 131_067,
                                      "FILE": {"value": "y" * 3 * MIB, "file": True}})
        self.assert_success(job)
        self.assertRegex(job.text, r"\n1\n\s*%d\n" % (3 * MIB))

    def test_a_payload_of_more_than_8_mib(self):
        job = self.run_job("echo script-ran", payload={"x": "x" * 9 * MIB})
        self.assert_failed(job, "runner_system_failure")
        self.assertIn("more than 8 MiB", job.text)
        self.assert_success(self.run_job("true"))

    def test_a_timeout_longer_than_the_clock(self):
        self.assert_success(self.run_job("true", payload={"runner_info": {"timeout": 10**18}}))

    def test_names_that_no_program_can_get(self):
        outside = os.path.join(str(self.directory), "x")
        job = self.run_job(["echo script-ran", "env"], payload=lambda payload: payload["variables"].extend(
            [{"key": "", "value": "empty"}, {"key": "a-b", "value": "odd"},
             {"key": "../" * 20 + outside, "value": "outside", "file": True}]))
        self.assert_success(job)
        self.assertIn("\nscript-ran\n", job.text)
        self.assertIn("left out", job.text)
        self.assertEqual(job.text.count("a-b\n"), 1)
        self.assertFalse(os.path.exists(outside))


class Takeovers(SystemCase):
    def test_a_job_that_daemons_died_of_is_reported_and_ended(self):
        self.allowed.add("duplicate_bytes")
        daemon = self.start_with()
        job = self.add_job(["echo started", "sleep 300"])
        self.wait_trace(job, "started\n")
        daemon.kill()
        (checkpoint,) = self.directory.glob("**/jobs/*/checkpoint.json")
        state = json.loads(checkpoint.read_text())
        state["takeovers"] = 5
        checkpoint.write_text(json.dumps(state))
        self.start()
        self.finish(job)
        self.assert_failed(job, "runner_system_failure")
        self.assertIn("the runner died 5 times", job.text)
        self.assertIn("started\n", job.text)
        self.gitlab.wait(lambda: not checkpoint.parent.exists(), 20, "the journal is empty")
        self.assertEqual([p for p in processes_of(str(self.directory)) if "sleep 300" in p[1]], [])
        self.assert_success(self.run_job("true"))


class Names(DockerCase):
    def test_variables_inside_of_variables(self):
        registry, name = image(self.image_name).split("/")
        self.start_docker({"environment": [f"REGISTRY={registry}", "SLOT=slot-$CI_CONCURRENT_ID"]})
        job = self.run_job(["echo user $(id -u)", "pwd", "env | grep ^CHAIN"],
                           image={"name": "$IMG", "executor_opts": {"docker": {"user": "$ACCOUNT"}}},
                           variables={"IMG": f"$REGISTRY/{name}", "ACCOUNT": "$NUMBER", "NUMBER": "0",
                                      "GIT_CLONE_PATH": "$WHERE/p", "WHERE": "$CI_BUILDS_DIR/$SLOT",
                                      "CHAIN": "<$IMG $SLOT>"},
                           cache={"key": "k-$SLOT", "paths": ["x"]})
        self.assert_success(job)
        self.assertIn("\nuser 0\n", job.text)
        self.assertIn("\n/builds/slot-0/p\n", job.text)
        self.assertIn(f"\nCHAIN=<$REGISTRY/{name} slot-$CI_CONCURRENT_ID>\n", job.text)
        self.assertIn("Checking cache for k-slot-0", job.text)

    def test_a_name_that_multiplies(self):
        self.start_docker()
        large = "$A" * 20_000
        for spec, field in (({"image": large}, "CI_JOB_IMAGE"), ({"services": [large]}, "services: "),
                            ({"cache": {"key": large, "paths": ["x"]}}, "cache:key: ")):
            job = self.run_job("echo script-ran", variables={"A": "a" * 100_000}, **spec)
            self.assert_failed(job, "script_failure")
            self.assertIn(field, job.text)
        self.assert_success(self.run_job("true"))

    def test_services_see_variables_of_each_other(self):
        self.start_docker({"docker": self.docker_settings(services=[
            {"name": image(self.image_name), "environment": ["URL=$HOST:1", "HOST=db-$SLOT"],
             "command": ["sh", "-c", "echo configured $URL"]}]), "environment": ["SLOT=$CI_CONCURRENT_ID"]})
        job = self.run_job("sleep 3", variables={"CI_DEBUG_SERVICES": "true"}, services=[
            {"name": image(self.image_name), "variables": {"B": "$A/$SLOT", "A": "a"},
             "command": ["sh", "-c", "echo declared $B"]}])
        self.assert_success(job)
        self.assertIn("configured db-0:1", job.text)
        self.assertIn("declared a/0", job.text)

    def test_a_variable_that_no_program_can_have(self):
        self.start_docker()
        job = self.run_job("echo script-ran", variables={"BIG": "x" * 131_068})
        self.assert_failed(job, "script_failure")
        self.assertIn("the variable BIG (131068 bytes)", job.text)


if __name__ == "__main__":
    unittest.main()
