#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "executors/spec.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"
#include "runner/script/feature_flags.hpp"
#include "runner/script/job_directories.hpp"
#include "runner/script/variable_list.hpp"
#include "runner/script/variable_values.hpp"

namespace runner::script {

/// What the runner knows when it accepts a job and neither payload nor configuration says.
struct PredefinedValues {
    std::string short_token{};
    int concurrent_id = 0;
    int concurrent_project_id = 0;
    bool shared_environment = false;
    /// Certificates of the server's chain, PEM; "" for none.
    std::string ca_chain{};
    /// The contents of the client's certificate and key, PEM. Scripts get both or none.
    std::string tls_cert{};
    std::string tls_key{};
};

/// A job's variables: who sets them, which wins, and what the text of one becomes (job-runtime.md
/// §2). References in values are replaced through any number of variables in the runner's own texts
/// and settings and for services, and in one pass in the environment of scripts, as officially.
///
/// Life: made once per job, when the runner accepts it; the payload's job inputs are replaced
/// before. Feature flags, masked values and settings can be read at once. set_directories() follows
/// when the directories are known; until then their variables are empty. set_job_status() follows
/// before after_script. A plain value that copies what it is made from. Not synchronised.
///
/// Failures: with a problem() no value was made, and every value is "". The job must not run.
class Variables {
  public:
    Variables(const protocol::gitlab::JobPayload& payload, const config::RunnerConfig& runner,
              const PredefinedValues& predefined);

    /// CI_BUILDS_DIR, CI_PROJECT_DIR, RUNNER_TEMP_PROJECT_DIR, and the paths of file variables.
    /// May be called again.
    void set_directories(const JobDirectories& directories);
    /// The values of `secrets`, once they are known. Call it at most once. Answers warnings about
    /// their names, for the job log.
    std::vector<std::string> add_secrets(std::vector<protocol::gitlab::Variable> secrets);
    /// CI_JOB_STATUS
    void set_job_status(std::string status);

    /// What makes the variables unusable: they become too large when references are replaced. ""
    /// for nothing.
    [[nodiscard]] const std::string& problem() const { return values_.problem(); }
    /// About names, for the job log.
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

    /// The value for the runner's own texts and settings; of a file variable its path. nullopt when
    /// unknown. The view is valid until the next change.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const;
    /// As find(); "" when unknown.
    [[nodiscard]] std::string get(std::string_view key) const;
    /// As get(), but the content of a file variable: for the runner's own settings.
    [[nodiscard]] std::string content(std::string_view key) const;
    [[nodiscard]] bool has(std::string_view key) const { return find(key).has_value(); }

    [[nodiscard]] const FeatureFlags& features() const { return features_; }
    /// Whether the flag `name`, "FF_…", is on.
    [[nodiscard]] bool feature(std::string_view name) const { return features_.enabled(name); }

    /// For the processes of scripts: every name once, file variables as paths.
    [[nodiscard]] std::vector<executors::EnvironmentVariable> environment() const;
    /// For the configuration of containers: public ones that are not files.
    [[nodiscard]] std::vector<executors::EnvironmentVariable> public_environment() const;
    /// Name and content of the file variables, every name once.
    [[nodiscard]] std::vector<executors::EnvironmentVariable> files() const;
    /// Values that must not appear in the log; trimmed, no empty ones, each once.
    [[nodiscard]] std::vector<std::string> masked_values() const { return values_.masked(list_); }

  private:
    FeatureFlags features_;
    VariableList list_;
    std::vector<std::string> warnings_;
    std::string tmp_dir_;
    VariableValues values_;
};

}  // namespace runner::script
