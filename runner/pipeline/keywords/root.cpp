#include "runner/pipeline/keywords/root.hpp"

#include <algorithm>
#include <map>

#include "runner/pipeline/keywords/checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

void check_default_keyword(std::string_view keyword, const Value& value, const Place& place,
                           Report& report) {
    if (keyword == "before_script" || keyword == "after_script") {
        check_commands(value, place, report);
    } else if (keyword == "image") {
        check_image(value, place, report);
    } else if (keyword == "services") {
        check_services(value, place, report);
    } else if (keyword == "cache") {
        check_cache(value, place, report);
    } else if (keyword == "interruptible") {
        check_boolean(value, place, report);
    } else if (keyword == "retry") {
        check_retry(value, report);
    } else if (keyword == "hooks") {
        check_hooks(value, place, report);
    } else if (keyword == "tags") {
        check_tags(value, place, report);
    } else if (keyword == "artifacts") {
        check_artifacts(value, place, report);
    } else if (keyword == "timeout") {
        check_timeout(value, place, report);
    } else if (keyword == "id_tokens") {
        check_id_tokens(value, place, report);
    }
}

/// The keywords of `default` that may also stand at the top level, its old spelling.
const Names kGlobalKeywords = {"before_script", "after_script", "cache", "image", "services"};

using ProblemsByKeyword = std::map<std::string, Problems, std::less<>>;

/// A keyword that jobs take over: its problems are printed here and for every job that does.
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
        check_default_keyword(keyword, *value, Place{nullptr, keyword}, own);
        found[std::string(keyword)] = own.take();
    }
    return found;
}

/// `default`, nullptr when there is none that could give jobs anything.
const Value* check_default_keys(const Value& root, Edition edition, Report& report) {
    const Value* value = root.given("default");
    if (value == nullptr || looks_like_job(*value)) return nullptr;
    const Place place{nullptr, "default"};
    const std::size_t before = report.count();
    if (!value->is_map()) {
        report.add(place, "config should be a hash", value->mark());
    } else if (edition == Edition::kEnterprise) {
        check_keys(*value, kDefaultKeywords, place, report);
    } else {
        check_keys(*value,
                   {"before_script", "image", "services", "after_script", "cache", "interruptible",
                    "retry", "hooks", "tags", "artifacts", "timeout", "id_tokens"},
                   place, report);
    }
    return report.clean_since(before) ? value : nullptr;
}

/// False: a keyword stands in both places. GitLab then says only that.
bool check_default(const Value& root, Edition edition, const ProblemsByKeyword& globals,
                   Defaults& defaults, Report& report) {
    const Value* value = check_default_keys(root, edition, report);
    const Place place{nullptr, "default"};
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
            check_default_keyword(keyword, *own, Place{&place, keyword}, problems);
            add_default(keyword, *own, problems.take(), defaults, report);
        } else if (global != globals.end()) {
            add_default(keyword, *root.given(keyword), global->second, defaults, report);
        }
    }
    return true;
}

/// Names of letters and blanks only lose their blanks in this one message.
std::string shown_name(const std::string& name) {
    const bool words = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ';
    });
    std::string shown = name;
    if (words) std::replace(shown.begin(), shown.end(), ' ', '_');
    return shown;
}

void check_jobs(const Value& root, Edition edition, const Defaults& defaults, Report& report) {
    const Place jobs{nullptr, "jobs"};
    const std::size_t before = report.count();
    bool visible = false;
    for (const auto& [name, value] : root.entries()) {
        if (!is_job_entry(name, value)) continue;
        const JobKind kind = kind_of(name, value);
        visible = visible || kind == JobKind::kJob || kind == JobKind::kBridge;
        if (kind != JobKind::kUnknown) continue;
        report.add(jobs,
                   shown_name(name.to_text()) +
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

bool is_job_entry(const Value& name, const Value& value) {
    if (!name.is_string()) return true;
    const std::string& text = name.as_string();
    if (text == "default" || text == "workflow") return looks_like_job(value);
    return !one_of(text, {"include", "before_script", "image", "services", "after_script",
                          "variables", "stages", "cache"});
}

void check_root(const Value& root, Edition edition, Defaults& defaults, Report& report) {
    const ProblemsByKeyword globals = check_globals(root);
    if (!check_default(root, edition, globals, defaults, report)) return;
    // It is still there when nothing was included.
    if (const Value* include = root.given("include")) {
        check_include(*include, Place{nullptr, "include"}, report);
    }
    // `default` took them over and has printed their problems once already.
    const auto repeat = [&](std::string_view keyword) {
        if (const auto found = globals.find(keyword); found != globals.end()) {
            report.append(found->second);
        }
    };
    for (const auto* keyword : {"before_script", "image", "services", "after_script"}) {
        repeat(keyword);
    }
    if (const Value* variables = root.given("variables")) {
        check_variables(*variables, VariableScope::kRoot, Place{nullptr, "variables"}, report);
    }
    if (const Value* stages = root.given("stages")) {
        check_stages(*stages, Place{nullptr, "stages"}, report);
    }
    repeat("cache");
    const Value* workflow = root.given("workflow");
    if (workflow != nullptr && !looks_like_job(*workflow)) check_workflow(*workflow, report);
    check_jobs(root, edition, defaults, report);
}

}  // namespace runner::pipeline::keywords
