"""A large configuration like those of real projects: includes, templates, extends, rules, needs."""

from __future__ import annotations

from pathlib import Path

TEMPLATES = """\
.base:
  image: debian:12
  tags: [docker]
  interruptible: true
  retry: {max: 1, when: [runner_system_failure]}
  variables:
    GIT_DEPTH: "5"
.on-branches:
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_LABELS =~ /ready|urgent/
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      variables: {LEVEL: full}
    - if: $CI_COMMIT_TAG
      when: manual
      allow_failure: true
.build:
  extends: [.base, .on-branches]
  stage: build
  cache: {key: "$CI_COMMIT_REF_SLUG", paths: [.cache/]}
.test:
  extends: .base
  stage: test
  rules:
    - if: $CI_COMMIT_MESSAGE =~ /skip tests/i
      when: never
    - if: $CI_COMMIT_BRANCH
"""

ROOT = """\
stages: [build, test]
workflow:
  rules:
    - if: $CI_COMMIT_TAG
    - if: $CI_COMMIT_BRANCH
default:
  before_script: [echo prepare]
include:
  - local: ci/templates.yml
"""


def _pair(number: int) -> str:
    """Two jobs in ten lines."""
    return (f"build-{number}:\n  extends: .build\n  variables: {{PART: part-{number}, MODE: release}}\n"
            f"  script: [make -C part-{number} all, make -C part-{number} install]\n"
            f"  artifacts: {{paths: [part-{number}/out/], expire_in: 1 day}}\n"
            f"test-{number}:\n  extends: .test\n  needs: [build-{number}]\n"
            f"  script:\n    - make -C part-{number} check\n")


def write(directory: Path, jobs: int, files: int = 10) -> int:
    """Writes .gitlab-ci.yml and ci/*.yml; returns the number of their lines."""
    (directory / "ci").mkdir(parents=True)
    (directory / "ci/templates.yml").write_text(TEMPLATES)
    root, lines = ROOT, TEMPLATES.count("\n")
    pairs = list(range(jobs // 2))
    each = -(-len(pairs) // files)
    for file in range(files):
        text = "".join(_pair(number) for number in pairs[file * each:(file + 1) * each])
        (directory / f"ci/part-{file}.yml").write_text(text)
        root += f"  - local: ci/part-{file}.yml\n"
        lines += text.count("\n")
    (directory / ".gitlab-ci.yml").write_text(root)
    return lines + root.count("\n")
