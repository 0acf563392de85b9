#include <algorithm>
#include <vector>

#include "base/strings.hpp"
#include "runner/pipeline/keywords/checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

bool is_scalar(const Value& value) {
    return value.is_string() || value.is_integer() || value.is_float() || value.is_bool() ||
           value.is_null() || value.kind() == yaml::Kind::kSymbol;
}

bool allowed_data(VariableScope scope, std::string_view key) {
    if (scope == VariableScope::kRoot) {
        return one_of(key, {"value", "description", "options", "expand"});
    }
    return one_of(key, {"value", "expand"});
}

void check_options(const Value& map, const Place& place, Report& report) {
    const Value* options = map.given("options");
    if (options == nullptr) return;
    if (!is_text_list(*options)) {
        report.add(place, "config options should be an array of strings", options->mark());
        return;
    }
    if (options->items().empty()) return;
    const Value* value = map.find("value");
    const auto& items = options->items();
    if (value == nullptr || std::find(items.begin(), items.end(), *value) == items.end()) {
        report.add(place, "config value must be present in options", options->mark());
    }
}

void check_data(const Value& map, VariableScope scope, const Place& place, Report& report) {
    for (const auto* key : {"value", "description"}) {
        const Value* value = map.given(key);
        if (value != nullptr && !is_scalar(*value)) {
            report.add(place, std::string("config ") + key + " must be an alphanumeric string",
                       value->mark());
        }
    }
    const Value* expand = map.given("expand");
    if (expand != nullptr && !expand->is_bool()) {
        report.add(place, "config expand should be a boolean value", expand->mark());
    }
    if (scope == VariableScope::kRule) {
        report.add(place, "config must be a string", map.mark());
        return;
    }
    std::vector<std::string> extra;
    for (const auto& [key, value] : map.entries()) {
        const std::string name = key.to_text();
        if (!allowed_data(scope, name)) extra.push_back(name);
    }
    if (!extra.empty()) {
        report.add(place, "config uses invalid data keys: " + base::join(extra, ", "), map.mark());
    }
    if (scope == VariableScope::kRoot) check_options(map, place, report);
}

}  // namespace

void check_variables(const Value& value, VariableScope scope, const Place& place, Report& report) {
    if (!value.is_map()) return report.add(place, "config should be a hash", value.mark());
    for (const auto& [key, variable] : value.entries()) {
        const std::string name = key.to_text();
        const Place inner{&place, name};
        const bool named =
            key.is_string() || key.is_integer() || key.kind() == yaml::Kind::kSymbol;
        if (!named) report.add(inner, "key must be an alphanumeric string", key.mark());
        if (variable.is_map()) {
            check_data(variable, scope, inner, report);
        } else if (!is_scalar(variable)) {
            report.add_plain("variable definition must be either a string or a hash",
                             variable.mark());
        }
    }
}

}  // namespace runner::pipeline::keywords
