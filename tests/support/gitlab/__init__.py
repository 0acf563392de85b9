"""A strict stand-in for GitLab's runner API, over real sockets. See README.md."""

from .faults import Fault
from .joblog import LogLine, Section, bad_stamps, parse_log, plain_text, sections
from .model import Job, Pipeline, Project, Runner
from .record import Exchange, Violation
from .server import GitLab

__all__ = ["Exchange", "Fault", "GitLab", "Job", "LogLine", "Pipeline", "Project", "Runner",
           "Section", "Violation", "bad_stamps", "parse_log", "plain_text", "sections"]
