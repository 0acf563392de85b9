#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/gitlab/payload.hpp"

namespace runner::script {

/// The official feature flags (job-runtime.md §2.5) with the values they have for one job: those of
/// [runners.feature_flags] first, then variables, then the defaults.
class FeatureFlags {
  public:
    FeatureFlags();
    FeatureFlags(const std::map<std::string, bool>& configured, const std::vector<std::string>& environment,
                 const std::vector<protocol::gitlab::Variable>& variables);

    /// False for a name that no release knows.
    [[nodiscard]] bool on(std::string_view name) const;
    /// "FF_A:true, FF_B:false": what differs from the defaults, "" for nothing.
    [[nodiscard]] std::string differing() const;
    [[nodiscard]] const std::map<std::string, bool, std::less<>>& all() const { return values_; }
    /// Sentences about values that are no booleans.
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    void read(const std::string& name, const std::string& value);

    std::map<std::string, bool, std::less<>> values_;
    std::vector<std::string> warnings_;
};

/// Go's ParseBool: 1 t T TRUE true True 0 f F FALSE false False.
std::optional<bool> parse_bool(std::string_view text);

}  // namespace runner::script
