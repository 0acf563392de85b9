"""`runner exec`: pipelines of a real git checkout, on this machine."""

import hashlib
import os
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from tests.system.harness import BIN, PATIENCE, Done, Output, _plain, need, processes_of


class ExecCase(unittest.TestCase):
    """A private git checkout; checked at the end: nothing of a job is left on the machine."""

    executor = "shell"
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        need(BIN.exists(), f"the program {BIN}")

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="runner-exec-test-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.repo = self.directory / "repo"
        self.scratch = self.directory / "tmp"
        self.scratch.mkdir()
        self.repo.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.email", "dev@example.com")
        self.git("config", "user.name", "Dev")

    def tearDown(self):
        deadline = time.monotonic() + 5 * PATIENCE
        while (left := processes_of(str(self.directory))) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(left, [], "processes are left over")
        self.assertEqual(list(self.scratch.iterdir()), [], "files are left over")

    def remove_cache_volume(self):
        """Removes the cache volume that `exec` keeps for this checkout on purpose."""
        mark = hashlib.sha256(os.path.realpath(self.repo).encode()).hexdigest()[:16]
        subprocess.run(["docker", "volume", "rm", "runner-exec-cache-" + mark], capture_output=True, check=False)

    def git(self, *arguments):
        return subprocess.run(["git", *arguments], cwd=self.repo, check=True, capture_output=True,
                              text=True).stdout.strip()

    def file(self, name, text):
        path = self.repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def pipeline(self, text, commit=True):
        self.file(".gitlab-ci.yml", text)
        if commit:
            self.git("add", "-A")
            self.git("commit", "-qm", "pipeline")

    def environment(self):
        made = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "LANG": "C.UTF-8",
                "TMPDIR": str(self.scratch)}
        for name in ("DOCKER_HOST", "ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                made[name] = os.environ[name]
        return made

    def words(self, arguments):
        words = [str(BIN), "exec", *arguments]
        return words if "--executor" in arguments else words + ["--executor", self.executor]

    def exec(self, *arguments, timeout=50):
        done = subprocess.run(self.words(arguments), cwd=self.repo, env=self.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=timeout * PATIENCE, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    def states(self, done):
        """Job → state, read from the table at the end of the output."""
        lines = done.stdout.splitlines()
        start = max(i for i, line in enumerate(lines) if line.startswith("Job "))
        place = lines[start].index("State")
        table = lines[start + 1:-1]
        return {line[:lines[start].index("Stage")].strip(): line[place:].split()[0] for line in table}


class OneJob(ExecCase):
    def test_job_inputs_have_their_defaults(self):
        self.pipeline("job: {inputs: {who: {default: you}}, script: 'echo hello ${{ job.inputs.who }}'}\n")
        self.assertIn("\nhello you\n", self.exec("job").stdout)

    def test_the_exit_code_is_the_scripts(self):
        self.pipeline("good: {script: 'true'}\nbad: {script: exit 42}\n")
        self.assertEqual(self.exec("good").code, 0)
        done = self.exec("bad")
        self.assertEqual(done.code, 42, done.text)
        self.assertIn("Job failed: exit status 42", done.stdout)

    def test_the_work_tree_as_it_is(self):
        self.file("kept.txt", "old\n")
        self.file("gone.txt", "x\n")
        self.file(".gitignore", "*.ignored\n")
        self.pipeline("job: {script: [cat kept.txt new.txt, ls, git log --oneline, git status --short]}\n")
        self.file("kept.txt", "changed\n")
        self.file("new.txt", "fresh\n")
        self.file("big.ignored", "x\n")
        (self.repo / "gone.txt").unlink()
        done = self.exec("job")
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("\nchanged\nfresh\n", done.stdout)
        self.assertNotIn("big.ignored", done.stdout)
        self.assertIn(" M kept.txt\n", done.stdout)
        self.assertIn(" D gone.txt\n", done.stdout)
        self.assertIn("?? new.txt\n", done.stdout)
        self.assertIn(" pipeline\n", done.stdout)
        self.assertEqual(self.git("status", "--short"), "D gone.txt\n M kept.txt\n?? new.txt")

    def test_files_of_submodules(self):
        outer, self.repo = self.repo, self.directory / "inner"
        self.repo.mkdir()
        self.git("init", "-q", "-b", "main")
        self.file("known.txt", "x\n")
        self.file(".gitignore", "*.ignored\n")
        self.git("add", "-A")
        self.git("-c", "user.name=Dev", "-c", "user.email=dev@example.com", "commit", "-qm", "inner")
        self.repo = outer
        self.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(self.directory / "inner"), "in")
        self.pipeline("job: {script: [ls -A in, git status --short]}\n")
        self.file("in/new.txt", "fresh\n")
        self.file("in/big.ignored", "x\n")
        self.assertIn("\n.gitignore\nknown.txt\nnew.txt\n$ git status", self.exec("job").stdout)
        linked = self.directory / "linked"
        self.git("worktree", "add", "--quiet", "--detach", str(linked))
        self.repo = linked
        self.assertIn("$ ls -A in\n$ git status --short\n", self.exec("job").stdout)  # never initialised
        self.assertNotIn(" D in", self.exec("job").stdout)

    def test_a_clean_commit(self):
        self.file("a.txt", "first\n")
        self.pipeline("job: {script: [cat a.txt, 'echo ref=$CI_COMMIT_REF_NAME tag=$CI_COMMIT_TAG', git status --short]}\n")
        self.git("tag", "v1")
        self.file("a.txt", "second\n")
        self.git("commit", "-qam", "second")
        self.file("a.txt", "third\n")
        self.assertIn("\nsecond\n", self.exec("job", "--clean").stdout)
        done = self.exec("job", "--commit", "v1")
        self.assertIn("\nfirst\nref=v1 tag=v1\n", done.stdout.replace("$ echo ref=$CI_COMMIT_REF_NAME tag=$CI_COMMIT_TAG\n", ""))
        self.assertIn("\nfirst\n", self.exec("job", "--commit", "HEAD~1").stdout)
        for name in ("HEAD~1", "main^", "HEAD~0"):
            done = self.exec("job", "--commit", name)
            self.assertEqual(done.code, 0, done.text)
            self.assertIn("\nref=main tag=\n", done.stdout)
        done = self.exec("job", "--commit", "refs/tags/v1")
        self.assertIn("\nfirst\n", done.stdout)
        self.assertIn("\nref=v1 tag=v1\n", done.stdout)
        self.git("checkout", "-qf", "HEAD~0")
        done = self.exec("job", "--commit", "HEAD~1")
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("\nref=main tag=\n", done.stdout)
        done = self.exec("job", "--commit", "nowhere")
        self.assertEqual(done.code, 1)
        self.assertIn("--commit nowhere: there is no such branch, tag or commit", done.text)

    def test_predefined_and_given_variables(self):
        self.pipeline("job: {script: 'echo $CI_JOB_NAME $CI_COMMIT_BRANCH $CI_PIPELINE_SOURCE $MINE'}\n")
        done = self.exec("job", "--var", "MINE=given", "--source", "schedule")
        self.assertIn("\njob main schedule given\n", done.stdout)

    def test_the_configuration_and_the_pipelines_name(self):
        self.file("other.yml", "workflow: {name: 'Nightly $CI_COMMIT_BRANCH'}\n"
                               "job: {script: 'echo $CI_CONFIG_PATH, $CI_PIPELINE_NAME'}\n")
        self.assertIn("\nother.yml, Nightly main\n", self.exec("job", "-f", "other.yml").stdout)

    def test_secrets_come_from_a_private_file_and_are_masked(self):
        self.pipeline("job: {script: ['echo \"<$PASSWORD>\" >&2', 'cat \"$KEY\"; echo', 'echo ${#PASSWORD}']}\n")
        (self.directory / "key").write_text("content-of-the-key")
        secrets = self.directory / "secrets"
        secrets.write_text("# mine\nPASSWORD=correct-horse\nKEY=@key\n")
        secrets.chmod(0o644)
        done = self.exec("job", "--variables-file", str(secrets))
        self.assertEqual(done.code, 1)
        self.assertIn(f"chmod 600 {secrets}", done.text)
        secrets.chmod(0o600)
        done = self.exec("job", "--variables-file", str(secrets))
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("<[MASKED]>", done.stdout)
        self.assertIn("\n13\n", done.stdout)
        self.assertNotIn("correct-horse", done.text)
        self.assertNotIn("content-of-the-key", done.text)

    def test_an_unknown_job_and_one_that_rules_left_out(self):
        self.pipeline("build: {script: x}\nship: {script: x, rules: [{if: $CI_COMMIT_TAG}]}\n")
        done = self.exec("biuld")
        self.assertEqual(done.code, 1)
        self.assertIn('there is no job "biuld"; did you mean "build"?', done.text)
        done = self.exec("ship")
        self.assertIn('the job "ship" is not in this pipeline: no rule matched', done.text)

    def test_errors_of_the_file_have_their_place(self):
        self.pipeline("job: {script: x, stage: nowhere}\n")
        done = self.exec()
        self.assertEqual(done.code, 1)
        self.assertIn(".gitlab-ci.yml:1:", done.text)
        self.assertIn("nowhere", done.text)

    def test_outside_of_a_checkout(self):
        self.pipeline("job: {script: x}\n")
        shutil.rmtree(self.repo / ".git")
        done = self.exec()
        self.assertEqual(done.code, 1)
        self.assertIn("is in no git checkout", done.text)

    def test_no_configuration(self):
        done = self.exec()
        self.assertEqual(done.code, 1)
        self.assertIn(".gitlab-ci.yml", done.text)

    def test_log_names_what_only_a_server_can_do(self):
        self.pipeline("job: {script: 'true', id_tokens: {ID: {aud: x}}, artifacts: {reports: {junit: a.xml}}}\n")
        done = self.exec("job")
        self.assertIn("WARNING: id_tokens are signed by GitLab: ID is not set", done.stdout)
        self.assertIn("WARNING: artifacts:reports are evaluated by GitLab only: junit", done.stdout)

    def test_artifacts_of_other_pipelines_are_named(self):
        self.pipeline("job: {script: 'true', needs: [{pipeline: $UP, job: build}, {project: a/b, job: make, ref: main}]}\n")
        done = self.exec("job")
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("WARNING: needs: artifacts of other pipelines are not downloaded here: job build of pipeline "
                      "$UP, job make of project a/b (main)\n", done.stdout)

    def test_text_without_an_end_of_line(self):
        self.pipeline("job: {script: [printf open, echo next]}\n")
        done = self.exec("job")
        self.assertIn("\nopen\n$ echo next\nnext\n", done.stdout)
        self.assertNotIn("\x1b", done.stdout)

    def test_contradicting_flags(self):
        self.pipeline("job: {script: 'true'}\n")
        done = self.exec("job", "--runner", "big")
        self.assertEqual(done.code, 1)
        self.assertIn("say which file with --config FILE", done.text)
        done = self.exec("job", "--variables-file", "/tmp")
        self.assertIn("/tmp is no file", done.text)
        self.assertNotIn("chmod", done.text)
        self.assertIn("`runner pipeline list` tells which there are", self.exec("nope").text)


class Stopping(ExecCase):
    def start(self, *arguments):
        process = subprocess.Popen(self.words(arguments), cwd=self.repo, env=self.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        output = Output(process.stdout)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process, output

    def test_an_interrupt_cancels_and_after_script_runs(self):
        self.pipeline("job: {script: [echo begun, sleep 100], after_script: [echo after $CI_JOB_STATUS]}\n"
                      "never: {stage: deploy, script: echo too-late}\n")
        process, output = self.start()
        output.wait(r"\nbegun|\| begun", 20, lambda: process.poll() is None)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30 * PATIENCE), 130)
        text = output.join()
        self.assertIn("after canceled", text)
        self.assertIn("Stopping: after_script and cleanup have their turn", text)
        self.assertNotIn("| too-late", text)

    def test_an_interrupt_cancels_a_child_that_runs_beside(self):
        self.file("c.yml", "inner: {script: [echo begun, sleep 100], after_script: [echo after $CI_JOB_STATUS]}\n")
        self.pipeline("t: {trigger: {include: c.yml}}\nquick: {script: 'true'}\n")
        process, output = self.start()
        output.wait(r"\| begun", 20, lambda: process.poll() is None)
        output.wait(r"quick +\| success", 20, lambda: process.poll() is None)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30 * PATIENCE), 130)
        text = output.join()
        self.assertIn("after canceled", text)
        self.assertRegex(text, r"t +test +success .*the child pipeline's state is canceled\n")

    def test_a_second_interrupt_leaves_at_once(self):
        self.pipeline("job: {script: [echo begun, sleep 100], after_script: [echo waiting, sleep 100]}\n")
        process, output = self.start("job")
        output.wait("begun\n", 20, lambda: process.poll() is None)
        process.send_signal(signal.SIGINT)
        output.wait("waiting\n", 20, lambda: process.poll() is None)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(5 * PATIENCE), 130)
        text = output.join()
        self.assertIn(f"Left at once. Still there: the jobs' directory {next(self.scratch.iterdir())} and", text)
        self.assertNotIn("docker", text.split("Left at once")[1])
        # The program leaves things behind and says so. This test removes them; the files last, when no process writes.
        deadline = time.monotonic() + 5 * PATIENCE
        while (left := processes_of(str(self.directory))) and time.monotonic() < deadline:
            for pid, _ in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            time.sleep(0.05)  # the end of a foreign process gives no event
        shutil.rmtree(self.scratch)
        self.scratch.mkdir()


class Pipelines(ExecCase):
    def test_stages_needs_failures_and_the_table(self):
        self.pipeline("""
stages: [build, test, ship]
compile: {stage: build, script: echo compiled}
unit: {stage: test, script: exit 3}
style: {stage: test, script: exit 1, allow_failure: true}
early: {stage: ship, needs: [], script: echo early}
deploy: {stage: ship, script: echo deployed}
rescue: {stage: ship, script: echo rescued, when: on_failure}
""")
        done = self.exec()
        self.assertEqual(done.code, 1, done.text)
        self.assertEqual(self.states(done), {"compile": "success", "unit": "failed", "style": "failed",
                                             "early": "success", "deploy": "skipped", "rescue": "success"})
        self.assertIn("compile | compiled\n", done.stdout)
        self.assertIn("exit status 3", done.stdout)
        self.assertTrue(done.stdout.endswith("Pipeline: failed\n"), done.stdout[-200:])

    def test_success_with_an_allowed_failure(self):
        self.pipeline("a: {script: 'true'}\nb: {script: exit 9, allow_failure: {exit_codes: [9]}}\n")
        done = self.exec()
        self.assertEqual(done.code, 0, done.text)
        self.assertRegex(done.stdout, r"\nb +test +failed .*exit status 9 \(allowed to fail\)\n")

    def test_jobs_run_in_parallel(self):
        wait = "touch {0}/$CI_JOB_NAME; for i in $(seq 200); do [ -e {0}/{1} ] && exit 0; sleep 0.05; done; exit 1"
        meeting = self.directory / "meeting"
        meeting.mkdir()
        self.pipeline(f"a: {{script: '{wait.format(meeting, 'b')}'}}\nb: {{script: '{wait.format(meeting, 'a')}'}}\n")
        self.assertEqual(self.exec("--concurrency", "2").code, 0)

    def test_retry(self):
        mark = self.directory / "mark"
        self.pipeline(f"job: {{script: 'test -e {mark} || {{ touch {mark}; exit 1; }}', retry: 1}}\n")
        done = self.exec("job")
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual(done.stdout.count("Getting source from Git repository"), 2)

    def test_manual_jobs_are_played_when_named(self):
        self.pipeline("gate: {stage: build, script: echo gate, rules: [{when: manual}]}\n"
                      "after: {stage: test, script: echo after}\n")
        done = self.exec()
        self.assertEqual((done.code, self.states(done)), (1, {"gate": "manual", "after": "created"}))
        done = self.exec("--manual", "gate")
        self.assertEqual((done.code, self.states(done)), (0, {"gate": "success", "after": "success"}))
        self.assertEqual(self.exec("--manual", "all").code, 0)
        self.assertEqual(self.exec("gate").code, 0, "who names it wants it")
        done = self.exec("--manual", "gaet")
        self.assertEqual(done.code, 1)
        self.assertIn("--manual gaet: there is no such job in this pipeline", done.text)

    def test_needed_jobs_on_request(self):
        self.pipeline("a: {stage: build, script: echo A}\nb: {stage: test, needs: [a], script: echo B}\n"
                      "c: {stage: test, script: echo C}\n")
        self.assertEqual(set(self.states(self.exec("b", "--needs"))), {"a", "b"})
        self.assertNotIn("$ echo A", self.exec("b").stdout)

    def test_delayed_jobs_need_not_be_waited_for(self):
        self.pipeline("late: {script: echo now, when: delayed, start_in: 1 hour}\n")
        self.assertIn("\nnow\n", self.exec("--no-delay").stdout)

    def test_a_child_pipeline(self):
        self.file("child.yml", "inner: {script: 'echo inner $GIVEN $CI_PIPELINE_SOURCE; exit ${CODE:-1}'}\n")
        self.pipeline("child: {trigger: {include: child.yml, strategy: depend}, variables: {GIVEN: down}}\n"
                      "after: {stage: deploy, script: echo after}\n")
        done = self.exec("--var", "CODE=0")
        self.assertEqual(done.code, 1, "pipeline variables are not forwarded by default")
        self.file("child.yml", "inner: {script: 'echo inner $GIVEN $CI_PIPELINE_SOURCE'}\n")
        done = self.exec()
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("inner down parent_pipeline\n", done.stdout)
        self.assertEqual(self.states(done), {"child": "success", "after": "success", "child / inner": "success"})

    def test_a_child_that_waits_blocks_its_bridge(self):
        self.file("c.yml", "m: {script: echo played, rules: [{when: manual}]}\n")
        self.pipeline("t: {trigger: {include: c.yml, strategy: depend}}\n"
                      "after: {stage: deploy, script: echo after}\n")
        done = self.exec()
        self.assertEqual((done.code, self.states(done)), (1, {"t": "manual", "after": "created", "t / m": "manual"}))
        self.assertIn("its child pipeline waits for a manual job", done.stdout)
        self.assertIn("Pipeline: manual", done.stdout)
        done = self.exec("--manual", "m")
        self.assertEqual((done.code, self.states(done)), (0, {"t": "success", "after": "success", "t / m": "success"}))

    def test_without_a_strategy_the_child_runs_in_parallel(self):
        mark = self.directory / "after-was-here"
        self.file("c.yml", f"inner: {{script: 'for i in $(seq 200); do [ -e {mark} ] && exit 3; sleep 0.05; done'}}\n")
        self.pipeline("t: {trigger: {include: c.yml}}\n"
                      f"after: {{stage: deploy, script: touch {mark}}}\n")
        done = self.exec("--concurrency", "2")
        self.assertEqual(self.states(done), {"t": "success", "after": "success", "t / inner": "failed"})
        self.assertEqual(done.code, 0, done.text)
        self.assertRegex(done.stdout, r"\nt +test +success .*the child pipeline's state is failed\n")

    def test_children_are_nested_two_levels_deep(self):
        for n in (1, 2, 3):
            self.file(f"c{n}.yml", f"t{n}: {{trigger: {{include: c{n + 1}.yml, strategy: depend}}}}\n")
        self.pipeline("t: {trigger: {include: c1.yml, strategy: depend}}\n")
        done = self.exec()
        self.assertEqual(self.states(done), dict.fromkeys(["t", "t / t1", "t / t1 / t2"], "failed"))
        self.assertEqual(done.code, 1)
        self.assertIn("child pipelines may be nested two levels deep", done.stdout)

    def test_variables_that_a_bridge_passes_to_its_child(self):
        self.file("c.yml", "inner: {script: ['echo up=$UP j=$J', 'echo ver=$VER given=$GIVEN', "
                           "'echo from $CI_UPSTREAM_PIPELINE_ID $CI_UPSTREAM_PROJECT_ID $CI_UPSTREAM_JOB_ID.']}\n")
        self.pipeline("""
build: {stage: build, script: echo VER=1.2 > e, artifacts: {reports: {dotenv: e}}}
br:
  needs: [build]
  variables: {UP: "v-$VER", J: "$CI_JOB_NAME/$CI_JOB_STAGE/$CI_PIPELINE_ID", GIVEN: file}
  trigger: {include: c.yml, strategy: depend}
all:
  needs: [build]
  variables: {GIVEN: file}
  trigger: {include: c.yml, strategy: depend, forward: {pipeline_variables: true}}
""")
        done = self.exec("--var", "GIVEN=line")
        self.assertEqual(done.code, 0, done.text)
        self.assertRegex(done.stdout, r"br / inner +\| up=v-1\.2 j=br/test/\d+\n")
        self.assertRegex(done.stdout, r"br / inner +\| ver= given=file\n")
        self.assertRegex(done.stdout, r"all / inner +\| ver=1\.2 given=line\n")
        self.assertRegex(done.stdout, r"from \d+ \d+ \d+\.\n")

    def test_a_manual_job_of_one_child(self):
        self.file("c.yml", "m: {script: echo played, when: manual}\n")
        self.pipeline("t: {trigger: {include: c.yml, strategy: depend}}\n"
                      "u: {trigger: {include: c.yml, strategy: depend}}\n")
        done = self.exec("--manual", "t / m")
        self.assertEqual(self.states(done), {"t": "success", "u": "success", "t / m": "success", "u / m": "manual"})
        self.assertEqual(done.code, 0, done.text)
        done = self.exec("--manual", "x / m")
        self.assertIn("--manual x / m: there is no such job in this pipeline", done.text)
        self.assertEqual(done.code, 1)
        done = self.exec("--manual", "t / nope")
        self.assertIn("--manual t / nope: no pipeline of this call has such a job", done.text)
        self.assertEqual(done.code, 1)

    def test_a_named_job_that_waits_for_a_manual_one(self):
        self.pipeline("gate: {stage: build, script: echo gate, when: manual}\n"
                      "after: {needs: [gate], script: echo after}\n")
        done = self.exec("after", "--needs")
        self.assertEqual(self.states(done), {"gate": "manual", "after": "skipped"})
        self.assertEqual(done.code, 1)
        self.assertIn('after did not run: it waits for a manual job. --manual "gate" plays it', done.stdout)
        self.assertEqual(self.exec("after", "--needs", "--manual", "gate").code, 0)

    def test_a_resource_group_named_by_the_branch(self):
        taken = self.directory / "taken"
        script = f"mkdir {taken}; sleep 0.5; rmdir {taken}"
        self.pipeline(f"a: {{script: '{script}', resource_group: $CI_COMMIT_BRANCH}}\n"
                      f"b: {{script: '{script}', resource_group: main}}\n")
        self.assertEqual(self.exec("--concurrency", "2").code, 0)

    def test_a_resource_group_of_parent_and_child(self):
        taken = self.directory / "taken"
        script = f"mkdir {taken}; sleep 0.5; rmdir {taken}"
        self.file("child.yml", f"inner: {{script: '{script}', resource_group: one}}\n")
        self.pipeline(f"beside: {{script: '{script}', resource_group: one}}\n"
                      "child: {trigger: {include: child.yml, strategy: depend}}\n"
                      "own: {resource_group: one, trigger: {include: child.yml, strategy: depend}}\n")
        done = self.exec("--concurrency", "4")
        self.assertEqual(done.code, 0, done.stdout)
        self.assertEqual(set(self.states(done).values()), {"success"})

    def test_another_projects_pipeline_is_named_and_skipped(self):
        self.pipeline("down: {trigger: group/project}\nafter: {stage: deploy, script: echo after}\n")
        done = self.exec()
        self.assertEqual(self.states(done), {"down": "skipped", "after": "success"})
        self.assertIn("starts a pipeline of another project", done.stdout)


class OnATerminal(ExecCase):
    def exec_in_terminal(self, answers, *arguments, timeout=40):
        """`answers`: pairs of the text to wait for and the text to type."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.repo)
            words = self.words(arguments)
            os.execve(words[0], words, self.environment())
        text, answers = "", list(answers)
        deadline = time.monotonic() + timeout * PATIENCE
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 0.5)[0]:
                continue
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            text += piece.decode("utf-8", "replace")
            if answers and answers[0][0] in text:
                os.write(terminal, answers.pop(0)[1].encode())
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        return os.waitstatus_to_exitcode(status), text

    def test_manual_jobs_are_asked_for(self):
        self.pipeline("gate: {stage: build, script: echo gate, rules: [{when: manual}]}\n"
                      "other: {stage: build, script: echo other, when: manual, manual_confirmation: 'Really?'}\n"
                      "after: {stage: test, script: echo after}\n")
        code, text = self.exec_in_terminal([("Which to play?", "1\n"), ("2  other", ""), ("1  other", "\n")])
        self.assertEqual(code, 0, text)
        self.assertIn("| ", text)
        self.assertIn("2  other  (build)  Really?", text)
        self.assertRegex(_plain(text), r"after +test +success")
        self.assertRegex(_plain(text), r"other +build +manual")

    def test_a_child_asks_for_its_own_manual_jobs(self):
        self.file("c.yml", "m: {script: echo played, rules: [{when: manual}]}\n")
        self.pipeline("t: {trigger: {include: c.yml, strategy: depend}}\n"
                      "after: {stage: deploy, script: echo after}\n")
        code, text = self.exec_in_terminal([("1  t / m", "1\n")])
        self.assertEqual(code, 0, text)
        self.assertRegex(_plain(text), r"after +deploy +success")
        code, text = self.exec_in_terminal([("1  t / m", "\n")])
        self.assertEqual(code, 1, text)
        self.assertEqual(text.count("Which to play?"), 1, text)
        self.assertRegex(_plain(text), r"after +deploy +created")

    def test_a_live_line_per_job(self):
        self.pipeline("slow: {script: sleep 1}\nquick: {script: 'true'}\n")
        code, text = self.exec_in_terminal([])
        self.assertEqual(code, 0, text)
        self.assertRegex(_plain(text), r"running +slow +test +\d+\.\ds +\w+")
        self.assertIn("\x1b[J", text)

    def test_a_shell_where_the_job_failed(self):
        self.pipeline("job: {script: [echo left > trace.txt, exit 7]}\n")
        code, text = self.exec_in_terminal([("this is a shell in its place", "cat trace.txt; exit\n")],
                                           "job", "--shell")
        self.assertEqual(code, 7, text)
        self.assertIn("left\r\n", text)

    def test_the_shell_has_the_jobs_variables(self):
        self.pipeline("job: {variables: {MINE: own}, script: exit 7}\n")
        code, text = self.exec_in_terminal(
            [("this is a shell in its place", "echo is=$CI_JOB_NAME=$MINE; cd / && cd $CI_PROJECT_DIR && ls -a; exit\n")],
            "job", "--shell")
        self.assertEqual(code, 7, text)
        self.assertIn("is=job=own\r\n", text)
        self.assertIn(".gitlab-ci.yml", text)

    def test_a_wrong_answer_is_asked_again(self):
        self.pipeline("gate: {stage: build, script: echo gate, rules: [{when: manual}]}\n"
                      "after: {stage: test, script: echo after}\n")
        code, text = self.exec_in_terminal([("Which to play?", "9\n"), ('"9" is none of them', "y\n"),
                                            ('"y" is none of them', "1\n")])
        self.assertEqual(code, 0, text)
        self.assertRegex(_plain(text), r"after +test +success")


def images():
    shown = subprocess.run(["docker", "images", "--format", "{{.Repository}}"], capture_output=True,
                           text=True, check=False)
    return shown.stdout.split() if shown.returncode == 0 else []


@unittest.skipUnless(shutil.which("docker"), "the docker client is missing")
class InContainers(ExecCase):
    executor = "docker"

    def setUp(self):
        super().setUp()
        need("runner-test/debian" in images(), "the image runner-test/debian")
        self.addCleanup(self.remove_cache_volume)

    def tearDown(self):
        super().tearDown()
        left = subprocess.run(["docker", "ps", "-aq", "--filter",
                               "label=com.gitlab.gitlab-runner.runner.system_id=local", "--filter",
                               "label=com.gitlab.gitlab-runner.job.ref=" + self.ref], check=True,
                              capture_output=True, text=True).stdout
        self.assertEqual(left, "", "containers are left over")

    @property
    def ref(self):
        return "test-" + self.directory.name

    def pipeline(self, text, commit=True):
        super().pipeline(text, commit)
        self.git("checkout", "-q", "-b", self.ref)

    def test_a_job_with_the_work_tree_and_history(self):
        self.pipeline("job: {image: runner-test/debian, script: [cat new.txt, git log --oneline, exit 5]}\n")
        self.file("new.txt", "fresh\n")
        done = self.exec("job")
        self.assertEqual(done.code, 5, done.text)
        self.assertIn("\nfresh\n", done.stdout)
        self.assertIn(" pipeline\n", done.stdout)

    def test_images_without_git_and_with_another_user(self):
        self.pipeline("a: {image: runner-test/busybox, script: [cat new.txt]}\n"
                      "b: {image: runner-test/nonroot, script: [cat new.txt, touch mine, git log --oneline]}\n")
        self.file("new.txt", "fresh\n")
        done = self.exec()
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual(done.stdout.count("| fresh\n"), 2)

    def test_a_job_without_image(self):
        self.pipeline("job: {script: echo here}\n")
        done = self.exec("job")
        self.assertEqual(done.code, 1)
        self.assertIn('the job "job" names no image', done.text)
        self.assertEqual(self.exec("job", "--image", "runner-test/debian").code, 0)

    def test_a_pull_policy_of_the_job(self):
        self.pipeline("job: {image: {name: runner-test/debian, pull_policy: never}, script: echo here}\n")
        done = self.exec("job")
        self.assertEqual(done.code, 0, done.text)

    def test_an_interrupt_removes_the_container(self):
        self.pipeline("job: {image: runner-test/debian, script: [echo begun, sleep 100], after_script: [echo after]}\n")
        process = subprocess.Popen(self.words(["job"]), cwd=self.repo, env=self.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output = Output(process.stdout)
        output.wait("begun\n", 40, lambda: process.poll() is None)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(40 * PATIENCE), 130)
        self.assertIn("\nafter\n", output.join())


if __name__ == "__main__":
    unittest.main()
