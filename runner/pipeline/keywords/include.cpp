#include <string_view>

#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

/// Whether the map has a value for the key that is not blank.
bool is_present(const Value& map, std::string_view key) {
    const Value* value = map.find(key);
    return value != nullptr && !value->is_blank();
}

/// Whether the map has a value for the key that is neither null nor false.
bool is_truthy(const Value& map, std::string_view key) {
    const Value* value = map.given(key);
    return value != nullptr && !(value->is_bool() && !value->as_bool());
}

void check_integrity(const Value& item, const KeyPath& key_path, Report& report) {
    const Value* integrity = item.find("integrity");
    if (integrity == nullptr || integrity->is_null()) return;
    const Mark mark = integrity->mark();
    if (!is_present(item, "remote")) {
        report.add(key_path, "config integrity can only be specified for remote includes", mark);
    }
    if (!integrity->is_string() || !integrity->as_string().starts_with("sha256-")) {
        return report.add(key_path, "config integrity hash must start with 'sha256-'", mark);
    }
    if (!is_base64(std::string_view(integrity->as_string()).substr(7))) {
        report.add(key_path, "config integrity hash must be base64 encoded", mark);
    }
}

void check_include_item(const Value& item, const KeyPath& key_path, Report& report) {
    if (item.is_list()) {
        for (const Value& inner : item.items()) check_include_item(inner, key_path, report);
        return;
    }
    if (item.is_string() || item.is_null()) return;
    if (!item.is_map()) {
        return report.add(key_path, "config should be a hash or a string", item.mark());
    }
    const std::size_t before = report.count();
    if (is_truthy(item, "project") && !is_present(item, "file")) {
        report.add(key_path, "config must specify the file where to fetch the config from",
                   item.mark());
    }
    check_integrity(item, key_path, report);
    check_keys(item,
               {"local", "file", "remote", "project", "ref", "template", "artifact", "job",
                "component", "inputs", "integrity", "rules", "cache"},
               key_path, report);
    if (is_truthy(item, "artifact") && !is_present(item, "job")) {
        report.add(key_path, "config must specify the job where to fetch the artifact from",
                   item.mark());
    }
    const Value* rules = item.given("rules");
    if (rules == nullptr) return;
    if (!is_map_list(*rules))
        report.add(key_path, "rules should be an array of hashes", rules->mark());
    if (!report.clean_since(before)) return;
    check_rules(*rules, RuleScope::kInclude, KeyPath{&key_path, "rules"}, report);
}

}  // namespace

void check_include(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.is_string()) return;
    if (!value.is_list()) {
        return report.add(key_path, "config should be an array or a string", value.mark());
    }
    for (const Value& item : value.items()) {
        check_include_item(item, KeyPath{&key_path, "include"}, report);
    }
}

}  // namespace runner::pipeline::keywords
