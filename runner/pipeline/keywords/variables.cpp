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

bool is_name(const Value& value) {
    return value.is_string() || value.is_integer() || value.kind() == yaml::Kind::kSymbol;
}

bool allowed_data(VariableScope scope, std::string_view key) {
    if (scope == VariableScope::kRoot) {
        return one_of(key, {"value", "description", "options", "expand"});
    }
    return one_of(key, {"value", "expand"});
}

void check_options(const Value& map, const Place& place, Report& report) {
    const Value* options = map.given("options");
    if (options == nullptr || options->is_blank()) return;
    const Value* value = map.find("value");
    const yaml::List items = options->is_list() ? options->items() : yaml::List{*options};
    if (value == nullptr || std::find(items.begin(), items.end(), *value) == items.end()) {
        report.add(place, "config value must be present in options", options->mark());
    }
}

void check_data(const Value& map, VariableScope scope, const Place& place, Report& report) {
    const Value* value = map.given("value");
    if (value != nullptr && !is_scalar(*value)) {
        report.add(place, "config value must be a scalar", value->mark());
    }
    const Value* description = map.given("description");
    if (description != nullptr && !is_name(*description)) {
        report.add(place, "config description must be an alphanumeric string", description->mark());
    }
    const Value* expand = map.given("expand");
    if (expand != nullptr && !expand->is_bool()) {
        report.add(place, "config expand should be a boolean value", expand->mark());
    }
    const Value* options = map.given("options");
    if (options != nullptr && !is_text_list(*options)) {
        report.add(place, "config options should be an array of strings", options->mark());
    }
    if (scope == VariableScope::kRule) {
        report.add(place, "config must be a string", map.mark());
        return check_options(map, place, report);
    }
    std::vector<std::string> extra;
    for (const auto& [key, data] : map.entries()) {
        const std::string name = key.to_text();
        if (!allowed_data(scope, name)) extra.push_back(name);
    }
    if (!extra.empty()) {
        report.add(place, "config uses invalid data keys: " + base::join(extra, ", "), map.mark());
    }
    check_options(map, place, report);
}

}  // namespace

void check_variables(const Value& value, VariableScope scope, const Place& place, Report& report) {
    if (!value.is_map()) return report.add(place, "config should be a hash", value.mark());
    for (const auto& [key, variable] : value.entries()) {
        const std::string name = key.to_text();
        const Place inner{&place, name};
        if (!is_name(key)) report.add(inner, "key must be an alphanumeric string", key.mark());
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
