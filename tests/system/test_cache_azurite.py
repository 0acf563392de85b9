"""Caches in Azurite, Microsoft's emulator of Azure Blob Storage, which checks signatures as Azure does."""

import base64
import datetime
import hashlib
import hmac
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.system.harness import PATIENCE, SystemCase, need
from tests.system.test_cache_storage import CACHE, KEY, SAVE, SEE, hash_of

# The account that every Azurite has; its key is in Microsoft's documentation.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
CONTAINER = "ci-caches"


def azurite():
    cache = Path(os.environ.get("RUNNER_DEV_CACHE") or
                 Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "runner-dev")
    return cache / "azurite/node_modules/.bin/azurite-blob"


class RealAzure(SystemCase):
    """Each job begins with an empty project directory."""

    def setUp(self):
        super().setUp()
        need(azurite().exists(), "azurite (./dev test installs it)")
        self.secrets.add(ACCOUNT_KEY)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        data = self.directory / "blobs"
        self.server = subprocess.Popen([str(azurite()), "--blobHost", "127.0.0.1", "--blobPort", str(port), "--location",
                                        str(data), "--silent", "--disableTelemetry"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        self.addCleanup(self._stop)
        deadline = time.monotonic() + 20 * PATIENCE
        while not self._make_container():
            self.assertLess(time.monotonic(), deadline, "azurite does not answer")
            time.sleep(0.05)

    def tearDown(self):
        self._stop()  # its command line names the test's directory, so it would count as left over
        super().tearDown()

    def _stop(self):
        self.server.kill()
        self.server.wait()

    def _make_container(self):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
        headers = f"x-ms-date:{now}\nx-ms-version:2020-12-06\n"
        text = "PUT" + "\n" * 12 + headers + f"/{ACCOUNT}/{ACCOUNT}/{CONTAINER}\nrestype:container"
        digest = hmac.new(base64.b64decode(ACCOUNT_KEY), text.encode(), hashlib.sha256).digest()
        request = urllib.request.Request(
            f"http://{self.address}/{ACCOUNT}/{CONTAINER}?restype=container", method="PUT",
            headers={"x-ms-date": now, "x-ms-version": "2020-12-06",
                     "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status == 201
        except urllib.error.HTTPError as error:
            raise AssertionError(f"the container cannot be made: {error} {error.read()!r}") from error
        except OSError:
            return False

    def start_cached(self, key):
        self.write_config([{"cache": {"Type": "azure", "azure": {
            "AccountName": ACCOUNT, "AccountKey": key, "ContainerName": CONTAINER, "StorageDomain": self.address}}}])
        self.start()

    def job(self, script, **spec):
        job = self.run_job(script, **{"git_strategy": "empty", "cache": CACHE, **spec})
        self.assert_success(job)
        return job

    def save_and_restore(self, script=SAVE, **spec):
        saved = self.job(script, **spec)
        self.assertIn("Created cache", saved.text)
        shutil.rmtree(self.work / "cache")
        found = self.job(SEE, **spec)
        self.assertEqual(hash_of(found), hash_of(saved))
        self.assertIn("Downloading cache from", found.text)
        return found

    def test_a_cache_goes_through_it_whole_and_in_blocks(self):
        self.start_cached(ACCOUNT_KEY)
        found = self.save_and_restore()
        self.assertIn(f"Checking cache for {KEY}...", found.text)
        large = ["mkdir vendor && head -c 22000000 /dev/urandom > vendor/lib && sha256sum vendor/lib"]
        self.save_and_restore(large, cache=[{"key": "large", "paths": ["vendor"]}],
                              variables={"CACHE_CHUNK_SIZE": "5242880"})

    def test_a_wrong_key_is_refused(self):
        wrong = base64.b64encode(b"wrong" * 8).decode()
        self.secrets.add(wrong)
        self.start_cached(wrong)
        saved = self.job(SAVE)
        self.assertRegex(saved.text, r"403|AuthenticationFailed")
        self.assertIn("Failed to create cache", saved.text)
