#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "protocol/gitlab/secret.hpp"

/// The body of the 201 response to POST /jobs/request (runner-protocol.md §2.7). Fields have the
/// names of the wire; a field that was missing or null has the default of that document.
namespace protocol::gitlab {

struct Variable {
    std::string key;
    std::string value;
    bool is_public = false;
    bool masked = false;
    bool file = false;
    bool raw = false;
};

struct Step {
    std::string name;  ///< script, after_script, release
    std::vector<std::string> script;
    std::int64_t timeout = 0;
    std::string when;
    bool allow_failure = false;
};

/// A port that the session server may hand on.
struct Port {
    std::int64_t number = 0;
    std::string protocol;  ///< http or https
    std::string name;
};

struct Image {
    std::string name;
    std::optional<std::vector<std::string>> entrypoint;
    std::vector<std::string> command;  ///< services only
    std::string alias;                 ///< services only
    std::vector<std::string> pull_policy;
    std::vector<Variable> variables;  ///< services only
    std::vector<Port> ports;
    std::string docker_platform;
    std::string docker_user;
    std::vector<std::string> unsupported_options;  ///< keys of executor_opts that are not known
};

struct Artifact {
    std::string name;
    bool untracked = false;
    std::vector<std::string> paths;
    std::vector<std::string> exclude;
    std::string when;
    std::string expire_in;
    std::string artifact_type;
    std::string artifact_format;
};

struct Cache {
    std::string key;
    bool untracked = false;
    std::vector<std::string> paths;
    std::string policy;
    std::string when;
    std::vector<std::string> fallback_keys;
};

struct Credential {
    std::string type;
    std::string url;
    std::string username;
    base::Secret password;
};

struct Dependency {
    std::int64_t id = 0;
    std::string name;
    base::Secret token;
    std::string artifact_filename;  ///< "": it has none
    std::int64_t artifact_size = 0;
};

struct Hook {
    std::string name;
    std::vector<std::string> script;
};

/// `text` is put in the place of `${{ job.inputs.KEY }}`, in scripts and elsewhere.
struct JobInput {
    std::string key;
    std::string type;  ///< string, number, boolean, array or struct
    std::string json;  ///< the value
    bool sensitive = false;
};

struct GitInfo {
    std::string repo_url;  ///< with credentials: never logged as it is
    std::string repo_object_format = "sha1";
    std::string ref;
    std::string ref_type;
    std::string sha;
    std::string before_sha;
    std::vector<std::string> refspecs;
    std::int64_t depth = 0;
    std::optional<bool> is_protected;
};

struct JobInfo {
    std::string name;
    std::string stage;
    std::int64_t pipeline_id = 0;
    std::int64_t project_id = 0;
    std::string project_name;
    std::string project_full_path;
    double time_in_queue_seconds = 0;
    std::string project_jobs_running_on_instance_runners_count;
    std::int64_t queue_size = 0;
    std::int64_t queue_depth = 0;
};

struct ServerFeatures {
    bool trace_sections = false;
    std::vector<std::string> token_mask_prefixes;
    std::vector<std::string> failure_reasons;
};

struct JobPayload {
    std::int64_t id = 0;
    base::Secret token;
    bool allow_git_fetch = false;
    JobInfo job_info;
    GitInfo git_info;
    /// runner_info.timeout; the default when it is ≤ 0, at most kMaxTimeoutSeconds.
    std::int64_t timeout_seconds = 7200;
    std::vector<Variable> variables;  ///< in order; later entries win
    std::vector<Step> steps;
    std::optional<Image> image;
    std::vector<Image> services;
    std::vector<Artifact> artifacts;
    std::vector<Cache> cache;
    std::vector<Credential> credentials;
    std::vector<Dependency> dependencies;
    ServerFeatures features;
    std::vector<Hook> hooks;
    std::vector<JobInput> inputs;
    std::string run;              ///< JSON text of CI steps that cannot be run, "" for none
    bool by_step_runner = false;  ///< the script calls `step-runner`, which has to be there
    bool names_secrets = false;   ///< `secrets` is there, perhaps empty
    std::vector<Secret> secrets;
    /// Local runs: secrets whose values were not given. A server has none.
    std::vector<std::string> missing_secrets;
    bool has_inputs = false;  ///< there are inputs without values
};

inline constexpr std::size_t kMaxPayloadBytes = 8U << 20U;
/// Ten years. A longer time does not fit into the clock's numbers.
inline constexpr std::int64_t kMaxTimeoutSeconds = 10LL * 365 * 24 * 3600;

/// Decodes what the server sent. Unknown fields, nulls and omissions are tolerated; a payload
/// without id or token, or a field of a wrong type, is kProtocol with the field's path in the
/// sentence. So is a payload that is larger than kMaxPayloadBytes or nested very deeply.
base::Result<JobPayload> decode_payload(const std::string& json);

/// Only id and token: enough to tell the server that the payload could not be decoded. They are
/// found in the beginning of a payload that was cut, too.
struct JobIdentity {
    std::int64_t id = 0;
    base::Secret token;
};
std::optional<JobIdentity> decode_identity(const std::string& json);

}  // namespace protocol::gitlab
