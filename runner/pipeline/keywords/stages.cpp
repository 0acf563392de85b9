#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

void check_stage(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_string()) report.add(key_path, "config should be a string", value.mark());
}

void check_stages(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.is_list() && is_nested_text(value)) return;
    report.add(key_path,
               "config should be an array of strings or a nested array of strings up to 10 levels "
               "deep",
               mark_of_bad_text(value));
}

}  // namespace runner::pipeline::keywords
