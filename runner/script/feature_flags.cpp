#include "runner/script/feature_flags.hpp"

#include <fmt/format.h>

#include "base/parse.hpp"
#include "base/strings.hpp"
#include "runner/config/known_feature_flags.hpp"

namespace runner::script {

namespace {

using config::KnownFeatureFlag;
using Values = std::map<std::string, std::string, std::less<>>;

/// Values of flags in the variables of configuration and payload; the payload wins.
Values values_in_variables(const protocol::gitlab::JobPayload& payload,
                           const config::RunnerConfig& runner) {
    Values values;
    for (const std::string& entry : runner.environment) {
        const auto at = entry.find('=');
        if (at != std::string::npos && is_feature_flag(entry)) {
            values[entry.substr(0, at)] = entry.substr(at + 1);
        }
    }
    for (const auto& variable : payload.variables) {
        if (is_feature_flag(variable.key)) values[variable.key] = variable.value;
    }
    return values;
}

}  // namespace

bool is_feature_flag(std::string_view variable) { return variable.starts_with("FF_"); }

FeatureFlags::FeatureFlags(const protocol::gitlab::JobPayload& payload,
                           const config::RunnerConfig& runner) {
    const Values asked = values_in_variables(payload, runner);
    for (const KnownFeatureFlag& flag : config::known_feature_flags()) {
        const std::string name(flag.name);
        bool value = flag.by_default;
        if (const auto entry = asked.find(name); entry != asked.end()) {
            const auto parsed = base::parse_bool(entry->second);
            if (!parsed && !entry->second.empty()) {
                warnings_.push_back(
                    fmt::format("{}: expected bool got \"{}\", using default value: {}", name,
                                entry->second, value));
            }
            value = parsed.value_or(value);
        }
        const auto configured = runner.feature_flags.find(name);
        value = configured == runner.feature_flags.end() ? value : configured->second;
        values_[name] = value;
        // The configuration's own flags are named where it is checked.
        const bool of_job = asked.contains(name) && configured == runner.feature_flags.end();
        if (of_job && value != flag.by_default && !flag.no_effect.empty()) {
            warnings_.push_back(fmt::format("{} has no effect: {}", name, flag.no_effect));
        }
    }
}

bool FeatureFlags::enabled(std::string_view name) const {
    const auto entry = values_.find(name);
    return entry != values_.end() && entry->second;
}

std::string FeatureFlags::changed() const {
    std::vector<std::string> changed;
    for (const KnownFeatureFlag& flag : config::known_feature_flags()) {
        const bool value = enabled(flag.name);
        if (value != flag.by_default && flag.no_effect.empty())
            changed.push_back(fmt::format("{}:{}", flag.name, value));
    }
    return base::join(changed, ", ");
}

}  // namespace runner::script
