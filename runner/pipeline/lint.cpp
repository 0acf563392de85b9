#include "runner/pipeline/lint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline {

using nlohmann::ordered_json;
using yaml::Value;

namespace {

ordered_json to_json_value(const Value* value) {
    if (value == nullptr) return nullptr;
    return ordered_json::parse(yaml::to_json(*value));
}

ordered_json texts(const Problems& problems) {
    auto list = ordered_json::array();
    for (const Problem& problem : problems) list.push_back(problem.text);
    return list;
}

ordered_json needs_json(const std::vector<plan::Need>& needs) {
    auto list = ordered_json::array();
    for (const plan::Need& need : needs) {
        list.push_back(
            {{"name", need.job}, {"artifacts", need.artifacts}, {"optional", need.optional}});
    }
    return list;
}

ordered_json policy_json(const Value* policy) {
    if (policy != nullptr && policy->is_list()) return {{"refs", to_json_value(policy)}};
    return to_json_value(policy);
}

/// `only` as GitLab shows it. Without `rules`, the default of `only:refs` is shown.
ordered_json only_json(const plan::Job& job, bool workflow_rules) {
    const Value* only = job.value.given("only");
    const bool has_rules = workflow_rules || job.value.find("rules") != nullptr;
    if (only == nullptr && has_rules) return nullptr;
    if (only != nullptr && !only->is_map()) return policy_json(only);
    ordered_json out{{"refs", {"branches", "tags"}}};
    if (only != nullptr) out.update(to_json_value(only));
    return out;
}

ordered_json job_json(const plan::Job& job, bool workflow_rules, plan::When when,
                      bool allow_failure, bool has_needs, const std::vector<plan::Need>& needs) {
    ordered_json out;
    out["name"] = job.name;
    out["stage"] = job.stage;
    for (const auto* key : {"before_script", "script", "after_script"}) {
        out[key] = plan::script_lines(job.value.given(key));
    }
    const Value* tags = job.value.given("tags");
    out["tag_list"] = tags == nullptr ? ordered_json::array() : to_json_value(tags);
    out["only"] = only_json(job, workflow_rules);
    out["except"] = policy_json(job.value.given("except"));
    const std::string environment = plan::environment_name(job);
    out["environment"] = environment.empty() ? ordered_json(nullptr) : ordered_json(environment);
    out["when"] = plan::to_string(when);
    out["allow_failure"] = allow_failure;
    out["needs"] = has_needs && !needs.empty() ? needs_json(needs) : ordered_json(nullptr);
    return out;
}

ordered_json jobs_json(const Loaded& loaded, const plan::Pipeline* pipeline) {
    auto list = ordered_json::array();
    const bool workflow_rules =
        loaded.configuration && loaded.configuration->workflow.find("rules") != nullptr;
    if (pipeline != nullptr) {
        for (const plan::PlannedJob& planned : pipeline->jobs) {
            list.push_back(job_json(*planned.job, workflow_rules, planned.when,
                                    planned.allow_failure, planned.has_needs, planned.needs));
            list.back()["tag_list"] = planned.expanded.tags;
        }
        return list;
    }
    if (!loaded.configuration) return list;
    // GitLab lists jobs stage by stage.
    for (const std::string& stage : loaded.configuration->stages) {
        for (const plan::Job& job : loaded.configuration->jobs) {
            if (job.stage != stage) continue;
            list.push_back(job_json(job, workflow_rules, job.when, job.allows_failure(),
                                    job.has_needs, job.needs));
        }
    }
    return list;
}

ordered_json includes_json(const Loaded& loaded) {
    auto list = ordered_json::array();
    for (const include::Included& one : loaded.includes) {
        ordered_json extra = ordered_json::object();
        if (!one.project.empty()) {
            extra = {{"project", one.project}, {"ref", one.ref.empty() ? "HEAD" : one.ref}};
        }
        if (one.type == "local") {
            if (!one.inputs.is_null()) extra["inputs"] = to_json_value(&one.inputs);
            if (!one.rules.is_null()) extra["rules"] = to_json_value(&one.rules);
        }
        list.push_back({{"type", one.type},
                        {"location", one.location},
                        {"blob", nullptr},
                        {"raw", nullptr},
                        {"extra", extra},
                        {"context_project", nullptr},
                        {"context_sha", nullptr}});
    }
    return list;
}

ordered_json positions_json(const Problems& problems, const Loaded& loaded) {
    auto list = ordered_json::array();
    for (const Problem& problem : problems) {
        ordered_json entry{{"message", problem.text}};
        if (problem.mark.known() && problem.mark.file < loaded.files.size()) {
            entry["file"] = loaded.files[problem.mark.file].name;
            entry["line"] = problem.mark.line;
            entry["column"] = problem.mark.column;
        }
        if (!problem.hint.empty()) entry["hint"] = problem.hint;
        list.push_back(std::move(entry));
    }
    return list;
}

std::string_view line_of(std::string_view text, std::uint32_t number) {
    std::size_t start = 0;
    for (std::uint32_t line = 1; line < number; ++line) {
        const std::size_t end = text.find('\n', start);
        if (end == std::string_view::npos) return {};
        start = end + 1;
    }
    return text.substr(start, text.find('\n', start) - start);
}

}  // namespace

ordered_json lint_json(const Loaded& loaded, const plan::Pipeline* pipeline, bool with_positions) {
    Problems errors = loaded.errors;
    if (pipeline != nullptr) {
        errors.insert(errors.end(), pipeline->errors.begin(), pipeline->errors.end());
    }
    ordered_json out;
    out["valid"] = errors.empty();
    out["errors"] = texts(errors);
    out["warnings"] = texts(loaded.warnings);
    out["merged_yaml"] =
        loaded.merged ? ordered_json(yaml::to_yaml(*loaded.merged)) : ordered_json(nullptr);
    out["includes"] = includes_json(loaded);
    out["jobs"] = jobs_json(loaded, errors.empty() ? pipeline : nullptr);
    if (with_positions) {
        out["error_places"] = positions_json(errors, loaded);
        out["warning_places"] = positions_json(loaded.warnings, loaded);
    }
    return out;
}

std::string describe(const Problem& problem, const Loaded& loaded) {
    const std::string hint = problem.hint.empty() ? "" : "  hint: " + problem.hint + "\n";
    const Mark& mark = problem.mark;
    if (!mark.known() || mark.file >= loaded.files.size()) return problem.text + "\n" + hint;
    const include::File& file = loaded.files[mark.file];
    std::string out =
        fmt::format("{}:{}:{}: {}\n", file.name, mark.line, mark.column, problem.text);
    std::string_view line = line_of(file.content, mark.line);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) return out + hint;
    const std::string number = std::to_string(mark.line);
    // The caret's line repeats the tabs of the line above, so both are displayed with one width.
    std::string indent;
    for (std::size_t i = 0; i + 1 < mark.column && i < line.size(); ++i) {
        indent += line[i] == '\t' ? '\t' : ' ';
    }
    out += fmt::format("  {} | {}\n  {} | {}^\n", number, line, std::string(number.size(), ' '),
                       indent);
    return out + hint;
}

}  // namespace runner::pipeline
