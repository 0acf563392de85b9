"""The custom executor and caches in object storage: the program where the scripts run gets signed addresses, and never
the daemon's credentials."""

import base64
import subprocess

from tests.support.object_storage import Storage
from tests.support.object_storage.identities import Identities
from tests.support.object_storage.signatures import Delegation, check_aws, check_azure_delegated, check_google
from tests.system.test_custom_executor import RUN, CustomCase

# Stands for the official program: it sends and fetches by the addresses that it is given.
PROGRAM = """#!/usr/bin/env python3
import os, pathlib, sys, urllib.error, urllib.request
if sys.argv[1:] == ["--version"]:
    sys.exit(0)
command, arguments = sys.argv[1], sys.argv[2:]
with open(os.environ["HOME"] + "/../../calls", "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
flags = list(zip(arguments[::2], arguments[1::2]))
values = dict(flags)
headers = dict(value.split(": ", 1) for flag, value in flags if flag == "--header")
sends = command == "cache-archiver"
request = urllib.request.Request(values["--url"], data=b"an archive" if sends else None, headers=headers,
                                 method="PUT" if sends else "GET")
try:
    with urllib.request.urlopen(request, timeout=30) as answer:
        print(command, "got", answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(command, "got", error.code)
    sys.exit(1)
"""


class Links(CustomCase):
    def setUp(self):
        super().setUp()
        place = self.directory / "room-bin"
        place.mkdir()
        (place / "gitlab-runner").write_text(PROGRAM)
        (place / "gitlab-runner").chmod(0o755)
        self.write_program("run", f'cat "$1" >> {self.directory}/scripts\n' + RUN)

    def start_cached(self, cache, env):
        self.write_config([{"custom": self.settings, "cache": cache}])
        return self.start(env={"HOME": str(self.directory), **env})

    def storage(self, check):
        storage = Storage(check)
        storage.__enter__()
        self.addCleanup(storage.__exit__)
        return storage

    def identities(self, **options):
        services = Identities(**options)
        services.__enter__()
        self.addCleanup(services.__exit__)
        self.secrets.update({Identities.TOKEN, Identities.SIGNING_TOKEN})
        return services

    def job(self):
        job = self.run_job("true", cache=[{"key": "deps", "paths": ["vendor"]}])
        self.assert_success(job)
        return job

    def seen_by_the_job(self):
        """Its scripts, and the arguments of the program."""
        return (self.directory / "scripts").read_text() + (self.directory / "calls").read_text()

    def save_and_restore(self, storage, *secrets):
        first, second = self.job(), self.job()
        self.assertIn("cache-extractor got 404\n", first.text)
        self.assertIn("cache-archiver got 200", first.text)
        self.assertIn("cache-extractor got 200 an archive\n", second.text)
        self.assertEqual([made.content for made in storage.objects.values()], [b"an archive"])
        self.assertEqual(storage.refused, [])
        seen = self.seen_by_the_job()
        for secret in (*secrets, "Bearer", "authorization"):
            self.assertNotIn(secret, seen)

    def keys(self):
        private, public = self.directory / "key.pem", self.directory / "public.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-out", private], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
        return str(private), str(public)

    def google_settings(self, storage, services):
        return {"STORAGE_EMULATOR_HOST": storage.address, "GCE_METADATA_HOST": services.host,
                "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS": services.url}

    def test_google_by_the_identity_of_the_machine(self):
        private, public = self.keys()
        services = self.identities(private_key=private)
        storage = self.storage(lambda request, now: check_google(request, Identities.ACCOUNT, public, now))
        self.start_cached({"Type": "gcs", "gcs": {"BucketName": "ci-caches"}}, self.google_settings(storage, services))
        self.save_and_restore(storage, Identities.TOKEN, Identities.SIGNING_TOKEN)
        self.assertEqual(services.refused, [])

    def test_google_when_the_account_may_not_sign(self):
        """The cache is not used, and the log says what to do."""
        services = self.identities()
        storage = self.storage(lambda request, now: "nobody may come")
        self.start_cached({"Type": "gcs", "gcs": {"BucketName": "ci-caches"}}, self.google_settings(storage, services))
        self.write_stub_without_addresses()
        job = self.job()
        self.assertIn("The object storage of caches is not used: sign an address as " + Identities.ACCOUNT, job.text)
        self.assertIn('give the account the role "Service Account Token Creator" for itself, or use the key of a '
                      "service account", job.text)
        self.assertEqual(storage.seen, [])
        seen = self.seen_by_the_job()
        for word in (Identities.TOKEN, Identities.SIGNING_TOKEN, "--url", "--header"):
            self.assertNotIn(word, seen)

    def write_stub_without_addresses(self):
        (self.directory / "room-bin" / "gitlab-runner").write_text(
            '#!/bin/sh\n[ "$1" = --version ] && exit 0\nprintf "%s\\n" "$*" >> "$HOME/../../calls"\n')

    def test_azure_by_the_identity_of_the_machine(self):
        services = self.identities()
        delegation = Delegation("object", "tenant", "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z",
                                base64.b64encode(b"delegated key").decode())
        self.secrets.add(delegation.key)
        storage = self.storage(lambda request, now: check_azure_delegated(request, "team", delegation, now))
        storage.delegation, storage.delegate_token = delegation, Identities.TOKEN
        self.start_cached({"Type": "azure", "azure": {"AccountName": "team", "ContainerName": "ci-caches",
                                                      "StorageDomain": storage.address}},
                          {"AZURE_POD_IDENTITY_AUTHORITY_HOST": services.url})
        self.save_and_restore(storage, Identities.TOKEN, delegation.key)
        self.assertEqual(services.refused, [])

    def test_aws_by_a_role(self):
        """A presigned address needs the session token in its query, as officially; its key stays with the daemon."""
        services = self.identities()
        access, secret, token = Identities.ROLE
        storage = self.storage(lambda request, now: check_aws(request, {access: secret}, {access: token},
                                                              "us-east-1", now))
        self.start_cached({"Type": "s3", "s3": {
            "ServerAddress": storage.address, "BucketName": "ci-caches", "Insecure": True, "AuthenticationType": "iam",
            "RoleARN": "arn:aws:iam::123456789012:role/caches"}},
            {"AWS_EC2_METADATA_SERVICE_ENDPOINT": services.url, "AWS_ENDPOINT_URL_STS": services.url})
        self.save_and_restore(storage, secret, *Identities.INSTANCE[1:])
        self.assertEqual(services.refused, [])
