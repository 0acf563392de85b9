"""`runner exec`: artifacts from job to job, caches from call to call."""

import unittest

from tests.system.docker_harness import engine_answers, image
from tests.system.harness import need
from tests.system.test_exec import ExecCase

BUILD = """
stages: [build, test]
build:
  stage: build
  script:
    - mkdir -p out && echo made > out/bin && echo skipped > out/x.tmp
    - echo VERSION=1.2.3 > build.env
  artifacts:
    paths: [out]
    exclude: ["**/*.tmp"]
    reports: {dotenv: build.env}
"""


class Artifacts(ExecCase):
    image: list[str] = []

    def test_later_stages_have_files_and_variables(self):
        self.pipeline(BUILD + "test: {stage: test, script: ['cat out/bin', 'ls out', 'echo v=$VERSION']}\n")
        done = self.exec(*self.image)
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("test  | made\n", done.stdout)
        self.assertIn("test  | v=1.2.3\n", done.stdout)
        self.assertNotIn("x.tmp\n", done.stdout.split("$ ls out")[1])

    def test_dependencies_and_needs_choose(self):
        self.pipeline(BUILD + """
none: {stage: test, dependencies: [], script: ['test ! -e out', 'test -z "$VERSION"']}
order: {stage: test, needs: [{job: build, artifacts: false}], script: 'test ! -e out'}
needing: {stage: test, needs: [build], script: cat out/bin}
""")
        done = self.exec(*self.image)
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual(set(self.states(done).values()), {"success"})

    def test_a_failed_job_leaves_what_it_was_to_leave(self):
        self.pipeline("""
stages: [build, test]
build: {stage: build, script: [echo log > log, exit 1], allow_failure: true, artifacts: {paths: [log], when: always}}
test: {stage: test, script: cat log}
""")
        done = self.exec(*self.image)
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("test  | log\n", done.stdout)

    def test_dotenv_values_are_as_written_and_refer_to_each_other(self):
        self.pipeline("""
stages: [build, test]
build: {stage: build, script: ['echo A=1 > e', "echo 'B=${A}x' >> e", "echo 'C=\\"q\\"' >> e"], artifacts: {reports: {dotenv: e}}}
test: {stage: test, script: 'echo "b=$B c=$C"'}
""")
        done = self.exec(*self.image)
        self.assertEqual(done.code, 0, done.text)
        self.assertIn('test  | b=1x c="q"\n', done.stdout)

    def test_a_bad_dotenv_report_fails_the_job_that_made_it(self):
        self.pipeline("""
stages: [build, test]
build: {stage: build, script: echo 'not so' > e, artifacts: {reports: {dotenv: e}}}
test: {stage: test, script: echo never}
""")
        done = self.exec(*self.image)
        self.assertEqual(done.code, 1)
        self.assertEqual(self.states(done), {"build": "failed", "test": "skipped"})
        self.assertIn("artifacts:reports:dotenv: Invalid Format: line 1 is not KEY=value", done.stdout)
        self.assertNotIn("$ echo never", done.stdout)

    def test_the_cache_stays_until_the_next_call(self):
        self.pipeline("""
job:
  script: [ls deps || true, mkdir -p deps, touch deps/kept]
  cache: {key: {files: [lock]}, paths: [deps]}
""")
        self.file("lock", "1")
        self.assertIn("Failed to extract cache\n", self.exec(*self.image).stdout)
        again = self.exec(*self.image)
        self.assertIn("Successfully extracted cache\n", again.stdout)
        self.assertIn("\nkept\n", again.stdout)
        self.file("lock", "2")
        self.assertIn("Failed to extract cache\n", self.exec(*self.image).stdout)

    def test_a_job_makes_the_next_pipeline(self):
        self.pipeline("""
stages: [make, run]
make:
  stage: make
  script: ["mkdir c", "echo 'inner: {script: echo inside $WHO}' > c/child.yml"]
  artifacts: {paths: [c]}
child:
  stage: run
  variables: {WHO: made}
  trigger: {include: [{artifact: c/child.yml, job: make}], strategy: depend}
missing:
  stage: run
  trigger: {include: [{artifact: c/none.yml, job: make}], strategy: depend}
""")
        done = self.exec(*self.image)
        self.assertEqual(done.code, 1)
        self.assertEqual(self.states(done), {"make": "success", "child": "success", "child / inner": "success",
                                             "missing": "failed"})
        self.assertIn("child / inner | inside made\n", done.stdout)
        self.assertIn("there is no c/none.yml in the artifacts", done.stdout)


class DockerArtifacts(Artifacts):
    executor = "docker"
    image = ["--image", image("debian")]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need(engine_answers(), "a Docker engine")

    def setUp(self):
        super().setUp()
        self.addCleanup(self.remove_cache_volume)


if __name__ == "__main__":
    unittest.main()
