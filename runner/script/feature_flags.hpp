#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"

namespace runner::script {

/// "FF_…"
bool is_feature_flag(std::string_view variable);

/// The feature flags of one job. For each flag, [runners.feature_flags] decides; without it the
/// job's variable, then the configuration's `environment`, then the built-in default
/// (config::known_feature_flags()). A plain value, made from payload and configuration alone.
class FeatureFlags {
  public:
    FeatureFlags(const protocol::gitlab::JobPayload& payload, const config::RunnerConfig& runner);

    /// False for an unknown flag.
    [[nodiscard]] bool enabled(std::string_view name) const;
    [[nodiscard]] const std::map<std::string, bool, std::less<>>& values() const { return values_; }
    /// "FF_X:true, FF_Y:false" of those that do something and differ from their default, "" for
    /// none.
    [[nodiscard]] std::string changed() const;
    /// About values that are no booleans, and flags of the job that do nothing, for the job log.
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    std::map<std::string, bool, std::less<>> values_;
    std::vector<std::string> warnings_;
};

}  // namespace runner::script
