"""What a server may put into a payload: inputs, CI steps, null in unusual places."""

import unittest

from tests.system.harness import SystemCase


def job_input(key, content, sensitive=False, kind="string"):
    return {"key": key, "value": {"type": kind, "content": content, "sensitive": sensitive}}


class Inputs(SystemCase):
    def setUp(self):
        super().setUp()
        self.start_with()

    def test_values_of_every_type(self):
        job = self.run_job(["echo '${{ job.inputs.name }} ${{job.inputs.count}} ${{ job.inputs.on }}'",
                            "echo '${{ job.inputs.list }}'"], after_script=["echo after ${{ job.inputs.name }}"],
                           inputs=[job_input("name", "bob"), job_input("count", 3, kind="number"),
                                   job_input("on", True, kind="boolean"),
                                   job_input("list", ["a", 1], kind="array")])
        self.assert_success(job)
        self.assertIn('\nbob 3 true\n', job.text)
        self.assertIn('\n["a",1]\n', job.text)
        self.assertIn('\nafter bob\n', job.text)

    def test_operators_and_functions(self):
        job = self.run_job(["echo '${{ job.inputs.on && \"-v\" || \"\" }} ${{ str(job.inputs.count + 1) + \".0\" }}'",
                            "echo '${{ job.inputs.list[0] }} \\${{ kept }}'"],
                           inputs=[job_input("count", 3, kind="number"), job_input("on", True, kind="boolean"),
                                   job_input("list", ["a", 1], kind="array")])
        self.assert_success(job)
        self.assertIn('\n-v 4.0\n', job.text)
        self.assertIn('\na ${{ kept }}\n', job.text)

    def test_a_mistake_names_its_place(self):
        job = self.run_job(["true", "echo ${{ job.inputs.name + 1 }}"], inputs=[job_input("name", "bob")])
        self.assert_failed(job, "runner_configuration_error")
        self.assertIn('job inputs: script, item 2, character 26: "+" is not possible between types string and '
                      'number', job.text)

    def test_inputs_that_nothing_uses(self):
        self.assert_success(self.run_job("true", inputs=[job_input("name", "bob")]))

    def test_an_unknown_and_a_sensitive_one_fail_the_job_as_a_configuration(self):
        for name in ("nobody", "key"):
            job = self.run_job("echo ${{ job.inputs.%s }}" % name, inputs=[job_input("key", "hush", True)])
            self.assert_failed(job, "runner_configuration_error")
            self.assertIn(name, job.text)
            self.assertNotIn("hush", job.text)

    def test_the_flag_switches_it_off(self):
        job = self.run_job("echo '${{ job.inputs.name }}'", inputs=[job_input("name", "bob")],
                           variables={"FF_ENABLE_JOB_INPUTS_INTERPOLATION": "false"})
        self.assert_success(job)
        self.assertIn("\n${{ job.inputs.name }}\n", job.text)

    def test_a_runner_announces_them(self):
        info = self.gitlab.requests("request")[0].body["info"]
        self.assertIs(info["features"]["job_inputs"], True)


class Steps(SystemCase):
    """`run:` for a runner without native steps."""

    STEPS = '[{"name":"hello","script":"echo $HOME"}]'

    def setUp(self):
        super().setUp()
        self.start_with({"pre_build_script": 'step-runner() { echo "called $1 with $STEPS"; }'})

    def test_step_runner_gets_the_steps(self):
        for steps in ([], None, ...):
            job = self.run_job("true", payload={"steps": steps, "run": self.STEPS})
            self.assert_success(job)
            self.assertIn("$ step-runner ci\n", job.text)
            self.assertIn(f"called ci with {self.STEPS}\n", job.text)

    def test_steps_beside_a_script_or_a_variable_fail_the_job(self):
        for spec in ({"payload": {"run": self.STEPS}},
                     {"payload": {"run": self.STEPS, "steps": []}, "variables": {"STEPS": "x"}}):
            job = self.run_job("echo script-ran", **spec)
            self.assert_failed(job, "runner_system_failure", 3)
            self.assertIn("`run:`", job.text)
            self.assertNotIn("\nscript-ran", job.text)


class StepsWithoutStepRunner(SystemCase):
    def test_a_place_without_it_says_so(self):
        self.start_with()
        job = self.run_job("true", payload={"steps": [], "run": Steps.STEPS})
        self.assert_failed(job, "script_failure", 127)
        self.assertIn("The job has CI steps (run:), and there is no program step-runner here.", job.text)
        self.assertNotIn("$ step-runner ci", job.text)


class Nulls(SystemCase):
    def test_a_null_among_lines_is_an_empty_line(self):
        self.start_with()
        step = {"name": "script", "script": ["echo a", None, "echo b"], "timeout": None, "when": None,
                "allow_failure": None}
        job = self.run_job("true", payload={"steps": [step]})
        self.assert_success(job)
        self.assertIn("\na\n\n$ echo b\n", job.text)


if __name__ == "__main__":
    unittest.main()
