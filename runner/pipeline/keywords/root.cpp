#include "runner/pipeline/keywords/root.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/job.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

using Check = void (*)(const Value& value, const KeyPath& key_path, Report& report);

void check_default_retry(const Value& value, const KeyPath&, Report& report) {
    check_retry(value, report);
}

/// The checks of the keywords of `default`. GitLab does not check `identity`.
constexpr std::array<std::pair<std::string_view, Check>, 12> kDefaultChecks{{
    {"before_script", check_commands},
    {"after_script", check_commands},
    {"image", check_image},
    {"services", check_services},
    {"cache", check_cache},
    {"interruptible", check_boolean},
    {"retry", check_default_retry},
    {"hooks", check_hooks},
    {"tags", check_tags},
    {"artifacts", check_artifacts},
    {"timeout", check_timeout},
    {"id_tokens", check_id_tokens},
}};

void check_default_keyword(std::string_view keyword, const Value& value, const KeyPath& key_path,
                           Report& report) {
    for (const auto& [name, check] : kDefaultChecks) {
        if (name == keyword) return check(value, key_path, report);
    }
}

/// The keywords of `default` that may also be global: the deprecated way to write defaults.
const Names kGlobalKeywords = {"before_script", "after_script", "cache", "image", "services"};

using ProblemsByKeyword = std::map<std::string, Problems, std::less<>>;

/// Adds a keyword that jobs inherit. Its problems are reported here, and again for every job that
/// inherits it.
void add_default(std::string_view keyword, const Value& value, Problems problems,
                 Defaults& defaults, Report& report) {
    report.append(problems);
    defaults.values.insert_or_assign(std::string(keyword), value);
    if (!problems.empty()) {
        defaults.problems.insert_or_assign(std::string(keyword), std::move(problems));
    }
}

ProblemsByKeyword check_globals(const Value& root) {
    ProblemsByKeyword found;
    for (const auto keyword : kGlobalKeywords) {
        const Value* value = root.given(keyword);
        if (value == nullptr) continue;
        Report own;
        check_default_keyword(keyword, *value, KeyPath{nullptr, keyword}, own);
        found[std::string(keyword)] = own.take();
    }
    return found;
}

/// The value of `default`; nullptr when there is none from which jobs can inherit.
const Value* check_default_keys(const Value& root, Edition edition, Report& report) {
    const Value* value = root.given("default");
    if (value == nullptr || looks_like_job(*value)) return nullptr;
    const KeyPath key_path{nullptr, "default"};
    const std::size_t before = report.count();
    if (!value->is_map()) {
        report.add(key_path, "config should be a hash", value->mark());
    } else if (edition == Edition::kEnterprise) {
        check_keys(*value, kDefaultKeywords, key_path, report);
    } else {
        check_keys(*value,
                   {"before_script", "image", "services", "after_script", "cache", "interruptible",
                    "retry", "hooks", "tags", "artifacts", "timeout", "id_tokens"},
                   key_path, report);
    }
    return report.clean_since(before) ? value : nullptr;
}

/// Returns false when a keyword is both global and in `default`. GitLab then reports only that.
bool check_default(const Value& root, Edition edition, const ProblemsByKeyword& globals,
                   Defaults& defaults, Report& report) {
    const Value* value = check_default_keys(root, edition, report);
    const KeyPath key_path{nullptr, "default"};
    for (const auto keyword : kDefaultKeywords) {
        const Value* own = value == nullptr ? nullptr : value->given(keyword);
        const auto global = globals.find(keyword);
        if (own != nullptr && global != globals.end()) {
            report.take();
            report.add_plain(std::string(keyword) + " is defined in top-level and `default:` entry",
                             root.given(keyword)->mark());
            return false;
        }
        if (own != nullptr) {
            Report problems;
            check_default_keyword(keyword, *own, KeyPath{&key_path, keyword}, problems);
            add_default(keyword, *own, problems.take(), defaults, report);
        } else if (global != globals.end()) {
            add_default(keyword, *root.given(keyword), global->second, defaults, report);
        }
    }
    return true;
}

/// In this one message GitLab replaces blanks in a name that has only letters and blanks.
std::string shown_name(const std::string& name) {
    const bool words = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ';
    });
    std::string shown = name;
    if (words) std::replace(shown.begin(), shown.end(), ' ', '_');
    return shown;
}

void check_jobs(const Value& root, Edition edition, const Defaults& defaults, Report& report) {
    const KeyPath jobs{nullptr, "jobs"};
    const std::size_t before = report.count();
    bool visible = false;
    for (const auto& [name, value] : root.entries()) {
        if (!is_job_entry(name, value)) continue;
        const JobKind kind = kind_of(name, value);
        visible = visible || kind == JobKind::kJob || kind == JobKind::kBridge;
        if (kind != JobKind::kUnknown) continue;
        report.add(jobs,
                   shown_name(yaml::key_text(name)) +
                       " config should implement the script:, run:, or trigger: keyword",
                   name.mark());
    }
    if (!visible) report.add(jobs, "config should contain at least one visible job", root.mark());
    if (!report.clean_since(before)) return;
    const Value* workflow = root.given("workflow");
    const bool by_workflow =
        workflow != nullptr && !looks_like_job(*workflow) && workflow->find("rules") != nullptr;
    const JobContext context{edition, &defaults, by_workflow};
    for (const auto& [name, value] : root.entries()) {
        if (is_job_entry(name, value))
            check_job(name, value, kind_of(name, value), context, report);
    }
}

}  // namespace

void check_root(const Value& root, Edition edition, Defaults& defaults, Report& report) {
    const ProblemsByKeyword globals = check_globals(root);
    if (!check_default(root, edition, globals, defaults, report)) return;
    // The key is still in the configuration when no file was included.
    if (const Value* include = root.given("include")) {
        check_include(*include, KeyPath{nullptr, "include"}, report);
    }
    // check_default() has reported the problems of global keywords once. GitLab reports them again.
    const auto repeat = [&](std::string_view keyword) {
        if (const auto found = globals.find(keyword); found != globals.end()) {
            report.append(found->second);
        }
    };
    for (const auto* keyword : {"before_script", "image", "services", "after_script"}) {
        repeat(keyword);
    }
    if (const Value* variables = root.given("variables")) {
        check_variables(*variables, VariableScope::kRoot, KeyPath{nullptr, "variables"}, report);
    }
    if (const Value* stages = root.given("stages")) {
        check_stages(*stages, KeyPath{nullptr, "stages"}, report);
    }
    repeat("cache");
    const Value* workflow = root.given("workflow");
    if (workflow != nullptr && !looks_like_job(*workflow)) check_workflow(*workflow, report);
    check_jobs(root, edition, defaults, report);
}

}  // namespace runner::pipeline::keywords
