#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace runner::job {

/// The official values of the label `executor_stage`: Docker's executor has its own, others stay in
/// `prepare` while scripts run.
inline std::string executor_stage(std::string_view executor, std::string_view stage) {
    if (executor == "docker") return "docker_" + std::string(stage);
    return stage == "run" ? "prepare" : std::string(stage);
}

/// What people and metrics see of a running job. Written by JobRun, read by the status endpoint;
/// both on the I/O thread.
struct JobStatus {
    std::int64_t id = 0;
    std::int64_t project_id = 0;
    std::string project;
    std::string job_name;
    std::string job_url;
    std::string runner_name;
    std::string short_token;
    std::string executor;
    std::string image;
    std::string state = "pending";  ///< pending, running, success, failed, canceled, timedout
    std::string stage = "prepare_executor";
    std::string executor_stage = "created";
    std::int64_t started_unix_micros = 0;
    std::int64_t stage_started_unix_micros = 0;
    bool restored = false;  ///< taken up again after the daemon's restart

    void enter(std::string new_stage, std::string new_executor_stage,
               std::int64_t now_unix_micros) {
        stage = std::move(new_stage);
        executor_stage = std::move(new_executor_stage);
        stage_started_unix_micros = now_unix_micros;
    }
};

}  // namespace runner::job
