"""lint and pipeline: jobs for refs, events and changes, graphs, and includes from servers."""

import base64
import contextlib
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import threading
import unittest

from tests.support.gitlab.git_http import git
from tests.system.harness import BIN, SystemCase

PIPELINE = """\
stages: [build, test, deploy]
variables: {KIND: nightly}
build:
  stage: build
  script: make
  rules:
    - changes: [src/**/*]
    - if: $CI_COMMIT_TAG
unit: {stage: test, script: make test, needs: [{job: build, optional: true}]}
style: {stage: test, script: make style, needs: [], rules: [{if: $CI_PIPELINE_SOURCE}]}
deploy:
  stage: deploy
  script: ./deploy
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
      when: never
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $KIND == "nightly"
      when: manual
release:
  stage: deploy
  script: ./release
  rules: [{if: $CI_COMMIT_TAG}]
"""


class PipelineCase(SystemCase):
    """A git checkout in self.work, and the commands that read it."""

    def setUp(self):
        super().setUp()
        git("init", "--quiet", "--initial-branch=main", str(self.work))
        self.write(".gitlab-ci.yml", PIPELINE)
        self.write("src/a.c", "int a;\n")

    def write(self, name, text, root=None):
        path = (root or self.work) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, *arguments):
        return git(*arguments, cwd=str(self.work)).strip()

    def commit(self, message="A commit"):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def push(self, branch="main"):
        """Makes the checkout look as if the server had this branch."""
        self.git("update-ref", f"refs/remotes/origin/{branch}", "HEAD")

    def run_it(self, *arguments, env=None, code=0):
        done = self.command(*arguments, env=env, config=False)
        self.assertEqual(done.code, code, done.text)
        return done

    def listed(self, *arguments, env=None, code=0):
        """The answer of `pipeline list`, its jobs by name."""
        done = self.run_it("pipeline", "list", "--format", "json", *arguments, env=env, code=code)
        answer = json.loads(done.stdout)
        answer["jobs"] = {job["name"]: job for job in answer.get("jobs", [])}
        return answer

    def names(self, *arguments):
        jobs = self.listed(*arguments)["jobs"]
        return [name for name, job in jobs.items() if job["included"]]


class List(PipelineCase):
    def setUp(self):
        super().setUp()
        self.commit("First")
        self.push()

    def test_the_branch_that_is_checked_out(self):
        answer = self.listed()
        self.assertEqual(answer["facts"]["ref"], "main")
        self.assertEqual(answer["facts"]["sha"], self.git("rev-parse", "HEAD"))
        self.assertEqual(answer["facts"]["source"], "push")
        deploy, release = answer["jobs"]["deploy"], answer["jobs"]["release"]
        self.assertEqual((deploy["when"], deploy["allow_failure"]), ("manual", False))
        self.assertEqual([rule["matched"] for rule in deploy["judged"]], [False, True])
        self.assertEqual(deploy["judged"][1]["place"],
                         {"file": ".gitlab-ci.yml", "line": 17, "column": 7})
        self.assertEqual((release["included"], release["reason"]), (False, "no rule matched"))

    def test_a_tag(self):
        self.assertEqual(self.names("--ref", "v1", "--tag"), ["build", "unit", "style", "release"])
        self.assertEqual(self.names("--ref", "refs/tags/v1"), ["build", "unit", "style", "release"])

    def test_a_ref_that_is_a_tag_here(self):
        self.git("tag", "v2")
        self.assertEqual(self.names("--ref", "v2"), ["build", "unit", "style", "release"])

    def test_a_detached_tag(self):
        self.git("tag", "v3")
        self.git("checkout", "--quiet", "v3")
        answer = self.listed()
        self.assertEqual((answer["facts"]["ref"], answer["facts"]["tag"]), ("v3", True))

    def test_a_merge_request(self):
        self.git("checkout", "--quiet", "-b", "topic")
        self.write("docs/a.md", "x\n")
        self.commit()
        jobs = self.listed("--merge-request")["jobs"]
        self.assertEqual(jobs["deploy"]["reason"],
                         'rule 1: if: $CI_PIPELINE_SOURCE == "merge_request_event" is true; '
                         "when: never")
        self.assertEqual(jobs["build"]["judged"][0]["reason"],
                         "changes: nothing in src/**/* changed")
        self.write("src/b.c", "int b;\n")
        jobs = self.listed("--merge-request", "--target", "main")["jobs"]
        self.assertEqual(jobs["build"]["reason"], "rule 1: changes: src/b.c changed")

    def test_rules_without_any_drop_the_default(self):
        self.write(".gitlab-ci.yml", "a: {script: x, rules: ~}\nb: {script: x}\n")
        self.assertEqual(self.names("--merge-request"), ["a"])

    def test_a_commit_that_asks_for_no_run(self):
        self.assertFalse(self.listed()["skipped"])
        self.write("src/b.c", "int b;\n")
        self.commit("Words\n\n[Skip CI]")
        self.assertTrue(self.listed()["skipped"])
        self.assertFalse(self.listed("--source", "schedule")["skipped"])
        self.assertIn("The pipeline is skipped", self.run_it("pipeline", "list").stdout)

    def test_the_message_of_a_tag(self):
        self.git("tag", "-a", "-m", "line1\nline2\n\nbody1", "v4")
        self.write(".gitlab-ci.yml", "a: {script: x, rules: [{if: '$CI_COMMIT_TAG_MESSAGE =~ "
                                     "/^line1\\nline2\\n\\nbody1$/'}]}\n")
        self.commit()
        self.assertEqual(self.names("--ref", "v4"), ["a"])

    def test_given_variables_and_changes(self):
        self.assertNotIn("deploy", self.names("--var", "KIND=release"))
        self.assertNotIn("build", self.names("--changed", "docs/a.md"))
        self.assertIn("build", self.names("--changed", "src/x.c"))
        self.assertEqual(self.listed("--changed", "")["facts"]["changed"], [])

    def test_changes_that_are_not_pushed(self):
        self.write("docs/a.md", "x\n")
        answer = self.listed()
        self.assertEqual(answer["facts"]["changed"], ["docs/a.md"])
        self.assertFalse(answer["jobs"]["build"]["included"])

    def test_changes_of_the_last_commit_when_all_is_pushed(self):
        self.write("docs/a.md", "x\n")
        self.commit("Second")
        self.push()
        self.assertEqual(self.listed()["facts"]["changed"], ["docs/a.md"])

    def test_a_new_branch_and_a_schedule_do_not_know_what_changed(self):
        self.assertIsNone(self.listed("--source", "schedule")["facts"]["changed"])
        self.git("checkout", "--quiet", "-b", "fresh")
        answer = self.listed()
        self.assertIsNone(answer["facts"]["changed"])
        self.assertTrue(answer["jobs"]["build"]["included"])

    def test_exists_sees_new_files_and_not_removed_ones(self):
        self.write(".gitlab-ci.yml", "a: {script: x, rules: [{exists: [src/a.c]}]}\n"
                                     "b: {script: x, rules: [{exists: [Dockerfile]}]}\n"
                                     "c: {script: x, rules: [{exists: [junk.o]}]}\nd: {script: x}\n")
        self.write(".gitignore", "*.o\n")
        self.write("Dockerfile", "FROM scratch\n")
        self.write("junk.o", "")
        (self.work / "src/a.c").unlink()
        self.assertEqual(self.names(), ["b", "d"])

    def test_compare_to(self):
        self.write(".gitlab-ci.yml",
                   "a: {script: x, rules: [{changes: {paths: [docs/*], compare_to: main}}]}\n"
                   "b: {script: x}\n")
        self.commit()
        self.push()
        self.git("checkout", "--quiet", "-b", "topic")
        self.assertEqual(self.names(), ["b"])
        self.write("docs/a.md", "x\n")
        self.assertEqual(self.names(), ["a", "b"])

    def test_compare_to_a_ref_that_is_not_there(self):
        self.write(".gitlab-ci.yml",
                   "variables: {NAME: none, REF: $NAME}\n"
                   "a: {script: x, rules: [{changes: {paths: [docs/*], compare_to: $REF}}]}\n"
                   "b: {script: x}\n")
        self.assertEqual(self.listed(code=1)["errors"],
                         ["Failed to parse rule for a: rules:changes:compare_to is not a valid ref"])

    def test_git_is_asked_only_for_what_a_rule_needs(self):
        wrapper = self.directory / "bin/git"
        wrapper.parent.mkdir()
        calls = self.directory / "calls"
        wrapper.write_text(f'#!/bin/sh\necho "$*" >> {calls}\nexec {shutil.which("git")} "$@"\n')
        wrapper.chmod(0o755)

        def asked(rule, *arguments):
            self.write(".gitlab-ci.yml", f"a: {{script: x, rules: [{rule}]}}\nb: {{script: x}}\n")
            calls.write_text("")
            self.run_it("lint", *arguments, env={"PATH": f"{wrapper.parent}:{os.environ['PATH']}"})
            return {word for word in ("ls-files", "diff") if f" {word} " in calls.read_text()}

        self.assertEqual(asked("{exists: [x]}, {changes: [y]}"), set())
        self.assertEqual(asked("{if: $CI_COMMIT_BRANCH}", "--dry-run"), set())
        self.assertEqual(asked("{exists: [x]}", "--dry-run"), {"ls-files"})
        self.assertIn("diff", asked("{changes: [y]}", "--dry-run"))

    def test_a_table(self):
        text = self.run_it("pipeline", "list", "--changed", "src/a.c").stdout
        self.assertRegex(text, r"(?m)^\.gitlab-ci\.yml: branch main at [0-9a-f]{8}, source push; "
                               r"1 changed path given$")
        self.assertRegex(text, r"(?m)^JOB +STAGE +WHEN +ALLOW FAILURE +NEEDS +WHY$")
        self.assertRegex(text, r"(?m)^build +build +on_success +no +- +rule 1: changes: src/a\.c "
                               r"changed \(\.gitlab-ci\.yml:7:7\)$")
        self.assertRegex(text, r"(?m)^unit +test +on_success +no +build \(optional\) +no rules$")
        self.assertRegex(text, r"(?m)^release +deploy +no rule matched$")
        self.assertIn("4 jobs in 3 stages, 1 left out", text)

    def test_below_the_checkouts_top(self):
        self.write("ci/part.yml", "part: {script: x}\n")
        self.write(".gitlab-ci.yml", "include: ci/part.yml\n")
        done = subprocess.run([str(BIN), "pipeline", "list"], cwd=self.work / "src",
                              env=self.environment(), text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^part +test ")


class NoPipeline(PipelineCase):
    def test_workflow_rules_refuse_the_pipeline(self):
        self.write(".gitlab-ci.yml", "workflow: {rules: [{if: $NEVER}]}\na: {script: x}\n")
        done = self.run_it("pipeline", "list", code=1)
        self.assertIn("The pipeline did not run. Review the workflow:rules configuration",
                      done.stderr)
        answer = self.listed(code=1)
        self.assertFalse(answer["valid"])
        self.assertEqual(answer["workflow"][0]["reason"], "if: $NEVER is false")

    def test_no_job_is_left(self):
        self.write(".gitlab-ci.yml", "a: {script: x, only: [tags]}\n")
        done = self.run_it("pipeline", "list", code=1)
        self.assertIn("The resulting pipeline would have been empty.", done.stderr)
        self.assertIn("only:refs does not hold (.gitlab-ci.yml:1:22)", done.stdout)
        self.assertEqual(self.run_it("pipeline", "graph", code=1).stdout, "")

    def test_a_file_that_is_not_valid(self):
        self.write(".gitlab-ci.yml", "a: {script: x, stage: nope}\n")
        done = self.run_it("pipeline", "list", code=1)
        self.assertIn(".gitlab-ci.yml:1:23: a job: chosen stage nope does not exist", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_no_file(self):
        (self.work / ".gitlab-ci.yml").unlink()
        self.assertIn(".gitlab-ci.yml", self.run_it("pipeline", "list", code=1).stderr)

    def test_wrong_usage(self):
        for arguments, words in (
                ((), "list, show or graph"),
                (("lsit",), "did you mean list?"),
                (("list", "build"), "takes no names"),
                (("list", "--format", "dot"), "text or json"),
                (("graph", "--format", "json"), "dot or mermaid"),
                (("list", "--source", "psuh"), "did you mean push?"),
                (("list", "--merge-request", "--tag"), "exclude each other"),
                (("list", "--target", "main"), "belongs to --merge-request"),
                (("list", "--var", "KIND"), "--var wants NAME=VALUE"),
                (("list", "--include-map", "a/b=/nowhere"), "/nowhere is no directory"),
                (("list", "--sorce", "push"), "did you mean --source?")):
            with self.subTest(arguments):
                self.assertIn(words, self.run_it("pipeline", *arguments, code=2).stderr)


class Show(PipelineCase):
    def test_rule_by_rule(self):
        self.commit()
        text = self.run_it("pipeline", "show", "deploy").stdout
        self.assertIn("deploy: in the pipeline\n", text)
        self.assertRegex(text, r"(?m)^ +1 +\.gitlab-ci\.yml:15:7 +does not match +if: .*"
                               r'\[\$CI_PIPELINE_SOURCE is "push"\]$')
        self.assertRegex(text, r"(?m)^ +2 +\.gitlab-ci\.yml:17:7 +matches +if: .* is true  "
                               r'\[\$CI_COMMIT_BRANCH is "main", \$CI_DEFAULT_BRANCH is "main", '
                               r'\$KIND is "nightly"\]$')
        self.assertRegex(text, r"(?m)^ +script: \"?\./deploy\"?$")

    def test_instances_of_a_parallel_job(self):
        self.write(".gitlab-ci.yml", "a: {script: x, parallel: 2}\nb: {script: x}\n")
        text = self.run_it("pipeline", "show", "a").stdout
        self.assertIn("a 1/2: in the pipeline", text)
        self.assertIn("a 2/2: in the pipeline", text)
        self.assertNotIn("b: in", text)

    def test_an_unknown_job(self):
        done = self.run_it("pipeline", "show", "dploy", code=1)
        self.assertIn('there is no job "dploy" in .gitlab-ci.yml; did you mean "deploy"?',
                      done.stderr)


class Graph(PipelineCase):
    def test_dot(self):
        text = self.run_it("pipeline", "graph").stdout
        self.assertTrue(text.startswith("digraph pipeline {"))
        self.assertIn('label="deploy\\nmanual"', text)
        self.assertRegex(text, r"j0 -> j1 \[style=dashed\];")  # the optional need
        self.assertRegex(text, r"j1 -> j3 \[ltail=cluster_1, lhead=cluster_2\];")
        if shutil.which("dot"):
            subprocess.run(["dot", "-Tsvg"], input=text, text=True, check=True,
                           stdout=subprocess.DEVNULL)

    def test_mermaid(self):
        text = self.run_it("pipeline", "graph", "--format", "mermaid").stdout
        self.assertTrue(text.startswith("flowchart LR\n"))
        self.assertIn('j3(["deploy<br/>manual"])', text)
        self.assertIn("  j0 -.-> j1\n", text)
        self.assertIn("  s1 --> s2\n", text)

    def test_names_that_need_quotes(self):
        self.write(".gitlab-ci.yml", "'say \"hi\" <b>\\ #1': {script: x}\n")
        self.assertIn(r'label="say \"hi\" <b>\\ #1"', self.run_it("pipeline", "graph").stdout)
        self.assertIn('"say #quot;hi#quot; #lt;b#gt;\\ #35;1"',
                      self.run_it("pipeline", "graph", "--format", "mermaid").stdout)


class DryRun(PipelineCase):
    def test_facts_come_from_git(self):
        self.commit()
        lint = json.loads(self.run_it("lint", "--dry-run", "--format", "json").stdout)
        self.assertIn("deploy", [job["name"] for job in lint["jobs"]])
        self.git("checkout", "--quiet", "-b", "topic")
        lint = json.loads(self.run_it("lint", "--dry-run", "--format", "json").stdout)
        self.assertNotIn("deploy", [job["name"] for job in lint["jobs"]])

    def test_include_rules_see_the_branch(self):
        self.write("main.yml", "only-main: {script: x}\n")
        self.write(".gitlab-ci.yml", "include:\n  - local: main.yml\n    rules: [{if: "
                                     "$CI_COMMIT_BRANCH == \"main\"}]\na: {script: x}\n")
        self.commit()
        self.assertIn("only-main", self.names())
        self.git("checkout", "--quiet", "-b", "topic")
        self.assertNotIn("only-main", self.names())

    def test_a_directory_answers_by_file(self):
        (self.work / "ci").mkdir()
        self.write("ci/one.yml", "a: {script: x}\n")
        lint = json.loads(self.run_it("lint", "--format", "json", "ci").stdout)
        self.assertEqual([(name, one["valid"]) for name, one in lint.items()], [("ci/one.yml", True)])
        self.write("ci/two.yaml", "a: {script: 1}\n")
        lint = json.loads(self.run_it("lint", "--format", "json", "ci", code=1).stdout)
        self.assertEqual([one["valid"] for one in lint.values()], [True, False])
        (self.work / "empty").mkdir()
        self.assertIn("empty: no .yml or .yaml file", self.run_it("lint", "empty", code=1).stderr)

    def test_outside_of_git(self):
        shutil.rmtree(self.work / ".git")
        self.assertIn("valid, 4 jobs", self.run_it("lint", "--dry-run").stdout)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        answer = self.server.answers.get(self.path, (404, b"", {}))
        answer = answer.pop(0) if isinstance(answer, list) else answer
        status, body, headers = answer
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Remote(PipelineCase):
    def setUp(self):
        super().setUp()
        self.web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.web.answers, self.web.asked = {}, []
        thread = threading.Thread(target=self.web.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(self.web.server_close)
        self.addCleanup(self.web.shutdown)
        self.url = f"http://127.0.0.1:{self.web.server_port}"

    def serve(self, path, text, status=200, **headers):
        self.web.answers[path] = (status, text.encode(), headers)

    def include(self, text):
        self.write(".gitlab-ci.yml", f"include:\n  {text}\nown: {{script: x}}\n")

    def error(self, code=1):
        done = self.run_it("lint", "--format", "json", code=code)
        return json.loads(done.stdout)

    def test_a_file_from_the_web(self):
        self.serve("/a.yml", "there: {script: x}\n")
        self.include(f"- remote: {self.url}/a.yml")
        lint = self.error(code=0)
        self.assertEqual([job["name"] for job in lint["jobs"]], ["there", "own"])
        self.assertEqual(lint["includes"][0]["type"], "remote")

    def test_the_gitlab_token_is_not_sent_to_other_hosts(self):
        self.serve("/a.yml", "there: {script: x}\n")
        self.include(f"- remote: {self.url}/a.yml")
        self.run_it("lint", env={"GITLAB_TOKEN": "glpat-secret"})
        headers = self.web.asked[0][1]
        self.assertNotIn("glpat-secret", str(headers))

    def test_integrity(self):
        text = "there: {script: x}\n"
        self.serve("/a.yml", text)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        self.include(f"- {{remote: '{self.url}/a.yml', integrity: 'sha256-{digest}'}}")
        self.error(code=0)
        self.serve("/a.yml", text + "# changed\n")
        self.assertIn("failed integrity check!", self.error()["errors"][0])

    def test_a_missing_file(self):
        self.include(f"- remote: {self.url}/none.yml")
        self.assertEqual(self.error()["errors"],
                         [f"Remote file `{self.url}/none.yml` could not be fetched after 1 "
                          "attempt because of HTTP code `404` error!"])
        self.assertEqual(len(self.web.asked), 1)

    def test_a_temporary_failure_is_retried(self):
        self.web.answers["/a.yml"] = [(503, b"", {}), (200, b"there: {script: x}\n", {})]
        self.include(f"- remote: {self.url}/a.yml")
        self.error(code=0)
        self.assertEqual(len(self.web.asked), 2)

    def test_a_server_that_fails(self):
        self.serve("/a.yml", "", status=500)
        self.include(f"- remote: {self.url}/a.yml")
        self.assertIn("after 3 attempts because of HTTP code `500` error!",
                      self.error()["errors"][0])

    def test_nobody_listens(self):
        self.web.shutdown()
        self.web.server_close()
        self.include(f"- remote: {self.url}/a.yml")
        lint = self.error()
        self.assertEqual(lint["errors"][0],
                         "Remote file could not be fetched because Connection refused!")
        place = lint["error_places"][0]
        self.assertEqual((place["line"], place["column"]), (2, 5))
        self.assertIn("refused", place["hint"])

    def test_redirects(self):
        self.serve("/a.yml", "", status=302, Location="/b.yml")
        self.serve("/b.yml", "there: {script: x}\n")
        self.include(f"- remote: {self.url}/a.yml")
        self.error(code=0)

    def test_an_empty_answer(self):
        self.serve("/a.yml", "")
        self.include(f"- remote: {self.url}/a.yml")
        self.assertIn("is empty or does not exist!", self.error()["errors"][0])

    def test_a_file_that_is_too_large(self):
        self.serve("/a.yml", "#" * (9 << 20))
        self.include(f"- remote: {self.url}/a.yml")
        self.assertIn("because of HTTP error!", self.error()["errors"][0])

    def test_a_remote_file_has_no_project(self):
        self.serve("/a.yml", "include: b.yml\n")
        self.include(f"- remote: {self.url}/a.yml")
        self.assertEqual(self.error()["errors"], ["Local file `b.yml` does not have project!"])


class Server(PipelineCase):
    """include:project, component and template, from the GitLab that the remote `origin` names."""

    def setUp(self):
        super().setUp()
        library = self.directory / "library"
        self.write("ci/jobs.yml", "include: ci/deep/*.yml\nshared: {script: echo shared}\n", library)
        self.write("ci/deep/one.yml", "deep-one: {script: echo one}\n", library)
        self.write("ci/deep/two.yml", "deep-two: {script: echo two}\n", library)
        self.write("ci/empty.yml", "\n", library)
        self.write("templates/scan.yml",
                   "spec:\n  inputs: {stage: {default: test}}\n  component: [name, version]\n---\n"
                   "scan $[[ component.name ]] $[[ component.version ]]:\n"
                   "  {script: scan, stage: '$[[ inputs.stage ]]'}\n", library)
        self.write("templates/big/template.yml", "big: {script: big}\n", library)
        git("init", "--quiet", "--initial-branch=main", str(library))
        git("add", "--all", cwd=str(library))
        git("commit", "--quiet", "--message", "Library", cwd=str(library))
        for tag in ("1.0.0", "1.2.0", "1.10.0", "2.0.0-rc1"):
            git("tag", tag, cwd=str(library))
        self.gitlab.add_project("group/sub/library", str(library))
        self.git("remote", "add", "origin", f"{self.gitlab.url}/group/own.git")
        self.secrets.add(self.gitlab.private_token)

    def lint(self, include, *arguments, token=True, code=0):
        self.write(".gitlab-ci.yml", f"include:\n  {include}\nown: {{script: x}}\n")
        env = {"GITLAB_TOKEN": self.gitlab.private_token} if token else {}
        done = self.run_it("lint", "--format", "json", *arguments, env=env, code=code)
        self.assertNotIn(self.gitlab.private_token, done.text)
        return json.loads(done.stdout)

    def jobs(self, include, *arguments, **options):
        return [job["name"] for job in self.lint(include, *arguments, **options)["jobs"]]

    def test_a_project_and_what_it_includes(self):
        self.assertEqual(
            self.jobs("- {project: group/sub/library, file: [/ci/jobs.yml]}"),
            ["deep-one", "deep-two", "shared", "own"])

    def test_a_ref(self):
        self.assertEqual(self.jobs("- {project: group/sub/library, ref: 1.0.0, file: ci/deep/one.yml}"),
                         ["deep-one", "own"])

    def test_missing_projects_files_and_refs(self):
        project = "Project `group/sub/library` "
        for include, text in (
                ("- {project: group/sub/library, file: no.yml}", project + "file `no.yml` does not exist!"),
                ("- {project: group/sub/library, ref: nope, file: a.yml}",
                 project + "reference `nope` does not exist!"),
                ("- {project: group/sub/library, file: ci/empty.yml}", project + "file `ci/empty.yml` is empty!"),
                ("- {project: No/Such, file: a.yml}",
                 "Project `no/such` not found or access denied! Make sure any includes in the "
                 "pipeline configuration are correctly defined.")):
            with self.subTest(include):
                self.assertEqual(self.lint(include, code=1)["errors"], [text])

    def test_without_a_token(self):
        lint = self.lint("- {project: group/sub/library, file: ci/jobs.yml}", token=False, code=1)
        self.assertIn("not found or access denied!", lint["errors"][0])
        self.assertIn("GITLAB_TOKEN", lint["error_places"][0]["hint"])

    def test_a_token_file(self):
        path = self.directory / "token"
        path.write_text(self.gitlab.private_token + "\n")
        path.chmod(0o644)
        arguments = ("--gitlab-token-file", str(path))
        self.write(".gitlab-ci.yml", "include: {project: group/sub/library, file: ci/deep/one.yml}\n")
        self.assertIn("chmod 600", self.run_it("lint", *arguments, code=1).stderr)
        path.chmod(0o600)
        self.run_it("lint", *arguments)

    def test_a_refused_token(self):
        self.write(".gitlab-ci.yml", "include: {project: group/sub/library, file: ci/jobs.yml}\n")
        done = self.run_it("lint", env={"GITLAB_TOKEN": "glpat-wrong"}, code=1)
        self.assertIn("answered 401", done.stdout)
        self.assertNotIn("glpat-wrong", done.text)

    def test_components(self):
        host = self.gitlab.url.removeprefix("http://")
        for version, shown in (("1.0.0", "1.0.0"), ("~latest", "1.10.0"), ("1", "1.10.0"),
                               ("1.2", "1.2.0"), ("main", "main")):
            with self.subTest(version):
                self.assertEqual(
                    self.jobs(f"- component: $CI_SERVER_FQDN/group/sub/library/scan@{version}"),
                    [f"scan scan {shown}", "own"])
        self.assertEqual(self.jobs(f"- component: {host}/group/sub/library/big@main"), ["big", "own"])

    def test_components_that_are_not_there(self):
        host = self.gitlab.url.removeprefix("http://")
        for address, text in (
                (f"{host}/group/sub/library/none@main", "content not found"),
                (f"{host}/group/sub/library/scan@nope", "content not found"),
                (f"{host}/group/none/scan@main", "project does not exist or you don't have sufficient permissions"),
                ("elsewhere.example.com/a/b/c@1", "the component path is not supported"),
                (f"{host}/scan@1", "the component path is not supported")):
            with self.subTest(address):
                self.assertEqual(self.lint(f"- component: {address}", code=1)["errors"],
                                 [f"Component '{address}' - {text}"])

    def test_a_component_that_includes_inputs(self):
        library = self.directory / "library"
        self.write("templates/bad.yml", "spec: {include: [{local: a.yml}]}\n---\nx: {script: x}\n", library)
        git("add", "--all", cwd=str(library))
        git("commit", "--quiet", "--message", "Bad", cwd=str(library))
        self.gitlab.add_project("group/bad", str(library))
        lint = self.lint("- component: $CI_SERVER_FQDN/group/bad/bad@main", code=1)
        self.assertIn("cannot use `spec:include`. This keyword is not supported in components", lint["errors"][0])

    def test_the_variable_wins_over_the_remote(self):
        self.git("remote", "set-url", "origin", "https://strangers.invalid/group/own.git")
        self.write(".gitlab-ci.yml", "include: {project: group/sub/library, file: ci/deep/one.yml}\n")
        self.run_it("lint", env={"GITLAB_TOKEN": self.gitlab.private_token, "GITLAB_URL": self.gitlab.url})

    def test_a_template(self):
        self.assertEqual(self.jobs("- template: Bash.gitlab-ci.yml"), ["bash-template", "own"])

    def test_files_from_this_machine_instead(self):
        mapped = self.directory / "library"
        self.gitlab.stop_listening()
        self.assertEqual(
            self.jobs("- {project: group/sub/library, file: ci/jobs.yml}", "--include-map",
                      f"group/sub/library={mapped}"), ["deep-one", "deep-two", "shared", "own"])
        self.assertEqual(
            self.jobs("- component: any.example.com/group/sub/library/big@9", "--include-map",
                      f"group/sub/library={mapped}"), ["big", "own"])
        templates = self.directory / "templates"
        self.write("Jobs/Deep.gitlab-ci.yml", "from-disk: {script: x}\n", templates)
        self.assertEqual(self.jobs("- template: Jobs/Deep.gitlab-ci.yml", "--include-map",
                                   f"template={templates}"), ["from-disk", "own"])

    def test_an_unreachable_server(self):
        self.gitlab.stop_listening()
        lint = self.lint("- {project: group/sub/library, file: ci/jobs.yml}", code=1)
        self.assertIn("not found or access denied!", lint["errors"][0])
        self.assertRegex(lint["error_places"][0]["hint"], "refused.*remote origin")

    def test_no_server_at_all(self):
        self.git("remote", "remove", "origin")
        lint = self.lint("- {project: group/sub/library, file: ci/jobs.yml}", code=1)
        self.assertIn("--gitlab-url", lint["error_places"][0]["hint"])
        self.assertEqual(self.jobs("- {project: group/sub/library, file: ci/deep/one.yml}",
                                   "--gitlab-url", self.gitlab.url), ["deep-one", "own"])

    def test_files_of_another_project_exist(self):
        self.write(".gitlab-ci.yml",
                   "a: {script: x, rules: [{exists: {paths: [ci/jobs.yml], project: group/sub/library}}]}\n"
                   "b: {script: x, rules: [{exists: {paths: [ci/none.yml], project: group/sub/library}}]}\n")
        jobs = self.listed(env={"GITLAB_TOKEN": self.gitlab.private_token})["jobs"]
        self.assertEqual([name for name, job in jobs.items() if job["included"]], ["a"])


if __name__ == "__main__":
    unittest.main()
