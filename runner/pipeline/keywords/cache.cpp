#include "runner/pipeline/keywords/checks.hpp"

namespace runner::pipeline::keywords {

using yaml::List;
using yaml::Value;

namespace {

constexpr std::size_t kMostCaches = 4;
constexpr std::size_t kMostFallbackKeys = 5;
constexpr std::size_t kMostKeyFiles = 10;  // 2 before GitLab 18.x
constexpr std::size_t kMostKeyFileCommits = 2;

bool contains_slash(std::string_view text) {
    return text.find('/') != text.npos || text.find("%2F") != text.npos ||
           text.find("%2f") != text.npos;
}

void check_key_files(const Value& value, std::size_t most, const Place& place, Report& report) {
    if (!is_text_list(value)) {
        report.add(place, "config should be an array of strings", value.mark());
    } else if (value.items().empty()) {
        report.add(place, "config requires at least 1 item", value.mark());
    } else if (value.items().size() > most) {
        report.add(place,
                   "config has too many items (maximum is " + std::to_string(most) + ")",
                   value.mark());
    }
}

void check_key_map(const Value& value, const Place& place, Report& report) {
    const std::size_t before = report.count();
    check_keys(value, {"files", "files_commits", "prefix"}, place, report);
    const Value* files = value.given("files");
    const Value* commits = value.given("files_commits");
    if ((files == nullptr) == (commits == nullptr)) {
        report.add(place, "config must use exactly one of these keys: files, files_commits",
                   value.mark());
    }
    if (!report.clean_since(before)) return;
    if (files != nullptr) check_key_files(*files, kMostKeyFiles, Place{&place, "files"}, report);
    if (commits != nullptr) {
        check_key_files(*commits, kMostKeyFileCommits, Place{&place, "files_commits"}, report);
    }
    const Value* prefix = value.given("prefix");
    if (prefix != nullptr && !prefix->is_string()) {
        report.add(Place{&place, "prefix"}, "config should be a string or symbol", prefix->mark());
    }
}

void check_key(const Value& value, const Place& place, Report& report) {
    if (value.is_map()) return check_key_map(value, place, report);
    if (!value.is_string()) {
        report.add(place, "should be a hash, a string or a symbol", value.mark());
        return;
    }
    const std::string& text = value.as_string();
    if (contains_slash(text)) {
        report.add(place, "config cannot contain the \"/\" character", value.mark());
    }
    if (text == "." || text == ".." || text == "%2E" || text == "%2e") {
        report.add(place, "config cannot be \".\" or \"..\"", value.mark());
    }
}

bool good_policy(const Value& value) {
    if (!value.is_string()) return false;
    const std::string& text = value.as_string();
    return text.find("push") != text.npos || text.find("pull") != text.npos ||
           text.find('$') != text.npos;
}

/// The attributes that the entry itself looks at, before its children.
void check_own(const Value& value, const Place& place, Report& report) {
    check_keys(value,
               {"key", "untracked", "paths", "when", "policy", "unprotect", "fallback_keys"}, place,
               report);
    const Value* policy = value.given("policy");
    if (policy != nullptr && !good_policy(*policy)) {
        report.add(place, "policy should be a variable or one of: pull-push, push, pull",
                   policy->mark());
    }
    const Value* when = value.given("when");
    if (when != nullptr &&
        (!when->is_string() ||
         !one_of(when->as_string(), {"on_success", "on_failure", "always"}))) {
        report.add(place, "when should be one of: on_success, on_failure, always", when->mark());
    }
    const Value* fallback = value.given("fallback_keys");
    if (fallback != nullptr && fallback->is_list() &&
        fallback->items().size() > kMostFallbackKeys) {
        report.add(place, "fallback keys has to many entries (maximum 5)", fallback->mark());
    }
}

void check_one(const Value& value, const Place& place, Report& report) {
    if (!value.is_map()) return report.add(place, "config should be a hash", value.mark());
    const std::size_t before = report.count();
    check_own(value, place, report);
    if (!report.clean_since(before)) return;
    if (const Value* key = value.given("key")) check_key(*key, Place{&place, "key"}, report);
    for (const auto* name : {"paths", "fallback_keys"}) {
        const Value* list = value.given(name);
        if (list != nullptr && !is_text_list(*list)) {
            report.add(Place{&place, name}, "config should be an array of strings", list->mark());
        }
    }
    for (const auto* name : {"untracked", "unprotect"}) {
        if (const Value* flag = value.given(name)) {
            check_boolean(*flag, Place{&place, name}, report);
        }
    }
}

void flatten(const List& items, int levels, List& out) {
    for (const Value& item : items) {
        if (item.is_list() && levels > 0) {
            flatten(item.items(), levels - 1, out);
        } else {
            out.push_back(item);
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
    List caches;
    flatten(value.items(), 10, caches);
    if (caches.size() > kMostCaches) {
        report.add(plural, "config no more than 4 caches can be created", value.mark());
        return;
    }
    for (const Value& cache : caches) check_one(cache, plural, report);
}

}  // namespace runner::pipeline::keywords
