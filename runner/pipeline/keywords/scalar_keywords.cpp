#include <set>
#include <string>

#include "base/strings.hpp"
#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

constexpr std::size_t kTagLimit = 50;

/// The number of different tags: one text may name several tags, separated by commas.
std::size_t distinct_tags(const Value& tags) {
    std::set<std::string, std::less<>> names;
    for (const Value& tag : tags.items()) {
        for (const auto& name : base::split(tag.to_text(), ',')) {
            if (const auto bare = base::trim(name); !bare.empty()) names.emplace(bare);
        }
    }
    return names.size();
}

}  // namespace

void check_boolean(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_bool()) report.add(key_path, "config should be a boolean value", value.mark());
}

void check_timeout(const Value& value, const KeyPath& key_path, Report& report) {
    check_duration(&value, kOneMonth, "config", value.mark(), key_path, report);
}

void check_tags(const Value& value, const KeyPath& key_path, Report& report) {
    if (!is_text_list(value)) {
        report.add(key_path, "config should be an array of strings", value.mark());
    }
    if (value.is_list() && distinct_tags(value) >= kTagLimit) {
        report.add(key_path, "config must be less than the limit of 50 tags", value.mark());
    }
}

void check_publish(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_string()) report.add(key_path, "config should be a string", value.mark());
}

void check_coverage(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.is_string() && is_literal_regex(value.as_string())) return;
    report.add(key_path, "config must be a regular expression with re2 syntax", value.mark());
}

}  // namespace runner::pipeline::keywords
