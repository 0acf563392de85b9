#pragma once

#include "runner/status/snapshot.hpp"

namespace runner::status {

/// One idle runner, one with a job that an earlier daemon began.
inline Snapshot sample() {
    constexpr std::int64_t kSecond = 1'000'000;
    constexpr std::int64_t kStart = 1'700'000'000 * kSecond;  // 2023-11-14T22:13:20Z
    Snapshot now;
    now.now_unix_micros = kStart + 90 * kSecond;
    now.started_unix_micros = kStart;
    now.process_state = "running";
    now.system_id = "s_123456789abc";
    now.concurrent = 7;
    now.runners = {{.name = "idle \"one\"",
                    .short_token = "tok_idle1",
                    .url = "https://gitlab.example.com",
                    .executor = "shell",
                    .disk_problem = "",
                    .last_answer = ""},
                   {.name = "busy",
                    .short_token = "tok_busy1",
                    .url = "https://gitlab.example.com",
                    .executor = "docker",
                    .limit = 3,
                    .request_concurrency = 4,
                    .requests_in_flight = 2,
                    .adaptive_limit = 1.1,
                    .used_limit = 2,
                    .healthy = false,
                    .disk_problem = "",
                    .last_contact_unix_micros = kStart + 60 * kSecond,
                    .last_answer = "403 Forbidden",
                    .last_kind = LastAnswer::kRefused}};
    now.jobs = {{.id = 12,
                 .project_id = 34,
                 .project = "g/p",
                 .name = "build",
                 .url = "https://gitlab.example.com/j/12",
                 .runner_name = "busy",
                 .short_token = "tok_busy1",
                 .executor = "docker",
                 .image = "alpine",
                 .state = "running",
                 .stage = "step_script",
                 .executor_stage = "docker_run",
                 .started_unix_micros = kStart - 30 * kSecond,
                 .stage_started_unix_micros = kStart + 80 * kSecond,
                 .restored = true,
                 .waits_for = "the image alpine"}};
    now.disks = {{.directory = "state",
                  .path = "/var/lib/runner",
                  .size_bytes = 4000,
                  .free_bytes = 1000,
                  .inodes = 20,
                  .free_inodes = 10}};
    now.engines = {{.host = "unix:///var/run/docker.sock", .version = "28.1.1"}};
    return now;
}

}  // namespace runner::status
