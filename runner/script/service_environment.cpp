#include "runner/script/service_environment.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>

#include "runner/script/size_limits.hpp"
#include "runner/script/variable_names.hpp"
#include "runner/script/variable_resolution.hpp"

namespace runner::script {

namespace {

constexpr std::string_view kField = "services:variables";

std::size_t size_of(const std::vector<executors::EnvironmentVariable>& variables) {
    std::size_t bytes = 0;
    for (const auto& variable : variables) bytes += variable.name.size() + variable.value.size();
    return bytes;
}

}  // namespace

std::vector<executors::EnvironmentVariable> service_environment(
    const std::vector<executors::EnvironmentVariable>& job_public,
    const std::vector<protocol::gitlab::Variable>& own, const Variables& variables,
    TextExpander& texts) {
    VariableList list;
    NameCheck names;
    for (protocol::gitlab::Variable variable : own) {
        variable.file = false;  // a service has no files
        if (names.accept(variable)) list.add(std::move(variable));
    }
    ResolutionRules rules;
    rules.limit_bytes = kMaxEnvironmentBytes;
    rules.outer = [&](std::string_view key) { return variables.find(key); };
    const Resolution resolution = resolve_variables(list, rules);
    texts.charge(kField, size_of(job_public));
    for (const std::string& value : resolution.values) texts.charge(kField, value.size());
    if (!resolution.too_large.empty()) {
        texts.fail(fmt::format("{}: the value of {} is too large when its variables are replaced",
                               kField, shown_name(resolution.too_large)));
    }
    if (!texts.problem().empty()) return {};
    std::map<std::string, std::string> merged;
    for (const auto& variable : job_public) merged[variable.name] = variable.value;
    for (const std::size_t index : list.effective()) {
        merged[list.all()[index].key] = resolution.values[index];
    }
    std::vector<executors::EnvironmentVariable> out;
    for (auto& [name, value] : merged) out.push_back({name, std::move(value)});
    return out;
}

}  // namespace runner::script
