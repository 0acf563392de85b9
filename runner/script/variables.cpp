#include "runner/script/variables.hpp"

#include <utility>

#include "base/version.hpp"
#include "protocol/gitlab/runner_info.hpp"
#include "runner/script/variable_names.hpp"

namespace runner::script {

namespace {

using protocol::gitlab::Variable;

Variable public_variable(std::string key, std::string value) {
    Variable variable;
    variable.key = std::move(key);
    variable.value = std::move(value);
    variable.is_public = true;
    return variable;
}

/// A variable that the runner makes; its value is not expanded.
Variable own_variable(std::string key, std::string value) {
    Variable variable = public_variable(std::move(key), std::move(value));
    variable.raw = true;
    return variable;
}

Variable own_file(std::string key, std::string content, bool is_public) {
    Variable variable = own_variable(std::move(key), std::move(content));
    variable.file = true;
    variable.is_public = is_public;
    return variable;
}

void add_configured(VariableList& list, const config::RunnerConfig& runner, NameCheck& names) {
    for (const std::string& entry : runner.environment) {
        const auto at = entry.find('=');
        if (at == std::string::npos || is_feature_flag(entry)) continue;
        Variable variable = public_variable(entry.substr(0, at), entry.substr(at + 1));
        if (names.accept(variable)) list.add(std::move(variable));
    }
}

/// The payload may hide these.
void add_defaults(VariableList& list, const PredefinedValues& predefined,
                  std::int64_t timeout_seconds) {
    const auto add = [&](std::string key, std::string value) {
        list.add_own(own_variable(std::move(key), std::move(value)));
    };
    add("CI_BUILDS_DIR", "");
    add("CI_PROJECT_DIR", "");
    add("CI_CONCURRENT_ID", std::to_string(predefined.concurrent_id));
    add("CI_CONCURRENT_PROJECT_ID", std::to_string(predefined.concurrent_project_id));
    add("CI_SERVER", "yes");
    add("CI_JOB_STATUS", "running");
    add("CI_JOB_TIMEOUT", std::to_string(timeout_seconds));
    if (!predefined.ca_chain.empty()) {
        list.add_own(own_file("CI_SERVER_TLS_CA_FILE", predefined.ca_chain, true));
    }
    if (!predefined.tls_cert.empty() && !predefined.tls_key.empty()) {
        list.add_own(own_file("CI_SERVER_TLS_CERT_FILE", predefined.tls_cert, true));
        list.add_own(own_file("CI_SERVER_TLS_KEY_FILE", predefined.tls_key, false));
    }
}

/// The payload cannot hide these.
void add_fixed(VariableList& list, const PredefinedValues& predefined) {
    const auto add = [&](std::string key, std::string value) {
        list.add_own(own_variable(std::move(key), std::move(value)));
    };
    add(predefined.shared_environment ? "CI_SHARED_ENVIRONMENT" : "CI_DISPOSABLE_ENVIRONMENT",
        "true");
    add("CI_RUNNER_VERSION", std::string(base::compatible_version()));
    add("CI_RUNNER_REVISION", std::string(base::revision()));
    add("CI_RUNNER_EXECUTABLE_ARCH", "linux/" + protocol::gitlab::architecture());
    add("RUNNER_TEMP_PROJECT_DIR", "");
}

}  // namespace

Variables::Variables(const protocol::gitlab::JobPayload& payload,
                     const config::RunnerConfig& runner, const PredefinedValues& predefined)
    : features_(payload, runner) {
    for (const auto& [name, value] : features_.values()) {
        list_.add_own(own_variable(name, value ? "true" : "false"));
    }
    const std::string& image = payload.image ? payload.image->name : runner.docker.image;
    if (!image.empty()) list_.add(public_variable("CI_JOB_IMAGE", image));
    list_.add_own(own_variable("CI_RUNNER_SHORT_TOKEN", predefined.short_token));
    NameCheck names;
    add_configured(list_, runner, names);
    add_defaults(list_, predefined, payload.timeout_seconds);
    for (const Variable& variable : payload.variables) {
        if (!is_feature_flag(variable.key) && names.accept(variable)) list_.add(variable);
    }
    add_fixed(list_, predefined);
    warnings_ = names.warnings();
    values_.resolve(list_, tmp_dir_);
}

void Variables::set_directories(const JobDirectories& directories) {
    list_.set_own("CI_BUILDS_DIR", directories.builds);
    list_.set_own("CI_PROJECT_DIR", directories.project);
    list_.set_own("RUNNER_TEMP_PROJECT_DIR", directories.tmp);
    tmp_dir_ = directories.tmp;
    values_.resolve(list_, tmp_dir_);
}

std::vector<std::string> Variables::add_secrets(std::vector<Variable> secrets) {
    NameCheck names;
    for (Variable& secret : secrets) {
        if (names.accept(secret)) list_.add(std::move(secret));
    }
    values_.resolve(list_, tmp_dir_);
    return names.warnings();
}

void Variables::set_job_status(std::string status) {
    list_.set_own("CI_JOB_STATUS", std::move(status));
    values_.resolve(list_, tmp_dir_);
}

std::optional<std::string_view> Variables::find(std::string_view key) const {
    const auto index = list_.index_of(key);
    if (!index) return std::nullopt;
    return values_.seen(*index);
}

std::string Variables::get(std::string_view key) const {
    return std::string(find(key).value_or(std::string_view()));
}

std::string Variables::content(std::string_view key) const {
    const auto index = list_.index_of(key);
    return index ? values_.content(*index) : std::string();
}

std::vector<executors::EnvironmentVariable> Variables::environment() const {
    std::vector<executors::EnvironmentVariable> out;
    for (const std::size_t index : list_.effective()) {
        out.push_back({list_.all()[index].key, values_.script_value(index)});
    }
    return out;
}

std::vector<executors::EnvironmentVariable> Variables::public_environment() const {
    std::vector<executors::EnvironmentVariable> out;
    for (const std::size_t index : list_.effective()) {
        const Variable& variable = list_.all()[index];
        if (!variable.is_public || variable.masked || variable.file) continue;
        if (is_feature_flag(variable.key)) continue;
        out.push_back({variable.key, values_.content(index)});
    }
    return out;
}

std::vector<executors::EnvironmentVariable> Variables::files() const {
    std::vector<executors::EnvironmentVariable> out;
    for (const std::size_t index : list_.effective()) {
        if (list_.all()[index].file)
            out.push_back({list_.all()[index].key, values_.script_content(index)});
    }
    return out;
}

}  // namespace runner::script
