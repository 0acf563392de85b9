"""The part of GitLab's user API that reads repositories: commits, files, trees, releases, CI templates."""

from __future__ import annotations

import subprocess
from typing import Any, Optional

from .git_http import git
from .model import Project
from .record import Exchange
from .rest_api import not_found
from .transport import Request, Response


class RepositoryApi:
    """As on the real server, 404 for a private project that the caller may not see."""

    def __init__(self, server: Any) -> None:
        self.server = server

    def commit(self, request: Request, body: dict[str, Any], exchange: Exchange, project: str,
               ref: str) -> Response:
        found, refused = self._project(request, project)
        if found is None:
            return refused
        sha = self._sha(found, ref)
        return Response.json(200, {"id": sha, "short_id": sha[:8]}) if sha else not_found("Commit")

    def raw_file(self, request: Request, body: dict[str, Any], exchange: Exchange, project: str,
                 path: str) -> Response:
        found, refused = self._project(request, project)
        if found is None:
            return refused
        sha = self._sha(found, request.query.get("ref", "HEAD"))
        if sha is None:
            return not_found("Commit")
        shown = subprocess.run(["git", "-c", "safe.directory=*", "cat-file", "blob",
                                f"{sha}:{path}"],
                               cwd=found.repository, capture_output=True, check=False)
        if shown.returncode != 0:
            return not_found("File")
        return Response(200, {"Content-Type": "text/plain"}, shown.stdout)

    def tree(self, request: Request, body: dict[str, Any], exchange: Exchange,
             project: str) -> Response:
        found, refused = self._project(request, project)
        if found is None:
            return refused
        sha = self._sha(found, request.query.get("ref", "HEAD"))
        if sha is None:
            return not_found("Tree")
        lines = git("ls-tree", "-r", "-t", "-z", sha, cwd=found.repository).split("\0")
        entries = [self._entry(line) for line in lines if line]
        size, page = int(request.query.get("per_page", "20")), int(request.query.get("page", "1"))
        shown = entries[(page - 1) * size:page * size]
        more = str(page + 1) if page * size < len(entries) else ""
        answer = Response.json(200, shown)
        answer.headers["X-Next-Page"] = more
        return answer

    def releases(self, request: Request, body: dict[str, Any], exchange: Exchange,
                 project: str) -> Response:
        """Every tag is a release here, in the order of their names."""
        found, refused = self._project(request, project)
        if found is None:
            return refused
        tags = git("tag", "--list", cwd=found.repository).split()
        return Response.json(200, [{"tag_name": tag, "name": tag} for tag in tags])

    def ci_template(self, request: Request, body: dict[str, Any], exchange: Exchange,
                    name: str) -> Response:
        content = self.server.ci_templates.get(name)
        if content is None:
            return not_found("Gitlab ci yml")
        return Response.json(200, {"name": name, "content": content})

    @staticmethod
    def _entry(line: str) -> dict[str, str]:
        facts, path = line.split("\t", 1)
        mode, kind, sha = facts.split()
        return {"id": sha, "name": path.rsplit("/", 1)[-1], "type": kind, "path": path,
                "mode": mode}

    @staticmethod
    def _sha(project: Project, ref: str) -> Optional[str]:
        try:
            return git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}",
                       cwd=project.repository).strip()
        except RuntimeError:
            return None

    def _project(self, request: Request, key: str) -> tuple[Optional[Project], Response]:
        if request.header("PRIVATE-TOKEN") is None:
            return None, not_found("Project")
        refused = self.server.check_private_token(request)
        if refused is not None:
            return None, refused
        for project in self.server.projects:
            if key in (str(project.id), project.path) and project.repository is not None:
                return project, not_found("Project")
        return None, not_found("Project")
