#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "executors/spec.hpp"
#include "protocol/gitlab/payload.hpp"

/// A job's variables (job-runtime.md §2). Pure.
namespace runner::script {

using protocol::gitlab::Variable;

/// What the runner itself knows about a job, for the variables that it adds.
struct RunnerFacts {
    std::string job_image;    ///< as the job names it, "" for none
    std::string short_token;
    std::vector<std::string> environment;  ///< [[runners]] environment, KEY=VALUE
    std::map<std::string, bool> feature_flags;  ///< [runners.feature_flags]
    int concurrent_id = 0;
    int concurrent_project_id = 0;
    std::string tls_ca_chain;     ///< PEM, "" for none
    std::string tls_certificate;  ///< PEM; with the key only
    std::string tls_key;
    bool shared_environment = false;  ///< the shell executor's machine outlives the job
    std::string build_network;        ///< CI_BUILD_NETWORK_NAME, "" without FF_NETWORK_PER_BUILD
    std::string version;              ///< CI_RUNNER_VERSION
    std::string revision;
    std::string architecture;         ///< "linux/amd64"
};

/// Where things of the job are, inside its environment.
struct JobPaths {
    std::string builds_dir;
    std::string project_dir;
    std::string tmp_dir;
    std::string cache_dir;
};

/// `$NAME`, `${NAME}`, `$$` and the rest of §2.2, one pass. `lookup` answers "" for an unknown name.
std::string expand(std::string_view text, const std::function<std::string(const std::string&)>& lookup);

/// Letters, digits and underscores, not beginning with a digit.
bool is_shell_name(std::string_view name);

/// All variables of a job in the official order; the last entry of a name counts.
///
/// A plain value, made once the paths are known. Values that refer to others are expanded once, against the
/// unexpanded ones; `raw` ones never are. A reference to a file variable is its path.
class Variables {
  public:
    Variables() = default;
    Variables(const protocol::gitlab::JobPayload& payload, const RunnerFacts& facts, const JobPaths& paths);

    /// For the runner's own use: the expanded value, of a file variable its content. "" when missing.
    [[nodiscard]] std::string get(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const;
    /// Text of the job (image names, cache keys …) with its references replaced.
    [[nodiscard]] std::string expand(std::string_view text) const;

    /// Environment of a stage's processes; file variables are their paths. `job_status` is CI_JOB_STATUS.
    /// Names that no shell could hold are left out.
    [[nodiscard]] std::map<std::string, std::string> environment(std::string_view job_status) const;
    /// For a container's configuration: public and not of the file type.
    [[nodiscard]] std::vector<executors::EnvironmentVariable> public_environment() const;
    /// Public or added by the runner: what service containers are given, before their own.
    [[nodiscard]] std::vector<executors::EnvironmentVariable> service_environment() const;

    struct File {
        std::string name;
        std::string path;
        std::string content;
    };
    [[nodiscard]] std::vector<File> files() const;
    /// Values that must not be seen in the log, expanded ones of masked variables.
    [[nodiscard]] std::vector<std::string> masked_values() const;
    [[nodiscard]] const std::string& tmp_dir() const { return tmp_dir_; }

    /// Replaces or adds a variable of the runner's own (after the job's).
    void set(std::string name, std::string value, bool is_public);

  private:
    struct Entry {
        Variable variable;
        bool internal = false;  ///< added by the runner
    };

    void add(std::string name, std::string value, bool is_public = true);
    void add_file(std::string name, std::string content, bool is_public);
    [[nodiscard]] const Entry* find(std::string_view name) const;
    [[nodiscard]] std::string reference(const std::string& name) const;
    [[nodiscard]] std::string expanded(const Entry& entry) const;

    std::vector<Entry> entries_;
    std::map<std::string, std::size_t, std::less<>> last_;  ///< name to its last entry
    std::string tmp_dir_;
};

}  // namespace runner::script
