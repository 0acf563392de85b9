#include <algorithm>

#include "base/encoding.hpp"
#include "runner/pipeline/keywords/checks.hpp"

namespace runner::pipeline::keywords {

using yaml::List;
using yaml::Value;

namespace {

constexpr std::size_t kMostCaches = 4;
constexpr std::size_t kMostFallbackKeys = 5;
constexpr std::size_t kMostKeyFiles = 10;  // 2 before GitLab 18.x
constexpr std::size_t kMostKeyFileCommits = 2;

/// Decodes as a form does: %2F is a slash, %2E a dot, + a blank.
std::string unescape(std::string text) {
    std::replace(text.begin(), text.end(), '+', ' ');
    return base::percent_decode(text);
}

void check_path_text(const Value& value, const Place& place, Report& report) {
    const std::string path = unescape(value.as_string());
    if (path.find('/') != path.npos) {
        report.add(place, "config cannot contain the \"/\" character", value.mark());
    } else if (path == "." || path == "..") {
        report.add(place, "config cannot be \".\" or \"..\"", value.mark());
    }
}

void check_key_files(const Value& value, std::size_t most, const Place& place, Report& report) {
    if (!is_text_list(value)) {
        report.add(place, "config should be an array of strings", value.mark());
    }
    if (value.is_blank()) {
        report.add(place, "config requires at least 1 item", value.mark());
    } else if (value.is_list() && value.items().size() > most) {
        report.add(place, "config has too many items (maximum is " + std::to_string(most) + ")",
                   value.mark());
    }
}

void check_key_map(const Value& value, const Place& place, Report& report) {
    const std::size_t before = report.count();
    check_keys(value, {"files", "files_commits", "prefix"}, place, report);
    const Value* files = value.given("files");
    const Value* commits = value.given("files_commits");
    if ((value.find("files") == nullptr) == (value.find("files_commits") == nullptr)) {
        report.add(place, "config must use exactly one of these keys: files, files_commits",
                   value.mark());
    }
    if (!report.clean_since(before)) return;
    if (files != nullptr) check_key_files(*files, kMostKeyFiles, Place{&place, "files"}, report);
    if (commits != nullptr) {
        check_key_files(*commits, kMostKeyFileCommits, Place{&place, "files_commits"}, report);
    }
    const Value* prefix = value.given("prefix");
    if (prefix == nullptr) return;
    const Place inner{&place, "prefix"};
    if (is_text_or_symbol(*prefix)) return check_path_text(*prefix, inner, report);
    report.add(inner, "config should be a string or symbol", prefix->mark());
}

void check_key(const Value& value, const Place& place, Report& report) {
    if (value.is_map()) return check_key_map(value, place, report);
    if (is_text_or_symbol(value)) return check_path_text(value, place, report);
    report.add(place, "should be a hash, a string or a symbol", value.mark());
}

void check_cache_policy(const Value& value, const Place& place, Report& report) {
    const Value* policy = value.find("policy");
    if (policy == nullptr || policy->is_blank()) return;
    if (!policy->is_string()) report.add(place, "policy should be a string", policy->mark());
    const std::string text = policy->is_list() || policy->is_map() ? "" : policy->to_text();
    for (const auto* good : {"push", "pull", "$"}) {
        if (text.find(good) != text.npos) return;
    }
    report.add(place, "policy should be a variable or one of: pull-push, push, pull",
               policy->mark());
}

/// The attributes that the entry itself looks at, before its children.
void check_own(const Value& value, const Place& place, Report& report) {
    check_keys(value, {"key", "untracked", "paths", "when", "policy", "unprotect", "fallback_keys"},
               place, report);
    check_cache_policy(value, place, report);
    const Value* when = value.given("when");
    if (when != nullptr && !when->is_string()) {
        report.add(place, "when should be a string", when->mark());
    }
    if (when != nullptr && !all_of(*when, {"on_success", "on_failure", "always"})) {
        report.add(place, "when should be one of: on_success, on_failure, always", when->mark());
    }
    const Value* fallback = value.given("fallback_keys");
    if (fallback != nullptr && length_of(*fallback) > kMostFallbackKeys) {
        report.add(place, "fallback keys has to many entries (maximum 5)", fallback->mark());
    }
}

void check_one(const Value& value, const Place& place, Report& report) {
    if (value.is_null()) return;
    if (!value.is_map()) {
        // GitLab states this rule twice and so prints it twice.
        report.add(place, "config should be a hash", value.mark());
        return report.add(place, "config should be a hash", value.mark());
    }
    const std::size_t before = report.count();
    check_own(value, place, report);
    if (!report.clean_since(before)) return;
    if (const Value* key = value.given("key")) check_key(*key, Place{&place, "key"}, report);
    for (const auto* name : {"unprotect", "untracked"}) {
        if (const Value* flag = value.given(name)) {
            check_boolean(*flag, Place{&place, name}, report);
        }
    }
    for (const auto* name : {"paths", "fallback_keys"}) {
        const Value* list = value.given(name);
        if (list != nullptr && !is_text_list(*list)) {
            report.add(Place{&place, name}, "config should be an array of strings", list->mark());
        }
    }
}

}  // namespace

void check_cache(const Value& value, const Place& place, Report& report) {
    const Place plural{place.parent, "caches"};
    if (value.is_map()) return check_one(value, place, report);
    if (!value.is_list()) {
        report.add(plural, "config can only be a hash or an array", value.mark());
        return;
    }
    const List caches = yaml::flattened(value);
    if (value.items().size() > kMostCaches) {
        report.add(plural, "config no more than 4 caches can be created", value.mark());
        return;
    }
    for (const Value& cache : caches) check_one(cache, place, report);
}

}  // namespace runner::pipeline::keywords
