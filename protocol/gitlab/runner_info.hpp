#pragma once

#include <nlohmann/json_fwd.hpp>
#include <map>
#include <string>

namespace protocol::gitlab {

/// What this runner can do, as `info.features` (runner-protocol.md §3.2). The server decides by
/// these features whether a runner gets a job, so the caller sets only what is true of the executor
/// in use.
struct Features {
    bool variables = false;
    bool image = false;
    bool services = false;
    bool artifacts = false;
    bool cache = false;
    bool fallback_cache_keys = false;
    bool shared = false;
    bool upload_multiple_artifacts = false;
    bool upload_raw_artifacts = false;
    bool session = false;
    bool terminal = false;
    bool refspecs = false;
    bool masking = false;
    bool proxy = false;
    bool raw_variables = false;
    bool artifacts_exclude = false;
    bool multi_build_steps = false;
    bool trace_reset = false;
    bool trace_checksum = false;
    bool trace_size = false;
    bool vault_secrets = false;
    bool cancelable = false;
    bool return_exit_code = false;
    bool service_variables = false;
    bool service_multiple_aliases = false;
    bool image_executor_opts = false;
    bool service_executor_opts = false;
    bool cancel_gracefully = false;
    bool native_steps_integration = false;
    bool two_phase_job_commit = false;
    bool job_inputs = false;
};

/// `info`: how the runner presents itself. An empty field is filled in from the build (name,
/// version, revision, platform, architecture) or left out (executor, shell).
struct RunnerInfo {
    std::string name;
    std::string version;
    std::string revision;
    std::string platform;
    std::string architecture;
    std::string executor;
    std::string shell;
    Features features;
    std::string gpus;
    std::map<std::string, std::string> labels;
};

/// All keys of `features` are always present.
nlohmann::json to_json(const Features& features);
nlohmann::json to_json(const RunnerInfo& info);

/// "gitlab-runner 19.4.0 (…; linux/amd64)": the shape that the server's logs expect.
std::string user_agent();

/// The architecture of this machine as the protocol calls it: "amd64", "arm64", …
std::string architecture();

}  // namespace protocol::gitlab
