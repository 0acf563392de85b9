#include <algorithm>
#include <string>

#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

/// Whether all items are refs. A text between slashes counts as a regular expression, which must be
/// valid.
bool is_refs(const Value& value) {
    if (!value.is_list()) return false;
    return std::all_of(value.items().begin(), value.items().end(), [](const Value& v) {
        if (!v.is_string()) return false;
        const std::string& text = v.as_string();
        const std::size_t end = text.rfind('/');
        const bool regex_form = text.size() > 1 && text.front() == '/' && end > 0 &&
                                text.find_first_not_of("ismU", end + 1) == std::string::npos;
        return !regex_form || is_literal_regex(text);
    });
}

void check_conditions(const Value& value, const KeyPath& key_path, Report& report) {
    const Value* variables = value.given("variables");
    if (variables == nullptr || !variables->is_list()) return;
    for (const Value& condition : variables->items()) {
        if (is_valid_expression(condition)) continue;
        report.add(key_path, "variables invalid expression syntax", condition.mark());
    }
}

void check_only_except_map(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.entries().empty()) report.add(key_path, "config can't be blank", value.mark());
    check_keys(value, {"refs", "kubernetes", "variables", "changes"}, key_path, report);
    check_conditions(value, key_path, report);
    const Value* refs = value.given("refs");
    if (refs != nullptr && !is_refs(*refs)) {
        report.add(key_path,
                   "refs should be an array of strings or regular expressions using re2 syntax",
                   refs->mark());
    }
    const Value* kubernetes = value.given("kubernetes");
    if (kubernetes != nullptr && !kubernetes->is_text("active")) {
        report.add(key_path, "kubernetes unknown value: " + yaml::interpolated(*kubernetes),
                   kubernetes->mark());
    }
    check_string_list_attribute(value, "variables", key_path, report);
    check_string_list_attribute(value, "changes", key_path, report);
}

}  // namespace

void check_only_except(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.is_map()) return check_only_except_map(value, key_path, report);
    if (!value.is_list()) {
        report.add(key_path, "has to be either an array of conditions or a hash", value.mark());
        return;
    }
    if (is_refs(value)) return;
    report.add(key_path,
               "config should be an array of strings or regular expressions using re2 syntax",
               value.mark());
}

}  // namespace runner::pipeline::keywords
