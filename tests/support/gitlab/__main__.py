"""python3 -m tests.support.gitlab: the server as a program. Prints one JSON line when ready."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading

from .server import GitLab


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m tests.support.gitlab", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0: a free port")
    parser.add_argument("--root", default="", help="relative URL root, such as /gitlab")
    parser.add_argument("--external-url", help="how jobs reach this server; {port} is filled in")
    parser.add_argument("--project", action="append", default=[], metavar="PATH=DIR",
                        help="a project from a repository or a plain directory; repeatable")
    parser.add_argument("--repo", action="append", default=[], metavar="DIR",
                        help="like --project with the directory's name as its path")
    parser.add_argument("--no-pipelines", action="store_true",
                        help="do not create a pipeline for each project at start")
    parser.add_argument("--variable", action="append", default=[], metavar="KEY=VALUE",
                        help="a project variable for every project; repeatable")
    parser.add_argument("--registration-token", help="default: a new one")
    parser.add_argument("--private-token", help="default: a new one")
    parser.add_argument("--runner-tag", action="append", default=[], metavar="TAG",
                        help="also create a runner (glrt- token) with these tags")
    parser.add_argument("--update-interval", type=int, default=1, help="seconds")
    parser.add_argument("--long-poll", type=float, default=0, help="seconds")
    parser.add_argument("--latency", type=float, default=0, help="seconds before every answer")
    parser.add_argument("--tls", action="store_true", help="HTTPS with a CA of its own")
    parser.add_argument("--client-cert", action="store_true", help="ask for a client certificate")
    parser.add_argument("--strict-checksum", action="store_true", help="412 on a wrong checksum")
    parser.add_argument("--verbose", action="store_true", help="a line per request on stderr")
    return parser.parse_args()


def make_server(options: argparse.Namespace) -> GitLab:
    server = GitLab(host=options.host, port=options.port, root=options.root,
                    tls=options.tls, client_cert=options.client_cert, long_poll=options.long_poll,
                    update_interval=options.update_interval, latency=options.latency,
                    strict_checksum=options.strict_checksum, verbose=options.verbose)
    if options.registration_token:
        server.registration_token = options.registration_token
        server.registration_tokens = {options.registration_token}
    if options.private_token:
        server.private_token = options.private_token
    server.start()
    if options.external_url:
        server.set_external_url(options.external_url.replace("{port}", str(server.port)))
    return server


def add_projects(server: GitLab, options: argparse.Namespace) -> list[dict[str, object]]:
    given = [entry.partition("=")[::2] for entry in options.project]
    given += [(os.path.basename(os.path.abspath(path)), path) for path in options.repo]
    variables = [entry.partition("=")[::2] for entry in options.variable]
    made = []
    for path, directory in given:
        project = server.add_project(path, directory)
        project.variables = [{"key": key, "value": value, "public": False, "masked": False}
                             for key, value in variables]
        entry: dict[str, object] = {"id": project.id, "path": project.path}
        if not options.no_pipelines:
            pipeline = server.create_pipeline(project)
            entry["pipeline"] = pipeline.id
            entry["jobs"] = {job.name: job.id for job in pipeline.jobs}
        made.append(entry)
    return made


def main() -> int:
    options = arguments()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *ignored: stop.set())
    server = make_server(options)
    try:
        ready = {
            "url": server.url, "port": server.port,
            "registration_token": server.registration_token,
            "private_token": server.private_token, "projects": add_projects(server, options),
        }
        if options.runner_tag:
            ready["runner_token"] = server.add_runner(tags=options.runner_tag).token
        if server.certificates is not None:
            ready["ca_file"] = server.certificates.ca
            ready["client_cert"] = server.certificates.client_cert
            ready["client_key"] = server.certificates.client_key
        print(json.dumps(ready), flush=True)
        stop.wait()
        for violation in server.violations:
            print(f"violation: {violation}", file=sys.stderr)
    finally:
        server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
