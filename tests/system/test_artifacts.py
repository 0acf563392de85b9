"""Artifacts and caches: what is packed, sent, fetched, kept; on both executors."""

import gzip
import hashlib
import io
import json
import stat
import unittest
import zipfile

from tests.system.docker_harness import DockerCase, image
from tests.system.harness import SystemCase


def archive(job, kind="archive"):
    artifact = job.artifact(kind)
    if artifact is None:
        raise AssertionError(f"job {job.id} has no {kind}:\n{job.text}")
    with open(artifact.path, "rb") as file:
        return file.read()


def members(job):
    with zipfile.ZipFile(io.BytesIO(archive(job))) as packed:
        return {entry.filename: entry for entry in packed.infolist()}


class Shell(SystemCase):
    def setUp(self):
        super().setUp()
        self.start_with()


class Empty:
    """Every job begins with an empty directory: each file in it was downloaded or restored."""

    def add_job(self, script, **spec):
        return super().add_job(script, **{"git_strategy": "empty", **spec})


class Uploads:
    def test_an_archive_as_the_official_runner_makes_it(self):
        job = self.run_job(
            ["mkdir -p out/sub empty", "echo data > out/a.txt", "echo ü > out/sub/ü.sh",
             "chmod 750 out/sub/ü.sh", "ln -s a.txt out/link", "echo no > out/b.tmp"],
            artifacts={"paths": ["out/", "empty"], "exclude": ["out/**/*.tmp"], "expire_in": "1 week"})
        self.assert_success(job)
        found = members(job)
        self.assertEqual(sorted(found), ["empty/", "out/", "out/a.txt", "out/link", "out/sub/", "out/sub/ü.sh"])
        modes = {name: entry.external_attr >> 16 for name, entry in found.items()}
        self.assertEqual(stat.S_IMODE(modes["out/sub/ü.sh"]), 0o750)
        self.assertTrue(stat.S_ISLNK(modes["out/link"]))
        self.assertEqual(job.artifacts[0].filename, "artifacts.zip")
        upload = self.gitlab.requests("artifacts_upload", job)[0]
        self.assertEqual(upload.query, {"artifact_format": "zip", "artifact_type": "archive", "expire_in": "1 week"})
        self.assertIn("Uploading artifacts for successful job\nUploading artifacts...\n"
                      "out/: found 5 matching artifact files and directories", job.text)
        self.assertIn('Uploading artifacts as "archive" to coordinator... 201 Created', job.text)

    def test_the_name_is_expanded_by_the_shell_with_what_the_script_left(self):
        job = self.run_job(["echo x > f", 'echo WHICH=second >> "$GITLAB_ENV"'],
                           variables={"FIRST": "one"},
                           artifacts={"name": "$FIRST-${WHICH}-${NONE:-none}-$(id)", "paths": ["$FIRST", "f"]})
        self.assert_success(job)
        self.assertEqual(job.artifacts[0].filename, "one-second-none-$(id).zip")

    def test_what_is_excluded_stays_out_however_it_is_written(self):
        for exclude in ("./out/s/**", "$CI_PROJECT_DIR/out/s/**", "out//s/**", "out/s/**/"):
            job = self.run_job(["mkdir -p out/s releases/1; echo x > out/s/private; echo x > out/a",
                                "echo x > releases/1/b.deb; ln -sfn releases/1 current"],
                               artifacts={"paths": ["out", "current/*.deb"], "exclude": [exclude]})
            self.assert_success(job)
            self.assertNotIn("out/s/private", members(job), exclude)
            self.assertIn("out/a", members(job))
            self.assertIn("current/b.deb", members(job))

    def test_reports_of_three_formats(self):
        job = self.run_job(
            ["mkdir r", "echo '<a/>' > r/1.xml", "echo '<b/>' > r/2.xml", "echo '{}' > q.json", "echo x > f"],
            artifacts={"paths": ["f"], "reports": {"junit": "r/*.xml", "codequality": "q.json"}})
        self.assert_success(job)
        self.assertEqual(gzip.decompress(archive(job, "junit")), b"<a/>\n<b/>\n")
        self.assertIn(b"r/1.xml\0", archive(job, "junit")[:60])
        self.assertEqual(archive(job, "codequality"), b"{}\n")
        self.assertEqual([a.filename for a in job.artifacts], ["artifacts.zip", "junit.xml.gz", "gl-codequality.json"])

    def test_artifacts_when(self):
        entries = [{"paths": ["f"], "when": "on_failure"},
                   {"paths": ["f"], "when": "always", "artifact_type": "lsif"},
                   {"paths": ["f"], "when": "on_success", "artifact_type": "metrics", "artifact_format": "gzip"}]
        job = self.run_job(["echo x > f", "exit 3"], artifacts=entries)
        self.assert_failed(job, "script_failure", 3)
        self.assertEqual([a.type for a in job.artifacts], ["archive", "lsif"])
        self.assertIn("Uploading artifacts for failed job\n", job.text)

    def test_nothing_to_send_is_no_failure(self):
        job = self.run_job("true", artifacts={"paths": ["nothing/*", "../outside"]})
        self.assert_success(job)
        self.assertEqual(job.artifacts, [])
        self.assertIn("nothing/*: no matching files. Ensure that the artifact path is relative to the working "
                      "directory", job.text)
        self.assertIn("artifact path is not a subpath of project directory: ../outside", job.text)
        self.assertIn("ERROR: No files to upload", job.text)

    def test_too_large_fails_the_job_and_is_not_tried_again(self):
        self.gitlab.artifact_size_limit = 1000
        job = self.run_job("head -c 100000 /dev/urandom > f", artifacts={"paths": ["f"]})
        self.assert_failed(job, "script_failure", 1)
        self.assertIn('ERROR: Uploading artifacts as "archive" to coordinator... 413 ', job.text)
        self.assertEqual(len(self.gitlab.requests("artifacts_upload", job)), 1)

    def test_a_failed_upload_does_not_hide_the_scripts_failure(self):
        self.gitlab.artifacts_enabled = False
        job = self.run_job(["echo x > f", "exit 5"], artifacts={"paths": ["f"], "when": "always"})
        self.assert_failed(job, "script_failure", 5)

    def test_a_lost_upload_is_repeated_whole(self):
        self.gitlab.fault("artifacts_upload", status=503, times=1)
        self.gitlab.fault("artifacts_upload", action="reset", times=1, skip=1)
        job = self.run_job("head -c 300000 /dev/urandom > f && sha256sum f", artifacts={"paths": ["f"]})
        self.assert_success(job)
        self.assertIn('WARNING: Uploading artifacts as "archive" to coordinator... ', job.text)
        with zipfile.ZipFile(io.BytesIO(archive(job))) as packed:
            self.assertEqual(len(packed.read("f")), 300000)


    def test_redirects_are_followed_to_the_address_that_they_name(self):
        self.allowed.add("unknown_route")
        for status in (307, 308):
            self.gitlab.fault("artifacts_upload", status=status,
                              headers={"Location": "?artifact_format=zip&artifact_type=archive&moved=yes"})
            job = self.run_job("echo x > f", artifacts={"paths": ["f"]})
            self.assert_success(job)
            self.assertEqual(self.gitlab.requests("artifacts_upload", job)[-1].query["moved"], "yes")
            self.gitlab.fault("artifacts_upload", status=status, headers={"Location": "/moved/here"})
            self.assert_success(self.run_job("echo x > f", artifacts={"paths": ["f"]}))
            self.assertEqual(self.gitlab.requests("unknown")[-1].path, "/moved/here")
            self.assertEqual(self.gitlab.requests("unknown")[-1].method, "POST")


class Downloads:
    def make(self, script="mkdir -p out && echo from-first > out/a && chmod 700 out/a && ln -s a out/l"):
        job = self.run_job(script, name="first", artifacts={"paths": ["out"]})
        self.assert_success(job)
        return job

    def test_the_next_job_has_the_files(self):
        first = self.make()
        job = self.run_job(["cat out/a", "stat -c %a out/a", "readlink out/l"], dependencies=[first])
        self.assert_success(job)
        self.assertIn("$ cat out/a\nfrom-first\n", job.text)
        self.assertIn("\n700\n", job.text)
        self.assertIn("$ readlink out/l\na\n", job.text)
        self.assertIn(f"Downloading artifacts for first ({first.id})...\n", job.text)

    def test_a_provenance_statement_is_in_the_archive(self):
        job = self.run_job("mkdir out && echo from-first > out/a", name="first", artifacts={"paths": ["out"], "name": "named"},
                           variables={"RUNNER_GENERATE_ARTIFACTS_METADATA": "true"})
        self.assert_success(job)
        with zipfile.ZipFile(job.artifact("archive").path) as archive:
            statement = json.loads(archive.read("named-metadata.json"))
            digest = hashlib.sha256(archive.read("out/a")).hexdigest()
        self.assertEqual(statement["subject"], [{"name": "out/a", "digest": {"sha256": digest}}])
        predicate = statement["predicate"]
        self.assertEqual(predicate["buildDefinition"]["externalParameters"]["entryPoint"], "first")
        self.assertEqual(set(predicate["buildDefinition"]["externalParameters"].values()) - {"first"},
                         {"", predicate["buildDefinition"]["resolvedDependencies"][0]["uri"]})
        times = predicate["runDetails"]["metadata"]
        self.assertEqual(times["invocationID"], str(job.id))
        self.assertLessEqual(times["startedOn"], times["finishedOn"])

    def test_an_archive_that_is_gone_fails_the_job_before_its_script(self):
        first = self.make()
        job = self.add_job("echo never", after_script=["echo never"], dependencies=[first],
                           payload=lambda payload: first.artifacts.clear())
        self.finish(job)
        self.assert_failed(job, "script_failure", 1)
        self.assertIn("404", job.text)
        self.assertNotIn("\nnever", job.text)

    def test_what_lies_outside_of_the_project_stays_as_it_is(self):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as made:
            made.writestr("../../evil", "x")
        first = self.make()
        with open(first.artifact("archive").path, "wb") as file:
            file.write(packed.getvalue())
        job = self.run_job("echo never", dependencies=[first])
        self.assert_failed(job, "script_failure", 1)
        self.assertIn("path that leaves its directory", job.text)

    def test_a_download_that_is_cut_is_tried_three_times(self):
        first = self.make("head -c 300000 /dev/urandom > out && sha256sum out")
        for options in ({"action": "truncate", "size": 100000}, {"action": "truncate", "size": 0}):
            self.gitlab.fault("artifacts_download", times=2, **options)
            job = self.run_job("sha256sum out", dependencies=[first])
            self.assert_success(job)
            self.assertEqual(job.text.count("; retrying in 1000 ms"), 2)
        self.gitlab.fault("artifacts_download", times=3, action="truncate", size=100000)
        self.assert_failed(self.run_job("true", dependencies=[first]), "script_failure", 1)

    def test_a_download_that_is_cut_goes_on_where_it_ended(self):
        first = self.make("head -c 300000 /dev/urandom > out && sha256sum out")
        size = first.artifact("archive").size
        self.gitlab.ranges = True
        for direct, route in ((False, "artifacts_download"), (True, "storage")):
            self.gitlab.direct_download = direct
            before = len(self.gitlab.requests(route))
            self.gitlab.fault(route, times=3, action="truncate", size=70000)
            job = self.run_job("sha256sum out", dependencies=[first], variables={"FF_USE_DIRECT_DOWNLOAD": str(direct).lower()})
            self.assert_success(job)
            self.assertNotIn("retrying", job.text)
            for cut in (70000, 140000, 210000):
                self.assertIn(f"the connection ended in the middle of the answer; going on after {cut} bytes\n", job.text)
            ranges = [exchange.header("Range") for exchange in self.gitlab.requests(route)[before:]]
            self.assertEqual(ranges, [None, "bytes=70000-", "bytes=140000-", "bytes=210000-"])
        self.assertGreater(size, 210000)

    def test_a_download_of_a_changed_archive_begins_anew(self):
        first = self.make("head -c 300000 /dev/urandom > out && sha256sum out")
        self.gitlab.ranges = True
        self.gitlab.fault("artifacts_download", times=1, action="truncate", size=70000)
        self.gitlab.fault("artifacts_download", times=1, action="answer", status=200, headers={"ETag": '"other"'})
        job = self.run_job("sha256sum out", dependencies=[first])
        self.assert_success(job)
        self.assertEqual(job.text.count("; retrying in 1000 ms"), 1)

    def test_a_failed_download_is_tried_again_when_the_job_allows_it(self):
        first = self.make()
        self.gitlab.fault("artifacts_download", status=502, times=20)
        job = self.add_job("cat out/a", dependencies=[first], variables={"ARTIFACT_DOWNLOAD_ATTEMPTS": "2"})
        self.wait_trace(job, "Retrying...")
        self.gitlab.faults.clear()
        self.assert_success(self.finish(job))


class Caches:
    def cache(self, **more):
        return {"key": "deps", "paths": ["deps/"], **more}

    def test_the_second_job_finds_what_the_first_left(self):
        job = self.run_job("mkdir -p deps && echo kept > deps/x && touch -t 202001010000 deps/x", cache=[self.cache()])
        self.assert_success(job)
        self.assertIn("Checking cache for deps-non_protected...\n", job.text)
        self.assertIn("Failed to extract cache\n", job.text)
        self.assertIn("Creating cache deps-non_protected...\n", job.text)
        self.assertIn("Created cache\n", job.text)
        again = self.run_job("cat deps/x", cache=[self.cache()])
        self.assert_success(again)
        self.assertIn("Successfully extracted cache\n", again.text)
        self.assertIn("$ cat deps/x\nkept\n", again.text)
        self.assertIn("Archive is up to date!", again.text)

    def test_a_deleted_file_is_no_longer_in_the_cache(self):
        self.assert_success(self.run_job("mkdir -p deps && touch deps/x deps/y", cache=[self.cache()]))
        self.assert_success(self.run_job("rm deps/x", cache=[self.cache()]))
        self.assert_success(self.run_job("test ! -e deps/x && test -e deps/y", cache=[self.cache()]))

    def test_policies_and_when(self):
        pull = self.run_job("mkdir -p deps && touch deps/x", cache=[self.cache(policy="pull")])
        self.assertIn("Not uploading cache deps-non_protected due to policy\n", pull.text)
        failed = self.run_job(["mkdir -p deps", "touch deps/x", "exit 1"], cache=[self.cache()])
        self.assertNotIn("Creating cache", failed.text)
        push = self.run_job(["mkdir -p deps", "touch deps/z", "exit 1"],
                            cache=[self.cache(policy="push", when="on_failure")])
        self.assertIn("Not downloading cache deps-non_protected due to policy\n", push.text)
        self.assertIn("Saving cache for failed job\n", push.text)
        self.assert_success(self.run_job("test -e deps/z && test ! -e deps/x", cache=[self.cache()]))

    def test_fallback_keys(self):
        self.assert_success(self.run_job("mkdir -p deps && echo main > deps/x", cache=[self.cache(key="main")]))
        job = self.run_job("cat deps/x", cache=[self.cache(key="branch", fallback_keys=["none", "main-non_protected"])])
        self.assert_success(job)
        self.assertIn("\nmain\n", job.text)
        refused = self.run_job("true", cache=[self.cache(key="other")],
                               variables={"CACHE_FALLBACK_KEY": "main-protected"})
        self.assertNotIn("Checking cache for main-protected", refused.text)

    def test_a_key_cannot_leave_the_project(self):
        job = self.run_job("mkdir -p deps && touch deps/x", cache=[self.cache(key="..%2f../../x")])
        self.assert_success(job)
        self.assertIn('cache key "..%2f../../x-non_protected" sanitized to "x-non_protected"', job.text)

    def test_an_unknown_policy_is_named(self):
        job = self.run_job("echo never", cache=[self.cache(policy="sometimes")])
        self.assertEqual(job.status, "failed")
        self.assertIn("unknown cache policy sometimes for deps-non_protected", job.text)
        self.assertNotIn("$ echo never", job.text)


class ShellUploads(Uploads, Shell):
    def test_an_upload_goes_on_under_the_next_daemon(self):
        self.gitlab.fault("artifacts_upload", action="stall", seconds=30, times=1)
        job = self.add_job("echo x > f", artifacts={"paths": ["f"]})
        self.gitlab.wait_exchange("artifacts_upload", 1, job)
        self.daemons[0].kill()
        self.gitlab.faults.clear()
        self.start()
        self.assert_success(self.finish(job))
        self.assertEqual([a.filename for a in job.artifacts], ["artifacts.zip"])
        self.assertEqual(job.text.count("Uploading artifacts for successful job"), 1)


class ShellDownloads(Downloads, Empty, Shell):
    def test_the_jobs_limit_holds_for_a_download_that_hangs(self):
        first = self.make()
        self.gitlab.fault("artifacts_download", action="stall", seconds=60, times=5)
        job = self.run_job("echo never", dependencies=[first], timeout=2)
        self.assert_failed(job, "job_execution_timeout")
        self.assertNotIn("$ echo never", job.text)


class UploadLimit(SystemCase):
    def test_upload_timeout_ends_an_upload_that_hangs(self):
        self.start_with({"artifact": {"upload_timeout": "2s"}})
        self.gitlab.fault("artifacts_upload", action="stall", seconds=60, times=5)
        job = self.run_job("echo x > f", artifacts={"paths": ["f"]})
        self.assert_failed(job, "script_failure", 1)
        self.assertIn("not done within upload_timeout of [runners.artifact]", job.text)


class ShellCaches(Caches, Empty, Shell):
    pass


class Docker(DockerCase):
    def setUp(self):
        super().setUp()
        self.start_docker()


class DockerUploads(Uploads, Docker):
    pass


class DockerDownloads(Downloads, Empty, Docker):
    images = ("busybox",)

    def test_images_without_tools(self):
        first = self.run_job("mkdir -p out && echo small > out/a", name="first", image=image("busybox"),
                             artifacts={"paths": ["out"]})
        self.assert_success(first)
        self.assert_success(self.run_job("grep small out/a", image=image("busybox"), dependencies=[first]))


class DockerCaches(Caches, Empty, Docker):
    pass


if __name__ == "__main__":
    unittest.main()
