#include "runner/script/variables.hpp"

#include <set>
#include <utility>

#include "base/strings.hpp"
#include "base/version.hpp"
#include "protocol/gitlab/runner_info.hpp"
#include "runner/script/variable_expansion.hpp"

namespace runner::script {

namespace {

protocol::gitlab::Variable public_variable(std::string key, std::string value) {
    protocol::gitlab::Variable variable;
    variable.key = std::move(key);
    variable.value = std::move(value);
    variable.is_public = true;
    return variable;
}

}  // namespace

Variables::Variables(const protocol::gitlab::JobPayload& payload,
                     const config::RunnerConfig& runner, const PredefinedValues& predefined)
    : features_(payload, runner) {
    for (const auto& [name, value] : features_.values()) add_own(name, value ? "true" : "false");
    const std::string& image = payload.image ? payload.image->name : runner.docker.image;
    if (!image.empty()) add(public_variable("CI_JOB_IMAGE", image));
    add_own("CI_RUNNER_SHORT_TOKEN", predefined.short_token);
    add_configured(runner);
    add_predefined(predefined, payload.timeout_seconds);
    for (const Variable& variable : payload.variables) {
        if (!is_feature_flag(variable.key)) add(variable);
    }
    // The payload cannot change these.
    add_own(predefined.shared_environment ? "CI_SHARED_ENVIRONMENT" : "CI_DISPOSABLE_ENVIRONMENT",
            "true");
    add_own("CI_RUNNER_VERSION", std::string(base::compatible_version()));
    add_own("CI_RUNNER_REVISION", std::string(base::revision()));
    add_own("CI_RUNNER_EXECUTABLE_ARCH", "linux/" + protocol::gitlab::architecture());
    add_own("RUNNER_TEMP_PROJECT_DIR", "");
}

void Variables::add_configured(const config::RunnerConfig& runner) {
    for (const std::string& entry : runner.environment) {
        const auto at = entry.find('=');
        if (at == std::string::npos || is_feature_flag(entry)) continue;
        add(public_variable(entry.substr(0, at), entry.substr(at + 1)));
    }
}

void Variables::add_predefined(const PredefinedValues& predefined, std::int64_t timeout_seconds) {
    add_own("CI_BUILDS_DIR", "");
    add_own("CI_PROJECT_DIR", "");
    add_own("CI_CONCURRENT_ID", std::to_string(predefined.concurrent_id));
    add_own("CI_CONCURRENT_PROJECT_ID", std::to_string(predefined.concurrent_project_id));
    add_own("CI_SERVER", "yes");
    add_own("CI_JOB_STATUS", "running");
    add_own("CI_JOB_TIMEOUT", std::to_string(timeout_seconds));
    if (!predefined.ca_chain.empty()) {
        add_own_file("CI_SERVER_TLS_CA_FILE", predefined.ca_chain, true);
    }
    if (!predefined.tls_cert.empty() && !predefined.tls_key.empty()) {
        add_own_file("CI_SERVER_TLS_CERT_FILE", predefined.tls_cert, true);
        add_own_file("CI_SERVER_TLS_KEY_FILE", predefined.tls_key, false);
    }
}

void Variables::add(Variable variable) {
    last_[variable.key] = list_.size();
    list_.push_back(std::move(variable));
}

void Variables::add_own(std::string key, std::string value) {
    own_[key] = list_.size();
    Variable variable = public_variable(std::move(key), std::move(value));
    variable.raw = true;
    add(std::move(variable));
}

void Variables::add_own_file(std::string key, std::string content, bool is_public) {
    add_own(std::move(key), std::move(content));
    list_.back().file = true;
    list_.back().is_public = is_public;
}

void Variables::set_own(std::string_view key, std::string value) {
    list_[own_.find(key)->second].value = std::move(value);
}

void Variables::set_directories(const JobDirectories& directories) {
    set_own("CI_BUILDS_DIR", directories.builds);
    set_own("CI_PROJECT_DIR", directories.project);
    set_own("RUNNER_TEMP_PROJECT_DIR", directories.tmp);
    tmp_dir_ = directories.tmp;
}

void Variables::set_job_status(std::string status) { set_own("CI_JOB_STATUS", std::move(status)); }

const protocol::gitlab::Variable* Variables::find(std::string_view key) const {
    const auto entry = last_.find(key);
    return entry == last_.end() ? nullptr : &list_[entry->second];
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
    return expand_variables(text, [this](std::string_view key) { return reference(key); });
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
        if (!variable.is_public || variable.masked || variable.file) continue;
        if (!is_feature_flag(key)) out.push_back({key, resolved(variable)});
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
