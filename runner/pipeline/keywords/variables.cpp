#include <algorithm>
#include <vector>

#include "base/strings.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

bool is_scalar(const Value& value) {
    return value.is_string() || value.is_integer() || value.is_float() || value.is_bool() ||
           value.is_null() || value.kind() == yaml::Kind::kSymbol;
}

/// What GitLab calls an alphanumeric string.
bool is_alphanumeric(const Value& value) {
    return value.is_string() || value.is_integer() || value.kind() == yaml::Kind::kSymbol;
}

/// Whether the map of a variable (`value`, `expand`, …) may have this key.
bool is_allowed_key(VariableScope scope, std::string_view key) {
    if (scope == VariableScope::kRoot) {
        return one_of(key, {"value", "description", "options", "expand"});
    }
    return one_of(key, {"value", "expand"});
}

void check_options(const Value& map, const KeyPath& key_path, Report& report) {
    const Value* options = map.given("options");
    if (options == nullptr || options->is_blank()) return;
    const Value* value = map.find("value");
    const yaml::List items = options->is_list() ? options->items() : yaml::List{*options};
    if (value == nullptr || std::find(items.begin(), items.end(), *value) == items.end()) {
        report.add(key_path, "config value must be present in options", options->mark());
    }
}

void check_data(const Value& map, VariableScope scope, const KeyPath& key_path, Report& report) {
    const Value* value = map.given("value");
    if (value != nullptr && !is_scalar(*value)) {
        report.add(key_path, "config value must be a scalar", value->mark());
    }
    const Value* description = map.given("description");
    if (description != nullptr && !is_alphanumeric(*description)) {
        report.add(key_path, "config description must be an alphanumeric string",
                   description->mark());
    }
    const Value* expand = map.given("expand");
    if (expand != nullptr && !expand->is_bool()) {
        report.add(key_path, "config expand should be a boolean value", expand->mark());
    }
    const Value* options = map.given("options");
    if (options != nullptr && !is_text_list(*options)) {
        report.add(key_path, "config options should be an array of strings", options->mark());
    }
    if (scope == VariableScope::kRule) {
        report.add(key_path, "config must be a string", map.mark());
        return check_options(map, key_path, report);
    }
    std::vector<std::string> extra;
    for (const auto& [key, data] : map.entries()) {
        const std::string name = yaml::key_text(key);
        if (!is_allowed_key(scope, name)) extra.push_back(name);
    }
    if (!extra.empty()) {
        report.add(key_path, "config uses invalid data keys: " + base::join(extra, ", "),
                   map.mark());
    }
    check_options(map, key_path, report);
}

}  // namespace

void check_variables(const Value& value, VariableScope scope, const KeyPath& key_path,
                     Report& report) {
    if (!value.is_map()) return report.add(key_path, "config should be a hash", value.mark());
    for (const auto& [key, variable] : value.entries()) {
        const std::string name = path_name(key);
        const KeyPath inner{&key_path, name};
        if (!is_alphanumeric(key))
            report.add(inner, "key must be an alphanumeric string", key.mark());
        if (variable.is_map()) {
            check_data(variable, scope, inner, report);
        } else if (variable.is_null() && scope == VariableScope::kRule) {
            report.add(inner, "config must be a string", variable.mark());
        } else if (!is_scalar(variable)) {
            report.add_plain("variable definition must be either a string or a hash",
                             variable.mark());
        }
    }
}

}  // namespace runner::pipeline::keywords
