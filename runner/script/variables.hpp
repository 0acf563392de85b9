#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/parse.hpp"
#include "executors/spec.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"

/// A job's variables: who sets them, which wins, and what the text of one becomes (job-runtime.md
/// §2).
namespace runner::script {

/// What the runner adds from its own knowledge.
struct RunnerFacts {
    std::string short_token;
    std::string builds_dir;
    std::string project_dir;
    std::string tmp_dir;
    std::string image;  ///< "" for executors without one
    int concurrent_id = 0;
    int concurrent_project_id = 0;
    bool shared_environment = false;
    std::string ca_chain;  ///< PEM, "" for none
    std::string tls_cert;  ///< client pair's content, both or none
    std::string tls_key;
    std::string build_network;  ///< "" without a network per build
};

/// Life: made once per job; CI_JOB_STATUS changes before after_script. A plain value. Duplicates
/// stay in the list, later entries win.
class Variables {
  public:
    Variables(const protocol::gitlab::JobPayload& payload, const config::RunnerConfig& runner,
              const RunnerFacts& facts);

    void set_job_status(std::string status);

    /// The value a script would see, expanded once; of a file variable its path. "" when unknown.
    [[nodiscard]] std::string get(std::string_view key) const;
    /// As get(), but the content of a file variable: for the runner's own settings.
    [[nodiscard]] std::string content(std::string_view key) const;
    [[nodiscard]] bool has(std::string_view key) const;
    /// Replaces $NAME and ${NAME} in `text` (§2.2).
    [[nodiscard]] std::string expand(std::string_view text) const;

    /// Behaviour variables (§2.4). A value that does not parse gives the default and a warning.
    [[nodiscard]] bool flag(std::string_view key, bool fallback);
    [[nodiscard]] int number(std::string_view key, int fallback);
    /// GET_SOURCES_ATTEMPTS and its like: clamped to 1..10.
    [[nodiscard]] int attempts(std::string_view key);
    /// Reads every setting of the job that has a type, so that what is wrong with them is known
    /// before the job begins (job-runtime.md §2.4).
    void check_settings(bool allow_git_fetch);
    /// Each text once.
    void warn(std::string warning);
    [[nodiscard]] std::vector<std::string> take_warnings();

    /// `FF_…`: configuration, then variables, then the built-in default.
    [[nodiscard]] bool feature(std::string_view name) const;
    /// "FF_X:true, FF_Y:false" of those that differ from their default, "" for none.
    [[nodiscard]] std::string changed_features() const;

    /// For the processes of scripts: every name once, file variables as paths.
    [[nodiscard]] std::vector<executors::EnvironmentVariable> environment() const;
    /// For the configuration of containers: public ones that are not files.
    [[nodiscard]] std::vector<executors::EnvironmentVariable> public_environment() const;
    /// Name and content of the file variables, every name once.
    [[nodiscard]] std::vector<executors::EnvironmentVariable> files() const;
    /// Values that must not appear in the log; trimmed, no empty ones, each once.
    [[nodiscard]] std::vector<std::string> masked_values() const;

  private:
    using Variable = protocol::gitlab::Variable;

    void add(std::string key, std::string value, bool is_public = true);
    void add_file(std::string key, std::string content, bool is_public);
    void resolve_features(const protocol::gitlab::JobPayload& payload,
                          const config::RunnerConfig& runner);
    [[nodiscard]] const Variable* find(std::string_view key) const;
    [[nodiscard]] std::string path_of(std::string_view key) const;
    /// What a reference to the variable becomes; not expanded again.
    [[nodiscard]] std::string reference(std::string_view key) const;
    [[nodiscard]] std::string resolved(const Variable& variable) const;

    std::vector<Variable> list_;
    std::map<std::string, std::size_t, std::less<>> last_;  ///< index of the entry that wins
    std::map<std::string, bool, std::less<>> features_;
    std::string tmp_dir_;
    std::vector<std::string> warnings_;
    std::set<std::string> warned_;
};

using base::parse_bool;

}  // namespace runner::script
