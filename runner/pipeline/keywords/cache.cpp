#include <algorithm>

#include "base/encoding.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::keywords {

using yaml::List;
using yaml::Value;

namespace {

constexpr std::size_t kMostCaches = 4;
constexpr std::size_t kMostFallbackKeys = 5;
constexpr std::size_t kMostKeyFiles = 10;  // 2 before GitLab 18.x
constexpr std::size_t kMostKeyFileCommits = 2;

/// The text with URL encoding undone: %2F is a slash, %2E a dot, + a blank. GitLab decodes a cache
/// key before it checks it.
std::string unescape(std::string text) {
    std::replace(text.begin(), text.end(), '+', ' ');
    return base::percent_decode(text);
}

void check_path_text(const Value& value, const KeyPath& key_path, Report& report) {
    const std::string path = unescape(value.as_string());
    if (path.find('/') != path.npos) {
        report.add(key_path, "config cannot contain the \"/\" character", value.mark());
    } else if (path == "." || path == "..") {
        report.add(key_path, "config cannot be \".\" or \"..\"", value.mark());
    }
}

void check_key_files(const Value& value, std::size_t most, const KeyPath& key_path,
                     Report& report) {
    if (!is_text_list(value)) {
        report.add(key_path, "config should be an array of strings", value.mark());
    }
    if (value.is_blank()) {
        report.add(key_path, "config requires at least 1 item", value.mark());
    } else if (value.is_list() && value.items().size() > most) {
        report.add(key_path, "config has too many items (maximum is " + std::to_string(most) + ")",
                   value.mark());
    }
}

void check_key_map(const Value& value, const KeyPath& key_path, Report& report) {
    const std::size_t before = report.count();
    check_keys(value, {"files", "files_commits", "prefix"}, key_path, report);
    const Value* files = value.given("files");
    const Value* commits = value.given("files_commits");
    if ((value.find("files") == nullptr) == (value.find("files_commits") == nullptr)) {
        report.add(key_path, "config must use exactly one of these keys: files, files_commits",
                   value.mark());
    }
    if (!report.clean_since(before)) return;
    if (files != nullptr)
        check_key_files(*files, kMostKeyFiles, KeyPath{&key_path, "files"}, report);
    if (commits != nullptr) {
        check_key_files(*commits, kMostKeyFileCommits, KeyPath{&key_path, "files_commits"}, report);
    }
    const Value* prefix = value.given("prefix");
    if (prefix == nullptr) return;
    const KeyPath inner{&key_path, "prefix"};
    if (is_text_or_symbol(*prefix)) return check_path_text(*prefix, inner, report);
    report.add(inner, "config should be a string or symbol", prefix->mark());
}

void check_key(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.is_map()) return check_key_map(value, key_path, report);
    if (is_text_or_symbol(value)) return check_path_text(value, key_path, report);
    report.add(key_path, "should be a hash, a string or a symbol", value.mark());
}

void check_cache_policy(const Value& value, const KeyPath& key_path, Report& report) {
    const Value* policy = value.find("policy");
    if (policy == nullptr || policy->is_blank()) return;
    check_string_attribute(value, "policy", key_path, report);
    const std::string text = yaml::interpolated(*policy);  // GitLab searches any value's text
    for (const auto* good : {"push", "pull", "$"}) {
        if (text.find(good) != text.npos) return;
    }
    report.add(key_path, "policy should be a variable or one of: pull-push, push, pull",
               policy->mark());
}

/// The attributes that GitLab checks before the values inside the cache.
void check_attributes(const Value& value, const KeyPath& key_path, Report& report) {
    check_keys(value, {"key", "untracked", "paths", "when", "policy", "unprotect", "fallback_keys"},
               key_path, report);
    check_cache_policy(value, key_path, report);
    check_choice_attribute(value, "when", {"on_success", "on_failure", "always"}, key_path, report);
    const Value* fallback = value.given("fallback_keys");
    if (fallback != nullptr && length_of(*fallback) > kMostFallbackKeys) {
        report.add(key_path, "fallback keys has to many entries (maximum 5)", fallback->mark());
    }
}

void check_one(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.is_null()) return;
    if (!value.is_map()) return report_not_a_hash_twice(value, key_path, report);
    const std::size_t before = report.count();
    check_attributes(value, key_path, report);
    if (!report.clean_since(before)) return;
    if (const Value* key = value.given("key")) check_key(*key, KeyPath{&key_path, "key"}, report);
    for (const auto* name : {"unprotect", "untracked"}) {
        if (const Value* flag = value.given(name)) {
            check_boolean(*flag, KeyPath{&key_path, name}, report);
        }
    }
    for (const auto* name : {"paths", "fallback_keys"}) {
        const Value* list = value.given(name);
        if (list != nullptr && !is_text_list(*list)) {
            report.add(KeyPath{&key_path, name}, "config should be an array of strings",
                       list->mark());
        }
    }
}

}  // namespace

void check_cache(const Value& value, const KeyPath& key_path, Report& report) {
    const KeyPath plural{key_path.parent, "caches"};
    if (value.is_map()) return check_one(value, key_path, report);
    if (!value.is_list()) {
        report.add(plural, "config can only be a hash or an array", value.mark());
        return;
    }
    const List caches = yaml::flattened(value);
    if (value.items().size() > kMostCaches) {
        report.add(plural, "config no more than 4 caches can be created", value.mark());
        return;
    }
    for (const Value& cache : caches) check_one(cache, key_path, report);
}

}  // namespace runner::pipeline::keywords
