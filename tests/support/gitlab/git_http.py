"""Git over smart HTTP through `git http-backend`, with a running job's token as the password."""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
import urllib.parse
from typing import Any, Optional

from . import git_lfs
from .record import Exchange
from .transport import Request, Response

DENIED = "HTTP Basic: Access denied. The provided password or token is incorrect\n"


class GitHttp:
    def __init__(self, server: Any) -> None:
        self.server = server

    def serve(self, request: Request, body: dict[str, Any], exchange: Exchange, path: str,
              rest: str) -> Response:
        project = self.server.project_by_path(path)
        refused = self._authorize(request, exchange, project, rest)
        if refused is not None:
            return refused
        if rest.startswith("info/lfs/"):
            return git_lfs.serve(request, project, rest, self.server.url)
        return self._backend(request, project, rest)

    def _authorize(self, request: Request, exchange: Exchange, project: Any,
                   rest: str) -> Optional[Response]:
        user, password = basic_credentials(request.header("Authorization"))
        if user is None:
            return _unauthorized()
        if password == self.server.private_token:
            return None if project else Response.text(404, "Not found\n")
        if user != "gitlab-ci-token":
            return _unauthorized()
        job = self.server.running_job_by_token(password or "")
        if job is None:
            return _unauthorized()
        exchange.job = job.id
        if project is None or project.repository is None:
            return Response.text(404, "The project you were looking for could not be found.\n")
        if job.project is not project:
            return Response.text(403, "403 Forbidden\n")
        if "git-receive-pack" in rest or request.query.get("service") == "git-receive-pack":
            return Response.text(403, "You are not allowed to upload code.\n")
        return None

    def _backend(self, request: Request, project: Any, rest: str) -> Response:
        request.body.seek(0)
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "GIT_PROJECT_ROOT": project.repository, "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": "/" + rest, "REQUEST_METHOD": request.method,
            "QUERY_STRING": urllib.parse.urlencode(request.query),
            "CONTENT_TYPE": request.header("Content-Type") or "",
            "CONTENT_LENGTH": str(request.body_size), "REMOTE_USER": "gitlab-ci-token",
            "REMOTE_ADDR": str(request.peer[0]), "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        for header, name in (("Content-Encoding", "HTTP_CONTENT_ENCODING"),
                             ("Git-Protocol", "GIT_PROTOCOL")):
            if request.header(header):
                environment[name] = request.header(header) or ""
        output = tempfile.TemporaryFile()
        source = tempfile.TemporaryFile()
        while block := request.body.read(1 << 20):
            source.write(block)
        source.seek(0)
        subprocess.run(["git", "http-backend"], env=environment, stdin=source, stdout=output,
                       stderr=subprocess.DEVNULL, check=False)
        source.close()
        output.seek(0)
        return _cgi_answer(output)


def _cgi_answer(output: Any) -> Response:
    status, headers = 200, {}
    while line := output.readline().rstrip(b"\r\n"):
        key, _, value = line.decode("latin-1").partition(":")
        if key.lower() == "status":
            status = int(value.strip().split()[0])
        else:
            headers[key] = value.strip()
    return Response(status, headers, output)


def basic_credentials(header: Optional[str]) -> tuple[Optional[str], Optional[str]]:
    if not header or not header.lower().startswith("basic "):
        return None, None
    try:
        text = base64.b64decode(header[6:]).decode()
    except ValueError:
        return None, None
    user, _, password = text.partition(":")
    return user, password


def _unauthorized() -> Response:
    return Response.text(401, DENIED, {"WWW-Authenticate": 'Basic realm="GitLab"'})


def git(*arguments: str, cwd: Optional[str] = None, **extra: str) -> str:
    """Runs git for the server's own work; its error text is part of the exception."""
    environment = dict(os.environ, GIT_CONFIG_NOSYSTEM="1", **extra)  # no filters of Git LFS
    for name in ("AUTHOR", "COMMITTER"):
        environment[f"GIT_{name}_NAME"] = "Test"
        environment[f"GIT_{name}_EMAIL"] = "test@example.com"
    environment["GIT_CONFIG_COUNT"] = "1"
    environment["GIT_CONFIG_KEY_0"] = "safe.directory"
    environment["GIT_CONFIG_VALUE_0"] = "*"
    done = subprocess.run(["git", *arguments], cwd=cwd, env=environment, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def import_repository(source: str, target: str) -> None:
    """Makes the bare repository `target` from a repository or from a plain directory."""
    if os.path.isdir(os.path.join(source, ".git")) or _is_bare(source):
        git("clone", "--quiet", "--bare", source, target)
    else:
        _import_directory(source, target)
    git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=target)
    git("config", "http.receivepack", "true", cwd=target)


def _is_bare(path: str) -> bool:
    return os.path.isfile(os.path.join(path, "HEAD")) and os.path.isdir(
        os.path.join(path, "objects"))


def _import_directory(source: str, target: str) -> None:
    git("init", "--quiet", "--bare", "--initial-branch=main", target)
    with tempfile.TemporaryDirectory() as index:
        common = ["--git-dir", target, "--work-tree", os.path.abspath(source)]
        index_file = os.path.join(index, "index")
        git(*common, "add", "--all", "--force", ".", GIT_INDEX_FILE=index_file)
        git(*common, "commit", "--quiet", "--allow-empty", "-m", "Import",
            GIT_INDEX_FILE=index_file)
