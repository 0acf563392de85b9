"""The calls of a job: state, log, artifacts, cancel."""

import io
import os
import time
import unittest
import zipfile

from tests.support.gitlab.tests.test_runners import ServerCase


class JobCase(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        self.runner = self.gitlab.add_runner()

    def take(self, **spec):
        job = self.gitlab.add_job("true", **spec)
        payload = self.client.request_job(self.runner.token).json()
        self.client.put(payload, "running")
        return job, payload


class Trace(JobCase):
    def test_append_and_finish(self):
        job, payload = self.take()
        first = self.client.patch(payload, 0, b"hello ")
        self.assertEqual(first.status, 202)
        self.assertEqual((first.headers["Range"], first.headers["Job-Status"]),
                         ("0-6", "running"))
        self.assertEqual(first.headers["X-GitLab-Trace-Update-Interval"], "1")
        self.client.patch(payload, 6, b"world")
        done = self.client.put(payload, "success", b"hello world")
        self.assertEqual((done.status, done.headers["Job-Status"]), (200, "success"))
        self.assertEqual((job.trace, job.status), (b"hello world", "success"))
        self.assertEqual(self.rules(), [])

    def test_wrong_start_is_416(self):
        _, payload = self.take()
        self.client.patch(payload, 0, b"hello")
        answer = self.client.patch(payload, 9, b"x")
        self.assertEqual((answer.status, answer.headers["Range"]), (416, "0-5"))
        answer = self.client.patch(payload, 2, b"x")
        self.assertEqual(answer.status, 416)
        self.assertEqual(self.rules(), ["gap", "duplicate_bytes"])

    def test_a_truncated_log_is_no_fault_of_the_runner(self):
        job, payload = self.take()
        self.client.patch(payload, 0, b"hello")
        job.trace_log.truncate(2)
        self.assertEqual(self.client.patch(payload, 5, b"x").headers["Range"], "0-2")
        self.assertEqual(self.client.patch(payload, 2, b"llo").status, 202)
        self.assertEqual(self.client.put(payload, "success", b"hello").status, 200)
        self.assertEqual(self.rules(), [])

    def test_refusals(self):
        _, payload = self.take()
        path = f"/api/v4/jobs/{payload['id']}/trace"
        token = {"Job-Token": payload["token"]}
        self.assertEqual(self.client.call("PATCH", path, b"x", token).status, 400)
        self.assertEqual(self.client.call("PATCH", path, b"x", {"Content-Range": "0-0"}).status,
                         403)
        wrong = {**payload, "token": "glcbt-wrong"}
        self.assertEqual(self.client.patch(wrong, 0, b"x").status, 403)
        self.assertEqual(self.client.put(wrong, "running").status, 403)

    def test_violations_of_a_patch(self):
        _, payload = self.take()
        self.client.patch(payload, 0, b"x" * (1024 * 1024 + 1))
        self.client.patch(payload, 1024 * 1024 + 1, b"abc", **{"Content-Range": "1048577-1048577"})
        self.assertEqual(self.rules(), ["patch_size", "content_range"])

    def test_size_limit(self):
        job, payload = self.take()
        self.gitlab.trace_size_limit = 10
        self.assertEqual(self.client.patch(payload, 0, b"x" * 11).status, 403)
        self.assertEqual((job.status, job.failure_reason), ("failed", "trace_size_exceeded"))

    def test_rate_limit(self):
        _, payload = self.take()
        self.gitlab.job_rate_limit = 3
        statuses = [self.client.patch(payload, n, b"x").status for n in range(4)]
        self.assertEqual(statuses, [202, 202, 202, 429])

    def test_a_thousand_patches_are_cheap(self):
        job, payload = self.take()
        block = b"x" * (1024 * 1024)
        begun = time.process_time()
        for number in range(100):
            self.client.patch(payload, number * len(block), block)
        self.assertEqual(job.trace_log.size, 100 * len(block))
        self.assertLess(time.process_time() - begun, 3.0)


class Update(JobCase):
    def test_body_token_is_demanded(self):
        _, payload = self.take()
        answer = self.client.call("PUT", f"/api/v4/jobs/{payload['id']}", {"state": "running"},
                                  {"Job-Token": payload["token"]})
        self.assertEqual((answer.status, answer.json()), (400, {"error": "token is missing"}))
        self.assertEqual(self.client.put(payload, "pending").status, 400)

    def test_failure_reason_and_exit_code(self):
        job, payload = self.take()
        self.client.put(payload, "failed", failure_reason="script_failure", exit_code=42)
        self.assertEqual((job.status, job.failure_reason, job.exit_code),
                         ("failed", "script_failure", 42))
        job, payload = self.take()
        self.client.put(payload, "failed", failure_reason="image_pull_failure")
        self.assertEqual(job.failure_reason, "unknown_failure")
        self.assertEqual(self.rules(), ["failure_reason"])

    def test_202_then_200(self):
        job, payload = self.take(final_202=2)
        self.client.patch(payload, 0, b"log")
        for _ in range(2):
            answer = self.client.put(payload, "success", b"log")
            self.assertEqual((answer.status, answer.headers["X-GitLab-Trace-Update-Interval"]),
                             (202, "1"))
            self.assertEqual(job.status, "running")
        self.assertEqual(self.client.put(payload, "success", b"log").status, 200)

    def test_412_wants_the_whole_log_again(self):
        job, payload = self.take(final_412=1)
        self.client.patch(payload, 0, b"log")
        self.assertEqual(self.client.put(payload, "success", b"log").status, 412)
        self.assertEqual(self.client.patch(payload, 0, b"log").status, 202)
        self.assertEqual(self.client.put(payload, "success", b"log").status, 200)
        self.assertEqual((job.trace, self.rules()), (b"log", []))

    def test_wrong_checksum(self):
        _, payload = self.take()
        self.client.patch(payload, 0, b"log")
        self.assertEqual(self.client.put(payload, "success", b"lox").status, 200)
        self.assertEqual(self.rules(), ["checksum"])
        self.gitlab.strict_checksum = True
        _, payload = self.take()
        self.client.patch(payload, 0, b"log")
        self.assertEqual(self.client.put(payload, "success", b"lox").status, 412)

    def test_after_final(self):
        _, payload = self.take()
        self.client.put(payload, "success")
        answer = self.client.put(payload, "success")
        self.assertEqual((answer.status, answer.headers["Job-Status"]), (403, "success"))
        self.assertEqual(self.client.patch(payload, 0, b"x").status, 403)
        self.assertEqual(self.rules(), ["after_final", "after_final"])

    def test_a_lost_final_answer_may_be_asked_for_again(self):
        _, payload = self.take()
        self.gitlab.fault("update", "reset", apply=True)
        with self.assertRaises(OSError):
            self.client.put(payload, "success")
        self.assertEqual(self.client.put(payload, "success").status, 403)
        self.assertEqual(self.rules(), [])


class Cancel(JobCase):
    def test_graceful(self):
        job, payload = self.take()
        self.gitlab.cancel(job)
        self.assertEqual(self.client.patch(payload, 0, b"x").headers["Job-Status"], "canceling")
        self.assertEqual(self.client.put(payload, "running").headers["Job-Status"], "canceling")
        answer = self.client.put(payload, "failed", b"x", failure_reason="unknown_failure")
        self.assertEqual((answer.status, job.status), (200, "canceled"))

    def test_forced(self):
        job, payload = self.take()
        self.gitlab.cancel(job, force=True)
        answer = self.client.patch(payload, 0, b"x")
        self.assertEqual((answer.status, answer.headers["Job-Status"]), (403, "canceled"))

    def test_waiting_job(self):
        job = self.gitlab.add_job("true")
        self.gitlab.cancel(job)
        self.assertEqual(job.status, "canceled")
        self.assertEqual(self.client.request_job(self.runner.token).status, 204)


def multipart(name: str, filename: str, data: bytes) -> tuple[bytes, dict[str, str]]:
    head = (f'--xyz\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n").encode()
    return head + data + b"\r\n--xyz--\r\n", {
        "Content-Type": "multipart/form-data; boundary=xyz"}


class Artifacts(JobCase):
    def upload(self, payload, data=b"zip", query="artifact_format=zip&artifact_type=archive",
               name="file", filename="artifacts.zip"):
        body, headers = multipart(name, filename, data)
        headers["Job-Token"] = payload["token"]
        headers["Expect"] = "100-continue"
        return self.client.call(
            "POST", f"/api/v4/jobs/{payload['id']}/artifacts?{query}",
            iter([body[i:i + 1000] for i in range(0, len(body), 1000)]), headers,
            encode_chunked=True)

    def test_upload_and_download(self):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("out/a.bin", os.urandom(3 * 1024 * 1024))
        job, payload = self.take()
        answer = self.upload(payload, file.getvalue())
        self.assertEqual((answer.status, answer.json()), (201, 201))
        self.assertEqual(job.artifact().read(), file.getvalue())
        self.client.put(payload, "success")
        after = self.gitlab.add_job("true", dependencies=[job])
        second = self.client.request_job(self.runner.token).json()
        self.assertEqual(second["dependencies"][0]["artifacts_file"],
                         {"filename": "artifacts.zip", "size": len(file.getvalue())})
        path = f"/api/v4/jobs/{job.id}/artifacts"
        token = {"Job-Token": second["dependencies"][0]["token"]}
        self.assertEqual(self.client.call("GET", path, None, token).body, file.getvalue())
        self.gitlab.direct_download = True
        moved = self.client.call("GET", path + "?direct_download=true", None, token)
        self.assertEqual(moved.status, 302)
        place = moved.headers["Location"].removeprefix(self.gitlab.url)
        self.assertEqual(self.client.call("GET", place).body, file.getvalue())
        self.assertEqual(self.client.call("GET", path).status, 403)
        path = f"/api/v4/jobs/{after.id}/artifacts"
        self.assertEqual(self.client.call("GET", path, None, token).status, 404)
        self.assertEqual(self.rules(), [])

    def test_refusals(self):
        _, payload = self.take()
        self.assertEqual(self.upload(payload, query="artifact_format=raw").status, 400)
        self.assertEqual(self.upload(payload, name="other").status, 400)
        self.assertEqual(self.upload({**payload, "token": "x"}).status, 403)
        self.gitlab.artifact_size_limit = 10
        self.assertEqual(self.upload(payload, b"x" * 11).status, 413)
        self.gitlab.artifacts_enabled = False
        self.assertEqual(self.upload(payload).status, 405)

    def test_twice(self):
        _, payload = self.take()
        self.assertEqual(self.upload(payload).status, 201)
        self.assertEqual(self.upload(payload).status, 201)
        self.assertEqual(self.upload(payload, b"other").status, 400)

    def test_a_part_that_looks_like_a_boundary(self):
        data = b"\r\n--xy\r\n" + b"\r\n--" * 100_000 + b"\r\n--xy"
        job, payload = self.take()
        self.assertEqual(self.upload(payload, data).status, 201)
        self.assertEqual(job.artifact().read(), data)
        self.assertFalse(os.listdir(os.path.join(self.gitlab.data, "scratch")))


class Payload(JobCase):
    def test_shape(self):
        job = self.gitlab.add_job(
            "echo $A", before_script=["echo b"], after_script=["echo c"], image="debian:12",
            variables={"A": "1", "S": {"value": "secret", "masked": True, "public": False},
                       "F": {"value": "x", "file": True}}, services=["redis"], timeout=60)
        payload = self.client.request_job(self.runner.token).json()
        names = [step["name"] for step in payload["steps"]]
        self.assertEqual(names, ["script", "after_script"])
        self.assertEqual(payload["steps"][0]["script"], ["echo b", "echo $A"])
        self.assertEqual(payload["image"]["name"], "debian:12")
        self.assertEqual(payload["services"][0]["name"], "redis")
        self.assertEqual(payload["runner_info"]["timeout"], 60)
        found = {v["key"]: v for v in payload["variables"]}
        self.assertEqual(found["CI_JOB_ID"]["value"], str(job.id))
        self.assertEqual(found["S"], {"key": "S", "value": "secret", "public": False,
                                      "masked": True})
        self.assertTrue(found["F"]["file"])
        self.assertNotIn("raw", found["A"])
        self.assertNotIn("run", payload)

    def test_overlay_and_raw(self):
        self.gitlab.add_job("true", payload={"job_info": {"queue_size": None}, "cache": ...})
        payload = self.client.request_job(self.runner.token).json()
        self.assertIsNone(payload["job_info"]["queue_size"])
        self.assertNotIn("cache", payload)
        self.gitlab.add_job("true", raw_payload=b"{broken")
        self.assertEqual(self.client.request_job(self.runner.token).body, b"{broken")


if __name__ == "__main__":
    unittest.main()
