#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

const Names kInheritable = {"after_script", "artifacts", "before_script", "cache", "hooks",
                            "id_tokens",    "image",     "interruptible", "retry", "services",
                            "tags",         "timeout",   "identity"};

void check_names(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_bool() && !value.is_list()) {
        report.add(key_path, "should be a bool or array of strings", value.mark());
    } else if (value.is_list() && !is_text_list(value)) {
        report.add(key_path, "config should be an array of strings", value.mark());
    }
}

}  // namespace

void check_inherit_keys(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_map()) return report.add(key_path, "config should be a hash", value.mark());
    check_keys(value, {"default", "variables"}, key_path, report);
}

void check_inherit(const Value& value, const KeyPath& key_path, Report& report) {
    const std::size_t before = report.count();
    check_inherit_keys(value, key_path, report);
    if (!report.clean_since(before)) return;
    if (const Value* defaults = value.given("default")) {
        const KeyPath inner{&key_path, "default"};
        check_names(*defaults, inner, report);
        if (defaults->is_list())
            check_known_items(*defaults, kInheritable, "config", inner, report);
    }
    if (const Value* variables = value.given("variables")) {
        check_names(*variables, KeyPath{&key_path, "variables"}, report);
    }
}

}  // namespace runner::pipeline::keywords
