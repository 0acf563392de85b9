"""Jobs on the shell executor: scripts, variables, sources, exit codes."""

import re
import subprocess
import time
import unittest
from pathlib import Path

from tests.support.gitlab import sections
from tests.system.harness import PATIENCE, SystemCase


class Scripts(SystemCase):
    def setUp(self):
        super().setUp()
        self.start_with()

    def test_success(self):
        job = self.run_job(["echo hello", "echo to stderr >&2"])
        self.assert_success(job)
        self.assertIn("\n$ echo hello\nhello\n", job.text)
        self.assertIn("to stderr\n", job.text)
        self.assertTrue(job.text.endswith("Job succeeded\n"), job.text)
        states = [update["state"] for update in job.updates]
        self.assertEqual((states[0], states[-1]), ("running", "success"))
        self.assertNotIn("exit_code", job.updates[-1])
        self.assertNotIn("failure_reason", job.updates[-1])

    def test_head_of_the_log(self):
        job = self.run_job("true")
        self.assertRegex(job.text, r"\ARunning with gitlab-runner \d+\.\d+\.\d+ \([0-9a-f]+\).*\n"
                                   r"  on test \S{9}, system ID: [sr]_\w{12}\n")
        self.assertIn('\nResolving secrets\nPreparing the "shell" executor\n', job.text)
        self.assertIn("Preparing environment\n", job.text)
        self.assertIn("Getting source from Git repository\n", job.text)
        self.assertIn('Executing "step_script" stage of the job script\n', job.text)

    def test_no_secrets_section_without_secrets(self):
        job = self.run_job("true", payload={"secrets": ...})
        self.assert_success(job)
        self.assertNotIn("secrets", job.text)

    def test_exit_code(self):
        job = self.run_job(["echo before", "(exit 42)", "echo never"])
        self.assert_failed(job, "script_failure", 42)
        self.assertNotIn("\nnever", job.text)
        self.assertRegex(job.text, r"ERROR: Job failed: exit (code|status) 42\n+\Z")

    def test_git_asks_nobody_for_a_password(self):
        # Another host name than GitLab's: no login is known for it.
        address = self.gitlab.url.replace("127.0.0.1", "localhost") + "/group/project.git"
        job = self.run_job("true", payload={"git_info": {"repo_url": address}, "variables": [
            {"key": "GIT_TERMINAL_PROMPT", "value": "1", "public": True}]})
        self.assertEqual(job.status, "failed", job.text)
        self.assertIn(f"could not read Username for '{address.removesuffix('/group/project.git')}': terminal prompts disabled", job.text)

    def test_exit_in_the_shell_itself_and_unknown_command(self):
        self.assert_failed(self.run_job("exit 3"), "script_failure", 3)
        self.assert_failed(self.run_job("no-such-command-here"), "script_failure", 127)

    def test_killed_by_a_signal(self):
        job = self.run_job("kill -9 $$ $BASHPID")
        self.assertEqual(job.reported_reason, "script_failure")
        self.assertRegex(job.text, r"ERROR: Job failed: signal: killed\n+\Z")

    def test_the_daemons_log_has_the_lines_that_people_search(self):
        job = self.run_job("true")
        log = self.daemons[0]
        self.assertRegex(log.log, r"Configuration loaded .*concurrent=4")
        log.wait_log(rf"Checking for jobs\.\.\. received .*job={job.id} .*repo_url=")
        log.wait_log(rf"Submitting job to coordinator\.\.\.ok .*job={job.id} .*code=200 job-status=")
        log.wait_log(rf"Job succeeded .*job={job.id} .*duration_s=")

    def test_pipefail_and_errexit(self):
        self.assert_failed(self.run_job("false | cat"), "script_failure", 1)
        self.assert_failed(self.run_job(["false", "true"]), "script_failure", 1)

    def test_syntax_error(self):
        job = self.run_job(["echo before", "if then"])
        self.assert_failed(job, "script_failure", 2)

    def test_one_shell_for_before_script_and_script(self):
        job = self.run_job(["echo $A in $PWD", "cat <<END", "two", "END"],
                           before_script=["A=kept", "cd /tmp"])
        self.assert_success(job)
        self.assertIn("kept in /tmp\n", job.text)
        self.assertIn("\ntwo\n", job.text)

    def test_multi_line_command(self):
        job = self.run_job("if true; then\n  echo multi\nfi")
        self.assert_success(job)
        self.assertIn("$ if true; then # collapsed multi-line command\nmulti\n", job.text)

    def test_stdin_is_empty(self):
        job = self.run_job(["cat", "read x || echo end of input"])
        self.assert_success(job)
        self.assertIn("\nend of input\n", job.text)

    def test_after_script(self):
        job = self.run_job(["A=lost", "cd /tmp"],
                           after_script=["echo status $CI_JOB_STATUS [$A]", "pwd"])
        self.assert_success(job)
        self.assertIn("Running after_script\n", job.text)
        self.assertIn("status success []\n", job.text)
        self.assertNotIn("\n/tmp\n", job.text)

    def test_after_script_of_a_failed_job(self):
        job = self.run_job("exit 7", after_script=["echo status $CI_JOB_STATUS", "exit 9"])
        self.assert_failed(job, "script_failure", 7)
        self.assertIn("status failed\n", job.text)

    def test_a_failing_after_script_is_ignored_unless_asked(self):
        job = self.run_job("true", after_script=["exit 9"])
        self.assert_success(job)
        self.assertIn("after_script failed", job.text)
        job = self.run_job("true", after_script=["exit 9"],
                           variables={"AFTER_SCRIPT_IGNORE_ERRORS": "false"})
        self.assertEqual((job.status, job.exit_code), ("failed", 9))

    def test_a_signal_that_ends_the_script(self):
        job = self.run_job("kill -9 $$")
        self.assertEqual((job.updates[-1]["failure_reason"], job.updates[-1]["exit_code"]), ("script_failure", -1))
        self.assertIn("ERROR: Job failed: signal: killed", job.text)

    def test_sh_is_used_although_bash_exists(self):
        self.daemons[0].stop()
        self.start_with({"shell": "sh"})
        job = self.run_job("readlink /proc/$$/exe")
        self.assert_success(job)
        self.assertIn("Using Shell (sh) executor...", job.text)
        self.assertNotIn("/bash\n", job.text)

    def test_wrong_settings_are_told_before_the_job_begins(self):
        job = self.run_job("true", variables={"CI_DEBUG_TRACE": "bogus", "GIT_CHECKOUT": "maybe",
                                              "GET_SOURCES_ATTEMPTS": "abc", "GIT_STRATEGY": "bogus",
                                              "AFTER_SCRIPT_IGNORE_ERRORS": "perhaps"})
        head = job.text[:job.text.index("Preparing the \"shell\" executor")]
        for told in ('CI_DEBUG_TRACE: expected bool got "bogus", using default value: false',
                     'GIT_CHECKOUT: expected bool got "maybe", using default value: true',
                     'GET_SOURCES_ATTEMPTS: expected int got "abc", using default value: 1',
                     "GIT_STRATEGY: expected either 'clone', 'fetch', 'none' or 'empty' got \"bogus\"",
                     'AFTER_SCRIPT_IGNORE_ERRORS: expected bool got "perhaps"'):
            self.assertIn("WARNING: " + told, head)
            self.assertEqual(job.text.count(told), 1)

    def test_background_processes_are_gone_at_the_end(self):
        job = self.run_job(["sleep 3017 & echo $! > pid", "(setsid sleep 3018 &)",
                            "nohup sleep 3019 >/dev/null 2>&1 &", "echo started"])
        self.assert_success(job)
        self.assert_no_sleepers()

    def assert_no_sleepers(self):
        """The server has the result before the job is cleaned up, and the end of the cleanup gives no event."""
        deadline = time.monotonic() + 10 * PATIENCE
        while (found := self.sleepers()) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(found, "")

    @staticmethod
    def sleepers():
        return subprocess.run(["pgrep", "-fx", "sleep 301[789]"], capture_output=True, text=True).stdout

    def test_a_background_process_that_keeps_the_output_open_does_not_hang_the_job(self):
        self.assert_success(self.run_job(["sleep 300 &", "echo started"], patience=20))

    def test_large_script_and_long_line(self):
        job = self.run_job([": " + "x" * 100_000, "printf '%050000d\\n' 7"])
        self.assert_success(job)
        self.assertIn("0" * 49_999 + "7\n", job.text)

    def test_bytes_that_are_no_utf8(self):
        job = self.run_job(r"printf 'a\377b\303\050c \342\202\254\n'")
        self.assert_success(job)
        self.assertIn("a\ufffdb\ufffd(c €\n", job.text)

    def test_steps_in_order_until_one_fails(self):
        steps = [{"name": name, "script": [f"echo in-{name}"], "timeout": 60,
                  "when": "on_success", "allow_failure": False} for name in ("script", "release")]
        job = self.run_job("", steps=steps)
        self.assert_success(job)
        self.assertLess(job.text.index("\nin-script"), job.text.index("\nin-release"))
        self.assertIn("step_release", [s.name for s in sections(job.trace)])
        steps[0]["script"] = ["exit 4"]
        job = self.run_job("", steps=steps)
        self.assert_failed(job, "script_failure", 4)
        self.assertNotIn("in-release", job.text)


class Profiles(SystemCase):
    def test_they_are_read_once_and_every_script_sees_what_they_set(self):
        """The daemon's user has this home, so its jobs have it, too."""
        count = self.directory / "count"
        (self.directory / ".bash_profile").write_text(
            f"echo read >> {count}\necho from the profile\nexport EXPORTED=1\nplain=2\n"
            "greet() { echo \"hello $1\"; }\nalias say='echo said'\nshopt -s expand_aliases\n")
        self.start_with()
        commands = ["echo $EXPORTED$plain", "greet you", "say so"]
        job = self.run_job(commands, after_script=commands)
        self.assert_success(job)
        self.assertEqual(count.read_text(), "read\n")
        self.assertEqual(job.text.count("\nhello you\n"), 2, job.text)
        self.assertEqual(job.text.count("\nsaid so\n"), 2, job.text)
        self.assertEqual(job.text.count("\n12\n"), 2, job.text)
        self.assertEqual(job.text.count("\nfrom the profile\n"), 1, job.text)


class Variables(SystemCase):
    def setUp(self):
        super().setUp()
        self.start_with({"environment": ["FROM_CONFIG=config", "SHADOWED=config"]})

    def value(self, expression, **spec):
        job = self.run_job(f'echo "<{expression}>"', **spec)
        self.assert_success(job)
        return re.search(r"\n<(.*)>\n", job.text)[1]

    def test_predefined(self):
        job = self.run_job(["echo 1:$CI_JOB_ID:$CI_SERVER:$CI_JOB_STATUS:$CI_JOB_TIMEOUT",
                            "echo 2:$CI_SHARED_ENVIRONMENT:$CI_CONCURRENT_ID:"
                            "$CI_CONCURRENT_PROJECT_ID:$CI_RUNNER_SHORT_TOKEN:$FF_TIMESTAMPS",
                            "echo 3:$PWD:$CI_PROJECT_DIR:$CI_BUILDS_DIR"], timeout=1234)
        short = self.gitlab.runners[0].token.removeprefix("glrt-t1_")[:9]
        self.assertIn(f"\n1:{job.id}:yes:running:1234\n", job.text)
        self.assertIn(f"\n2:true:0:0:{short}:true\n", job.text)
        builds = self.work / "builds"
        directory = f"{builds}/{short}/0/group/project"
        self.assertIn(f"\n3:{directory}:{directory}:{builds}\n", job.text)

    def test_order_of_precedence(self):
        job = self.run_job(["echo <$FROM_CONFIG-$SHADOWED>".replace("<", "'['").replace(
            ">", "']'")], variables={"SHADOWED": "job"})
        self.assertIn("[config-job]\n", job.text)
        duplicate = [{"key": "D", "value": "1", "public": True},
                     {"key": "D", "value": "2", "public": True}]
        self.assertEqual(self.value("$D", variables=duplicate), "2")

    def test_expansion_is_one_pass_and_raw_is_not_expanded(self):
        variables = {"A": "${B}-$B-$NONE-$$B", "B": "$C", "C": "c",
                     "R": {"value": "$C", "raw": True}, "S": "$R"}
        self.assertEqual(self.value("$A", variables=variables), "$C-$C--$B")
        self.assertEqual(self.value("$R", variables=variables), "$C")
        self.assertEqual(self.value("$S", variables=variables), "$C")

    def test_awkward_values_arrive_as_they_are(self):
        value = "a b;c'd\"e`f\\g$(h)|&<>*?[]{}~#!%\tend"
        variables = {"X": {"value": value, "raw": True},
                     "N": {"value": "one\ntwo\n", "raw": True}}
        job = self.run_job(['printf "<%s>\\n" "$X"', 'printf "[%s]\\n" "$N"'], variables=variables)
        self.assertIn(f"<{value}>\n", job.text)
        self.assertIn("[one\ntwo\n]\n", job.text)

    def test_file_variable(self):
        job = self.run_job(['echo "path $F"', 'cat "$F"', 'stat -c "mode %a" "$F"', 'echo "ref $G"'],
                           variables={"F": {"value": "line\nno newline", "file": True},
                                      "G": "$F"})
        self.assert_success(job)
        path = re.search(r"\npath (.+\.tmp/F)\n", job.text)[1]
        self.assertIn(f"ref {path}\n", job.text)
        self.assertIn("line\nno newline", job.text)
        self.assertFalse(Path(path).exists(), "the file is still there after the job")

    def test_gitlab_env_carries_over(self):
        job = self.run_job('echo "CARRIED=over" >> "$GITLAB_ENV"',
                           after_script=['echo "[$CARRIED]"'])
        self.assertIn("[over]\n", job.text)

    def test_large_variable(self):
        job = self.run_job("echo ${#BIG}", variables={"BIG": "x" * 100_000})
        self.assertIn("\n100000\n", job.text)

    def test_secrets_are_in_no_argument_list(self):
        job = self.add_job("for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline 2>/dev/null; echo; "
                           "done | grep -c 'se[c]ret-val' || true",
                           variables={"SECRET": {"value": "secret-value-1", "public": False}})
        self.assertRegex(self.finish(job).text, r"\n0\n")


class Sources(SystemCase):
    def setUp(self):
        super().setUp()
        source = self.directory / "source"
        source.mkdir()
        (source / "file.txt").write_text("first\n")
        self.git(source, "init", "-q", "-b", "main")
        self.commit(source, "first")
        self.sha1 = self.git(source, "rev-parse", "HEAD").strip()
        (source / "file.txt").write_text("second\n")
        self.commit(source, "second")
        self.git(source, "tag", "v1")
        self.project = self.gitlab.add_project("group/demo", str(source))
        self.start_with()

    def git(self, where, *words):
        return subprocess.run(["git", "-C", str(where), "-c", "user.name=t", "-c",
                               "user.email=t@example.com", *words], check=True,
                              capture_output=True, text=True).stdout

    def commit(self, where, message):
        self.git(where, "add", ".")
        self.git(where, "commit", "-q", "-m", message)

    def test_checkout(self):
        job = self.run_job(["cat file.txt", "git rev-parse HEAD", "git status --short"],
                           project=self.project)
        self.assert_success(job)
        self.assertIn("\nsecond\n", job.text)
        self.assertRegex(job.text, r"Checking out [0-9a-f]{8} as detached HEAD \(ref is main\)")
        self.assertIn("Fetching changes with git depth set to 20...\n", job.text)

    def test_exact_sha(self):
        job = self.run_job(["cat file.txt", "git rev-parse HEAD"], project=self.project,
                           sha=self.sha1)
        self.assertIn("\nfirst\n", job.text)
        self.assertIn(f"\n{self.sha1}\n", job.text)

    def test_token_is_not_left_in_the_repository(self):
        job = self.run_job(["cat .git/config", "git config --local remote.origin.url"],
                           project=self.project)
        self.assert_success(job)
        self.assertNotIn("gitlab-ci-token:", job.text)
        self.assertIn(f"\n{self.gitlab.url}/group/demo.git\n", job.text)
        holding = [path for path in self.work.rglob("*")
                   if path.is_file() and job.token.encode() in path.read_bytes()]
        self.assertEqual(holding, [])

    def test_fetch_keeps_and_cleans_clone_starts_over(self):
        self.run_job(["echo x > untracked", "echo changed > file.txt", "git config a.b kept"],
                     project=self.project)
        job = self.run_job(["ls", "cat file.txt", "git config a.b || true"], project=self.project)
        self.assertNotIn("untracked\n", job.text.split("$ ls")[1])
        self.assertIn("\nsecond\n", job.text)
        job = self.run_job(["ls"], project=self.project, git_strategy="clone")
        self.assert_success(job)
        self.assertNotIn("untracked\n", job.text.split("$ ls")[1])
        self.run_job("echo x > untracked", project=self.project)
        job = self.run_job("ls", project=self.project, variables={"GIT_CLEAN_FLAGS": "none"})
        self.assertIn("untracked\n", job.text.split("$ ls")[1])

    def test_none_and_empty(self):
        self.run_job("true", project=self.project)
        job = self.run_job("cat file.txt", project=self.project, git_strategy="none")
        self.assertIn("Skipping Git repository setup\n", job.text)
        self.assertIn("\nsecond\n", job.text)
        job = self.run_job("ls -A | wc -l", project=self.project, git_strategy="empty")
        self.assertIn("\n0\n", job.text)

    def test_no_checkout(self):
        job = self.run_job("git rev-parse --verify -q HEAD || echo nothing checked out",
                           project=self.project, variables={"GIT_CHECKOUT": "false"})
        self.assertIn("Skipping Git checkout\n", job.text)

    def test_full_depth(self):
        job = self.run_job("git rev-list --count HEAD", project=self.project, git_depth=0)
        self.assertIn("\n2\n", job.text)
        job = self.run_job("git rev-list --count HEAD", project=self.project, git_depth=1,
                           git_strategy="clone")
        self.assertIn("\n1\n", job.text)

    def test_missing_commit(self):
        job = self.run_job("echo never", project=self.project, sha="1" * 40,
                           after_script=["echo neither"])
        self.assertEqual((job.status, job.reported_reason), ("failed", "script_failure"))
        self.assertNotIn("\nnever", job.text)
        self.assertNotIn("\nneither", job.text)

    def test_attempts(self):
        self.gitlab.fault("git", status=500, times=1)
        job = self.run_job("cat file.txt", project=self.project,
                           variables={"GET_SOURCES_ATTEMPTS": "2"})
        self.assert_success(job)
        found = [s.name for s in sections(job.trace)]
        begin = found.index("get_sources")
        self.assertEqual(found[begin:begin + 3], ["get_sources", "clear_worktree", "get_sources"], job.text)
        self.assertIn("WARNING: Retrying...\n", job.text)
        self.assertIn("Deleting all tracked and untracked files due to source fetch failure", job.text)

    def test_an_unknown_strategy_is_said_and_the_projects_own_is_used(self):
        job = self.run_job("cat file.txt", project=self.project, variables={"GIT_STRATEGY": "sometimes"})
        self.assert_success(job)
        self.assertRegex(job.text, r'WARNING: GIT_STRATEGY: .*"sometimes".*fetch')
        self.assertIn("\nsecond\n", job.text)

    def test_git_sends_the_correlation_id(self):
        job = self.run_job("true", project=self.project)
        taken = [e for e in self.gitlab.requests("request") if e.status == 201][-1]
        wanted = taken.response_headers.get("X-Request-Id") or taken.header("X-Request-Id")
        self.assertIn(f"Gitaly correlation ID: {wanted}\n", job.text)
        sent = {e.header("X-Gitaly-Correlation-ID") for e in self.gitlab.requests("git")}
        self.assertEqual(sent, {wanted})
        job = self.run_job("true", project=self.project, variables={"FF_USE_GITALY_CORRELATION_ID": "0"})
        self.assertNotIn("correlation ID", job.text)

    def test_submodules_by_ssh_come_by_http_when_that_is_asked_for(self):
        # The project is its own submodule, because a job's token opens no other project.
        outer = self.directory / "outer"
        outer.mkdir()
        (outer / "inner.txt").write_text("inner\n")
        self.git(outer, "init", "-q", "-b", "main")
        self.commit(outer, "inner")
        (outer / ".gitmodules").write_text('[submodule "inner"]\n\tpath = inner\n'
                                           '\turl = git@127.0.0.1:group/outer.git\n')
        head = self.git(outer, "rev-parse", "HEAD").strip()
        self.git(outer, "update-index", "--add", "--cacheinfo", f"160000,{head},inner")
        self.git(outer, "add", ".gitmodules")
        self.git(outer, "commit", "-q", "-m", "outer")
        project = self.gitlab.add_project("group/outer", str(outer))
        asked = {"GIT_SUBMODULE_STRATEGY": "normal", "GIT_SUBMODULE_FORCE_HTTPS": "true"}
        for _ in range(2):
            job = self.run_job("cat inner/inner.txt; git -C inner status --short; echo x > inner/inner.txt",
                               project=project, variables=asked)
            self.assert_success(job)
            self.assertIn("\ninner\n", job.text)
        # The script works in the checkout of get_sources with the job's credentials.
        job = self.run_job(["cd inner", "git fetch -q origin", "git remote -v"], project=project, variables=asked)
        self.assert_success(job)

    def test_no_token_in_the_arguments_of_git(self):
        for flag in ("false", "true"):
            fault = self.gitlab.fault("git", action="stall", seconds=2)
            job = self.add_job("true", project=self.project,
                               variables={"GET_SOURCES_ATTEMPTS": "2", "FF_GIT_URLS_WITHOUT_TOKENS": flag})
            self.gitlab.wait(lambda fault=fault: fault.hits, 20, "git to ask")
            arguments = subprocess.run(["ps", "-eo", "args"], capture_output=True, check=True).stdout
            self.assertIn(b"git remote-http origin", arguments)
            self.assertNotIn(job.token.encode(), arguments)
            self.assert_success(self.finish(job))

    def test_urls_without_tokens(self):
        job = self.run_job(["git remote -v", "git config --get-all url.insteadOf || true", "git fetch -q origin",
                            "git config --list | sed 's/^/config: /'"],
                           project=self.project, variables={"FF_GIT_URLS_WITHOUT_TOKENS": "true"})
        self.assert_success(job)
        self.assertIn("config: credential.", job.text)
        self.assertNotIn("[MASKED]", job.text)

    def test_hooks(self):
        job = self.run_job("true", project=self.project,
                           hooks={"pre_get_sources_script": ["echo before-sources"],
                                  "post_get_sources_script": ["echo after-sources; cat file.txt"]})
        text = job.text
        self.assertLess(text.index("before-sources"), text.index("Checking out"))
        self.assertGreater(text.rindex("after-sources"), text.index("Checking out"))


if __name__ == "__main__":
    unittest.main()
