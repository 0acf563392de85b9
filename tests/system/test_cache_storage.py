"""Caches in object storage: real jobs, a storage that checks every signature, and a real S3 server."""

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.support.object_storage import Storage
from tests.support.object_storage.server import Fault
from tests.support.object_storage.identities import Identities
from tests.support.object_storage.signatures import check_aws, check_azure, check_google
from tests.system.docker_harness import DockerCase
from tests.system.harness import PATIENCE, SystemCase, need

ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SAVE = ["mkdir -p vendor && head -c 300000 /dev/urandom > vendor/lib && sha256sum vendor/lib",
        "touch -t 202001010000 vendor/lib"]  # a file that is as new as its archive is saved again
KEY = "deps-non_protected"  # GitLab adds the protection of the ref
CACHE = [{"key": "deps", "paths": ["vendor"]}]
SEE = ["sha256sum vendor/lib || echo none"]


def hash_of(job):
    return re.search(r"([0-9a-f]{64})  vendor/lib", job.text)[1]


def versitygw():
    cache = Path(os.environ.get("RUNNER_DEV_CACHE") or
                 Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "runner-dev")
    return cache / "versitygw/versitygw"


class Strict(SystemCase):
    """Each job begins with an empty project directory."""

    settings: dict = {}

    def start_with_storage(self, address, cache=None, **s3):
        self.secrets.add(SECRET)
        options = {"ServerAddress": address, "AccessKey": ACCESS, "SecretKey": SECRET,
                   "BucketName": "ci-caches", "Insecure": True, **s3}
        return self.start_cached({"Type": "s3", **(cache or {}), "s3": options})

    def start_cached(self, cache, env=None):
        registered = self.gitlab.add_runner()
        self.short = registered.token.removeprefix("glrt-t1_")[:9]
        self.write_config([{"token": registered.token, "cache": cache}])
        return self.start(env=env)

    def job(self, script, **spec):
        job = self.run_job(script, **{"git_strategy": "empty", "cache": CACHE, **spec})
        self.assert_success(job)
        return job

    def forget_local_caches(self):
        shutil.rmtree(self.work / "cache", ignore_errors=True)

    def save_and_restore(self, storage):
        """The name of the object that a job has made and another one has fetched."""
        saved = self.job(SAVE)
        self.forget_local_caches()
        found = self.job(SEE)
        self.assertEqual(hash_of(found), hash_of(saved))
        self.assertIn("Downloading cache from", found.text)
        self.assertEqual(len(storage.objects), 1)
        return next(iter(storage.objects))

    def storage(self, check=None, **options):
        storage = Storage(check) if check else Storage.s3({ACCESS: SECRET}, **options)
        self.addCleanup(lambda: self.assertEqual(storage.refused, self.refusals))
        self.refusals = []
        storage.__enter__()
        self.addCleanup(storage.__exit__)
        return storage

    def test_a_cache_goes_through_the_storage(self):
        storage = self.storage()
        self.start_with_storage(storage.address)
        saved = self.job(SAVE)
        name = f"/ci-caches/runner/{self.short}/project/42/deps-non_protected"
        self.assertEqual(list(storage.objects), [name])
        self.assertEqual(storage.objects[name].headers["x-amz-meta-cachekey"], KEY)
        self.assertIn(f"Checking cache for {KEY}...\nWARNING: file does not exist\n"
                      "Failed to extract cache\n", saved.text)
        self.assertIn(f"Uploading cache.zip to http://{storage.address}{name}\nCreated cache", saved.text)
        # The next job has the archive on this host already.
        again = self.job(SEE)
        self.assertEqual(hash_of(again), hash_of(saved))
        self.assertIn("cache.zip is up to date", again.text)
        self.assertIn("Archive is up to date!", again.text)
        self.assertNotIn("Uploading", again.text)
        # A job on another machine has not.
        self.forget_local_caches()
        elsewhere = self.job(SEE)
        self.assertEqual(hash_of(elsewhere), hash_of(saved))
        self.assertRegex(elsewhere.text, re.escape(f"Downloading cache from http://{storage.address}{name}  ETag=")
                         + '"[0-9a-f]+"\nSuccessfully extracted cache')
        self.assertEqual([seen.split()[0] for seen in storage.seen],
                         ["HEAD", "PUT", "HEAD", "HEAD", "HEAD", "GET", "HEAD"])

    def test_names_fallbacks_and_limits(self):
        storage = self.storage(region="eu-west-1")
        self.start_with_storage(storage.address, {"Path": "team/", "Shared": True, "MaxUploadedArchiveSize": 400000},
                                BucketLocation="eu-west-1", ServerSideEncryption="KMS",
                                ServerSideEncryptionKeyID="key-1")
        saved = self.job(SAVE, cache=[{"key": "main", "paths": ["vendor"]}])
        name = "/ci-caches/team/project/42/main-non_protected"
        self.assertEqual(list(storage.objects), [name])
        self.assertEqual(storage.objects[name].headers["x-amz-server-side-encryption"], "aws:kms")
        self.assertEqual(storage.objects[name].headers["x-amz-server-side-encryption-aws-kms-key-id"], "key-1")
        self.forget_local_caches()
        found = self.job(SEE, cache=[{"key": "new", "paths": ["vendor"], "policy": "pull",
                                      "fallback_keys": ["none", "main-non_protected"]}])
        self.assertEqual(hash_of(found), hash_of(saved))
        self.assertIn("Checking cache for none...\n", found.text)
        large = self.job(["mkdir vendor && head -c 500000 /dev/urandom > vendor/lib && sha256sum vendor/lib"],
                         cache=[{"key": "large", "paths": ["vendor"]}])
        self.assertRegex(large.text, r"Cache archive size \(50\d+\) is too big \(Limit is set to 400000\)\. Cache will "
                                     r"be stored only locally\.\nCreated cache")
        self.assertEqual(list(storage.objects), [name])
        local = self.job(SEE, cache=[{"key": "large", "paths": ["vendor"], "policy": "pull"}])
        self.assertEqual(hash_of(local), hash_of(large))
        self.assertIn("This cache is only on this host", local.text)

    def test_a_cut_download_goes_on_where_it_stopped(self):
        storage = self.storage()
        self.start_with_storage(storage.address)
        saved = self.job(SAVE)
        self.forget_local_caches()
        storage.faults = [Fault("GET", bytes=100000), Fault("HEAD", status=503)]
        self.refusals = ["Busy: later"]
        found = self.job(SEE)
        self.assertEqual(hash_of(found), hash_of(saved))
        self.assertEqual(len(storage.ranges), 1)
        self.assertRegex(storage.ranges[0], r"bytes=[1-9]\d*-$")
        self.assertIn("retrying in 1000 ms", found.text)

    def test_the_copy_on_this_host_is_used_when_the_storage_refuses(self):
        storage = self.storage()
        self.start_with_storage(storage.address)
        saved = self.job(SAVE)
        storage.check = lambda request, now: "SignatureDoesNotMatch"
        found = self.job(SEE)
        self.refusals = storage.refused[:]
        self.assertEqual(hash_of(found), hash_of(saved))
        self.assertIn("WARNING: 403 Forbidden (AccessDenied: SignatureDoesNotMatch); the copy of the cache on this host "
                      "is used", found.text)
        self.assertIn("only on this host\nFailed to create cache", self.job(SAVE).text)
        self.refusals = storage.refused[:]

    def test_a_wrong_configuration_is_named_in_both_logs(self):
        daemon = self.start_with_storage("storage:9000", BucketName="")
        job = self.job(SAVE)
        self.assertIn("runners.cache.s3 has no BucketName: name the bucket of the caches; caches stay on this host",
                      daemon.log)
        self.assertIn("The object storage of caches is not used: runners.cache.s3 has no BucketName", job.text)
        self.assertIn("No URL provided, cache will not be uploaded to shared cache server.", job.text)


    def test_google_cloud_storage(self):
        private, public = self.directory / "key.pem", self.directory / "public.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-out", private], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
        credentials = self.directory / "account.json"
        credentials.write_text(json.dumps({"type": "service_account", "client_email": "ci@example.com",
                                           "private_key": private.read_text()}))
        storage = self.storage(lambda request, now: check_google(request, "ci@example.com", str(public), now))
        self.start_cached({"Type": "gcs", "MaxUploadedArchiveSize": 10000000,
                         "gcs": {"CredentialsFile": str(credentials), "BucketName": "ci-caches"}},
                        env={"STORAGE_EMULATOR_HOST": storage.address})
        name = self.save_and_restore(storage)
        self.assertEqual(name, f"/ci-caches/runner/{self.short}/project/42/deps-non_protected")
        self.assertEqual(storage.objects[name].headers["x-goog-meta-cachekey"], KEY)
        self.assertEqual(storage.objects[name].headers["x-goog-content-length-range"], "0,10000000")

    def test_azure_blob_storage(self):
        key = base64.b64encode(b"account key").decode()
        self.secrets.add(key)
        storage = self.storage(lambda request, now: check_azure(request, "team", key, now))
        self.start_cached({"Type": "azure", "azure": {"AccountName": "team", "AccountKey": key, "ContainerName": "ci-caches",
                                                    "StorageDomain": storage.address}})
        name = self.save_and_restore(storage)
        self.assertEqual(name, f"/team/ci-caches/runner/{self.short}/project/42/deps-non_protected")
        self.assertEqual(storage.objects[name].headers["x-ms-blob-type"], "BlockBlob")
        self.assertEqual(storage.objects[name].headers["x-ms-meta-cachekey"], KEY)


    def identities(self, **options):
        services = Identities(**options)
        self.addCleanup(lambda: self.assertEqual(services.refused, []))
        services.__enter__()
        self.addCleanup(services.__exit__)
        return services

    def test_s3_by_the_role_of_the_machine(self):
        """The instance takes another role. Both identities serve all jobs of the daemon."""
        services = self.identities(region="eu-west-1")
        access, secret, token = Identities.ROLE
        self.secrets.update({secret, token, Identities.INSTANCE[1], Identities.INSTANCE[2]})
        storage = self.storage(lambda request, now: check_aws(request, {access: secret}, {access: token},
                                                              "eu-west-1", now))
        self.start_cached({"Type": "s3", "s3": {
            "ServerAddress": storage.address, "BucketName": "ci-caches", "BucketLocation": "eu-west-1", "Insecure": True,
            "AuthenticationType": "iam", "RoleARN": "arn:aws:iam::123456789012:role/caches",
            "ServerSideEncryption": "KMS", "ServerSideEncryptionKeyID": "key-1"}},
            env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": services.url, "AWS_ENDPOINT_URL_STS": services.url,
                 "HOME": str(self.directory)})
        name = self.save_and_restore(storage)
        self.assertEqual(storage.objects[name].headers["x-amz-server-side-encryption-aws-kms-key-id"], "key-1")
        self.assertEqual(services.seen, ["PUT /latest/api/token", "GET /latest/meta-data/iam/security-credentials/",
                                         "GET /latest/meta-data/iam/security-credentials/ci-role", "POST /"])

    def test_s3_by_temporary_keys(self):
        storage = self.storage(tokens={ACCESS: "session token"})
        self.secrets.add("session token")
        self.start_with_storage(storage.address, SessionToken="session token")
        self.save_and_restore(storage)

    def test_s3_by_two_roles_that_are_taken_for_each_job(self):
        services = self.identities()
        reads, writes = Identities.ROLE, Identities.UPLOAD_ROLE
        self.secrets.update({*reads[1:], *writes[1:]})

        def check(request, now):
            access, secret, token = writes if request.method == "PUT" else reads
            return check_aws(request, {access: secret}, {access: token}, "us-east-1", now)
        storage = self.storage(check)
        role = "arn:aws:iam::123456789012:role/"
        self.start_cached({"Type": "s3", "s3": {
            "ServerAddress": storage.address, "BucketName": "ci-caches", "Insecure": True, "AuthenticationType": "iam",
            "RoleARN": role + "caches", "UploadRoleARN": role + "uploads", "DisableAssumeRoleCredentialsCaching": True}},
            env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": services.url, "AWS_ENDPOINT_URL_STS": services.url,
                 "HOME": str(self.directory)})
        self.job(SAVE)
        self.assertEqual(services.seen.count("POST /"), 2)
        self.forget_local_caches()
        self.job(SEE)
        self.assertEqual(services.seen.count("POST /"), 3, "the second job only reads")

    def test_google_and_azure_by_the_identity_of_the_machine(self):
        services = self.identities()
        self.secrets.add(Identities.TOKEN)

        def bearer(request, now):
            return "" if request.headers.get("authorization") == f"Bearer {Identities.TOKEN}" else "no token"
        google, azure = self.storage(bearer), self.storage(bearer)
        tokens = [self.gitlab.add_runner(), self.gitlab.add_runner(tags=["azure"], run_untagged=False)]
        self.write_config([
            {"token": tokens[0].token, "cache": {"Type": "gcs", "gcs": {"BucketName": "ci-caches"}}},
            {"token": tokens[1].token, "cache": {"Type": "azure", "azure": {
                "AccountName": "team", "ContainerName": "ci-caches", "StorageDomain": azure.address}}}])
        self.start(env={"STORAGE_EMULATOR_HOST": google.address, "GCE_METADATA_HOST": services.host,
                        "AZURE_POD_IDENTITY_AUTHORITY_HOST": services.url, "HOME": str(self.directory)})
        self.save_and_restore(google)
        self.job(SAVE, tags=["azure"])
        self.assertEqual(len(azure.objects), 1)

    def test_google_by_the_role_of_a_machine_on_aws(self):
        """Workload identity federation, in the file that gcloud makes for AWS."""
        services = self.identities(region="eu-west-1")
        self.secrets.update({Identities.TOKEN, *Identities.INSTANCE[1:]})
        storage = self.storage(lambda request, now: "" if request.headers.get("authorization") ==
                               f"Bearer {Identities.TOKEN}" else "no token")
        credentials = self.directory / "federation.json"
        credentials.write_text(json.dumps({
            "type": "external_account", "audience": Identities.AUDIENCE, "token_url": services.url + "/v1/token",
            "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
            "credential_source": {
                "environment_id": "aws1", "region_url": services.url + "/latest/meta-data/placement/availability-zone",
                "url": services.url + "/latest/meta-data/iam/security-credentials",
                "imdsv2_session_token_url": services.url + "/latest/api/token",
                "regional_cred_verification_url":
                    "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"}}))
        self.start_cached({"Type": "gcs", "gcs": {"CredentialsFile": str(credentials), "BucketName": "ci-caches"}},
                          env={"STORAGE_EMULATOR_HOST": storage.address, "HOME": str(self.directory)})
        self.save_and_restore(storage)
        self.assertEqual(services.seen.count("POST /v1/token"), 1)

    def test_a_key_with_a_line_break(self):
        storage = self.storage()
        self.start_with_storage(storage.address)
        cache = [{"key": "a\nb", "paths": ["vendor"]}]
        saved = self.job(SAVE, cache=cache)
        self.forget_local_caches()
        self.assertEqual(hash_of(self.job(SEE, cache=cache)), hash_of(saved))

    def test_the_check_of_the_configuration_reads_the_files_of_credentials(self):
        (self.directory / "account.json").write_text(json.dumps({"client_email": "a@b", "private_key": "none"}))
        self.write_config([
            {"token": "glrt-1", "cache": {"Type": "gcs", "gcs": {"BucketName": "b", "CredentialsFile": path}}}
            for path in ("/none.json", str(self.directory / "account.json"))])
        checked = self.command("config", "lint")
        self.assertEqual(checked.code, 1)
        self.assertIn("runners.cache.gcs.CredentialsFile: ", checked.stdout)
        self.assertIn("the private key is not an RSA key in PEM format", checked.stdout)


class RealS3(DockerCase):
    """The storage is versitygw, the job runs in a container."""

    def setUp(self):
        super().setUp()
        need(versitygw().exists(), "versitygw (./dev test builds it)")
        data = self.directory / "s3"
        (data / "ci-caches").mkdir(parents=True)
        (self.directory / "meta").mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.server = subprocess.Popen([str(versitygw()), "--port", self.address, "--access", ACCESS, "--secret", SECRET,
                                        "--quiet", "posix", "--sidecar", str(self.directory / "meta"), str(data)],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       cwd="/", env={"PATH": os.environ["PATH"]})
        deadline = time.monotonic() + 20 * PATIENCE
        while not self._answers():
            self.assertLess(time.monotonic(), deadline, "versitygw does not answer")
            time.sleep(0.05)
        self.data = data

    def tearDown(self):
        self.server.kill()
        self.server.wait()
        super().tearDown()

    def _answers(self):
        try:
            urllib.request.urlopen(f"http://{self.address}/", timeout=5)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def test_a_cache_of_a_container_goes_through_a_real_server(self):
        s3 = {"ServerAddress": self.address, "AccessKey": ACCESS, "SecretKey": SECRET, "BucketName": "ci-caches",
              "Insecure": True}
        # Without /cache as a volume, nothing of a cache stays on this host.
        self.start_docker({"cache": {"Type": "s3", "s3": s3}}, volumes=[])
        saved = self.run_job(SAVE, git_strategy="empty", cache=CACHE)
        self.assert_success(saved)
        self.assertIn("Created cache", saved.text)
        found = self.run_job(SEE, git_strategy="empty", cache=CACHE)
        self.assert_success(found)
        self.assertEqual(hash_of(found), hash_of(saved))
        self.assertIn("Downloading cache from", found.text)
        self.assertTrue((self.data / f"ci-caches/runner/{self.short}/project/42/deps-non_protected").is_file())

    def test_a_large_cache_is_sent_in_parts_and_fetched_in_ranges(self):
        s3 = {"ServerAddress": self.address, "AccessKey": ACCESS, "SecretKey": SECRET, "BucketName": "ci-caches",
              "Insecure": True}
        self.start_docker({"cache": {"Type": "s3", "s3": s3}}, volumes=[])
        spec = {"git_strategy": "empty", "cache": CACHE, "variables": {"CACHE_CHUNK_SIZE": "5242880"}}
        saved = self.run_job(["mkdir vendor && head -c 22000000 /dev/urandom > vendor/lib && sha256sum vendor/lib"], **spec)
        self.assert_success(saved)
        self.assertIn("Created cache", saved.text)
        found = self.run_job(SEE, **spec)
        self.assert_success(found)
        self.assertEqual(hash_of(found), hash_of(saved))
        # The ETag of an object that came in parts has their number.
        self.assertRegex(found.text, r'ETag="?[0-9a-f]+-5"?\n')
