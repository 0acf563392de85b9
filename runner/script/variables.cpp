#include "runner/script/variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/names.hpp"
#include "base/strings.hpp"
#include "base/version.hpp"
#include "protocol/gitlab/runner_info.hpp"
#include "runner/script/feature_flags.hpp"

namespace runner::script {

namespace {

constexpr int kMaxAttempts = 10;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Shell parameters that a job cannot mean here: they become nothing.
bool is_special(char c) { return std::string_view("*#@!?-").find(c) != std::string_view::npos; }

bool is_feature(std::string_view key) { return key.starts_with("FF_"); }

}  // namespace

Variables::Variables(const protocol::gitlab::JobPayload& payload,
                     const config::RunnerConfig& runner, const RunnerFacts& facts)
    : tmp_dir_(facts.tmp_dir) {
    resolve_features(payload, runner);
    for (const auto& [name, value] : features_) add(name, value ? "true" : "false");
    if (!facts.image.empty()) {
        add("CI_JOB_IMAGE", facts.image);
        list_.back().raw = false;
    }
    add("CI_RUNNER_SHORT_TOKEN", facts.short_token);
    for (const std::string& entry : runner.environment) {
        const auto at = entry.find('=');
        if (at == std::string::npos || is_feature(entry)) continue;
        add(entry.substr(0, at), entry.substr(at + 1));
        list_.back().raw = false;
    }
    add("CI_BUILDS_DIR", facts.builds_dir);
    add("CI_PROJECT_DIR", facts.project_dir);
    add("CI_CONCURRENT_ID", std::to_string(facts.concurrent_id));
    add("CI_CONCURRENT_PROJECT_ID", std::to_string(facts.concurrent_project_id));
    add("CI_SERVER", "yes");
    add("CI_JOB_STATUS", "running");
    add("CI_JOB_TIMEOUT", std::to_string(payload.timeout_seconds));
    if (!facts.ca_chain.empty()) add_file("CI_SERVER_TLS_CA_FILE", facts.ca_chain, true);
    if (!facts.tls_cert.empty() && !facts.tls_key.empty()) {
        add_file("CI_SERVER_TLS_CERT_FILE", facts.tls_cert, true);
        add_file("CI_SERVER_TLS_KEY_FILE", facts.tls_key, false);
    }
    for (const Variable& variable : payload.variables) {
        if (is_feature(variable.key)) continue;
        last_[variable.key] = list_.size();
        list_.push_back(variable);
    }
    add(facts.shared_environment ? "CI_SHARED_ENVIRONMENT" : "CI_DISPOSABLE_ENVIRONMENT", "true");
    add("CI_RUNNER_VERSION", std::string(base::compatible_version()));
    add("CI_RUNNER_REVISION", std::string(base::revision()));
    add("CI_RUNNER_EXECUTABLE_ARCH", "linux/" + protocol::gitlab::architecture());
    add("RUNNER_TEMP_PROJECT_DIR", facts.tmp_dir);
    if (!facts.build_network.empty()) add("CI_BUILD_NETWORK_NAME", facts.build_network);
}

void Variables::add(std::string key, std::string value, bool is_public) {
    Variable variable;
    variable.key = std::move(key);
    variable.value = std::move(value);
    variable.is_public = is_public;
    variable.raw = true;
    last_[variable.key] = list_.size();
    list_.push_back(std::move(variable));
}

void Variables::add_file(std::string key, std::string content, bool is_public) {
    add(std::move(key), std::move(content), is_public);
    list_.back().file = true;
}

void Variables::resolve_features(const protocol::gitlab::JobPayload& payload,
                                 const config::RunnerConfig& runner) {
    std::map<std::string, std::string, std::less<>> asked;
    for (const std::string& entry : runner.environment) {
        const auto at = entry.find('=');
        if (at != std::string::npos && is_feature(entry)) {
            asked[entry.substr(0, at)] = entry.substr(at + 1);
        }
    }
    for (const Variable& variable : payload.variables) {
        if (is_feature(variable.key)) asked[variable.key] = variable.value;
    }
    for (const FeatureFlag& flag : feature_flags()) {
        const std::string name(flag.name);
        bool value = flag.by_default;
        if (const auto wish = asked.find(name); wish != asked.end()) {
            const auto parsed = parse_bool(wish->second);
            if (!parsed && !wish->second.empty()) {
                warn(fmt::format("{}: expected bool got \"{}\", using default value: {}", name,
                                 wish->second, value));
            }
            value = parsed.value_or(value);
        }
        if (const auto set = runner.feature_flags.find(name); set != runner.feature_flags.end()) {
            value = set->second;
        }
        features_[name] = value;
    }
}

void Variables::set_job_status(std::string status) {
    // The one that came first keeps its place: a job may shadow it.
    for (Variable& variable : list_) {
        if (variable.key == "CI_JOB_STATUS") {
            variable.value = std::move(status);
            return;
        }
    }
}

const protocol::gitlab::Variable* Variables::find(std::string_view key) const {
    const auto place = last_.find(key);
    return place == last_.end() ? nullptr : &list_[place->second];
}

bool Variables::has(std::string_view key) const { return find(key) != nullptr; }

std::string Variables::path_of(std::string_view key) const {
    return tmp_dir_ + "/" + std::string(key);
}

std::string Variables::reference(std::string_view key) const {
    const Variable* variable = find(key);
    if (variable == nullptr) return {};
    return variable->file ? path_of(key) : variable->value;
}

std::string Variables::resolved(const Variable& variable) const {
    return variable.raw ? variable.value : expand(variable.value);
}

std::string Variables::get(std::string_view key) const {
    const Variable* variable = find(key);
    if (variable == nullptr) return {};
    return variable->file ? path_of(key) : resolved(*variable);
}

std::string Variables::content(std::string_view key) const {
    const Variable* variable = find(key);
    return variable == nullptr ? std::string() : resolved(*variable);
}

std::string Variables::expand(std::string_view text) const {
    std::string out;
    out.reserve(text.size());
    std::size_t i = 0;
    while (i < text.size()) {
        if (text[i] != '$' || i + 1 == text.size()) {
            out += text[i++];
            continue;
        }
        const char next = text[i + 1];
        if (next == '$') {
            out += '$';
            i += 2;
        } else if (next == '{') {
            const auto close = text.find('}', i + 2);
            if (close == std::string_view::npos) {
                i += 2;  // a broken "${" is eaten, what follows is text
                continue;
            }
            out += reference(text.substr(i + 2, close - i - 2));
            i = close + 1;
        } else if (is_special(next) || is_digit(next)) {
            i += 2;
        } else if (base::is_name_character(next)) {
            std::size_t end = i + 1;
            while (end < text.size() && base::is_name_character(text[end])) ++end;
            out += reference(text.substr(i + 1, end - i - 1));
            i = end;
        } else {
            out += text[i++];
        }
    }
    return out;
}

bool Variables::flag(std::string_view key, bool fallback) {
    const std::string value = get(key);
    if (value.empty()) return fallback;
    const auto parsed = parse_bool(value);
    if (!parsed) {
        warn(fmt::format("{}: expected bool got \"{}\", using default value: {}", key, value,
                         fallback));
    }
    return parsed.value_or(fallback);
}

int Variables::number(std::string_view key, int fallback) {
    const std::string value = get(key);
    if (value.empty()) return fallback;
    if (const auto parsed = base::parse_number<int>(value)) return *parsed;
    warn(fmt::format("{}: expected int got \"{}\", using default value: {}", key, value, fallback));
    return fallback;
}

int Variables::attempts(std::string_view key) {
    const int asked = number(key, 1);
    const int clamped = std::clamp(asked, 1, kMaxAttempts);
    if (asked != clamped) {
        warn(fmt::format("{}: number of attempts out of the range [1, 10], clamping to: {}", key,
                         clamped));
    }
    return clamped;
}

void Variables::check_settings(bool allow_git_fetch) {
    for (const auto* name : {"CI_DEBUG_TRACE", "CI_DEBUG_SERVICES", "GIT_SUBMODULE_FORCE_HTTPS",
                             "GIT_LFS_SKIP_SMUDGE"}) {
        static_cast<void>(flag(name, false));
    }
    for (const auto* name : {"GIT_CHECKOUT", "AFTER_SCRIPT_IGNORE_ERRORS"})
        static_cast<void>(flag(name, true));
    for (const auto* name : {"GET_SOURCES_ATTEMPTS", "ARTIFACT_DOWNLOAD_ATTEMPTS"})
        static_cast<void>(attempts(name));
    static_cast<void>(number("GIT_SUBMODULE_DEPTH", 0));
    constexpr std::array<std::string_view, 5> kStrategies{"", "clone", "fetch", "none", "empty"};
    const std::string strategy = get("GIT_STRATEGY");
    if (std::find(kStrategies.begin(), kStrategies.end(), strategy) == kStrategies.end()) {
        warn(
            fmt::format("GIT_STRATEGY: expected either 'clone', 'fetch', 'none' or 'empty' got "
                        "\"{}\", using default value '{}'",
                        strategy, allow_git_fetch ? "fetch" : "clone"));
    }
}

void Variables::warn(std::string warning) {
    if (warned_.insert(warning).second) warnings_.push_back(std::move(warning));
}

std::vector<std::string> Variables::take_warnings() { return std::exchange(warnings_, {}); }

bool Variables::feature(std::string_view name) const {
    const auto place = features_.find(name);
    return place != features_.end() && place->second;
}

std::string Variables::changed_features() const {
    std::vector<std::string> changed;
    for (const FeatureFlag& flag : feature_flags()) {
        const bool value = feature(flag.name);
        if (value != flag.by_default) changed.push_back(fmt::format("{}:{}", flag.name, value));
    }
    return base::join(changed, ", ");
}

std::vector<executors::EnvironmentVariable> Variables::environment() const {
    std::vector<executors::EnvironmentVariable> out;
    out.reserve(last_.size());
    for (const auto& [key, index] : last_) out.push_back({key, get(key)});
    return out;
}

std::vector<executors::EnvironmentVariable> Variables::public_environment() const {
    std::vector<executors::EnvironmentVariable> out;
    for (const auto& [key, index] : last_) {
        const Variable& variable = list_[index];
        if (!variable.is_public || variable.masked || variable.file || is_feature(key)) continue;
        out.push_back({key, resolved(variable)});
    }
    return out;
}

std::vector<executors::EnvironmentVariable> Variables::files() const {
    std::vector<executors::EnvironmentVariable> out;
    for (const auto& [key, index] : last_) {
        if (list_[index].file) out.push_back({key, resolved(list_[index])});
    }
    return out;
}

std::vector<std::string> Variables::masked_values() const {
    std::set<std::string> values;
    for (const Variable& variable : list_) {
        if (!variable.masked) continue;
        const std::string value = resolved(variable);
        const std::string_view trimmed = base::trim(value);
        if (!trimmed.empty()) values.emplace(trimmed);
    }
    return {values.begin(), values.end()};
}

}  // namespace runner::script
