#include <fmt/format.h>

#include <algorithm>

#include "base/strings.hpp"
#include "runner/pipeline/view/view.hpp"
#include "runner/pipeline/view/words.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::view {

using yaml::Value;

namespace {

bool named(const plan::Job& job, const std::vector<std::string>& names) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return name == job.name || name == job.definition;
    });
}

std::string counts(const CreatedPipeline& shown) {
    const auto of = [](std::size_t count, const char* what) {
        return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
    };
    const std::size_t in = shown.pipeline.jobs.size();
    const std::size_t out = shown.pipeline.left_out.size();
    return fmt::format("{} in {}{}\n", of(in, "job"), of(shown.pipeline.stages.size(), "stage"),
                       out == 0 ? "" : fmt::format(", {} left out", out));
}

std::string rules_text(const plan::Job& job, const std::vector<rules::Verdict>& verdicts,
                       const std::vector<include::File>& files) {
    const Value* list = job.value.given("rules");
    if (list == nullptr) return {};
    const auto rules = rules::flatten_rules(*list);
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const bool judged = i < verdicts.size();
        std::string why = "not looked at";
        if (judged) {
            const rules::Verdict& verdict = verdicts[i];
            why = verdict.reason.empty() ? "no condition" : verdict.reason;
            if (!verdict.seen.empty()) why += fmt::format("  [{}]", verdict.seen);
        }
        rows.push_back({std::to_string(i + 1), place_text(rules[i].mark(), files),
                        !judged               ? "-"
                        : verdicts[i].matched ? "matches"
                                              : "does not match",
                        why});
    }
    return "  rules:\n" + columns(rows, "    ");
}

std::string indented(const std::string& text, const std::string& indent) {
    std::string out;
    for (const std::string& line : base::split(base::trim(text), '\n')) {
        out += line.empty() ? "\n" : indent + line + "\n";
    }
    return out;
}

/// The keywords in effect, without those that are told above.
std::string keywords_text(const plan::Job& job) {
    yaml::Map rest;
    for (const auto& [key, value] : job.value.entries()) {
        const std::string name = key.to_text();
        const bool told = name == "rules" || name == "stage" || name == "when" || name == "needs" ||
                          name == "allow_failure" || name == "variables" || name == "only" ||
                          name == "except" || name == "extends";
        if (!told) rest.set(key, value);
    }
    if (rest.empty()) return {};
    std::string text = yaml::to_yaml(Value::map(std::move(rest)));
    if (text.starts_with("---\n")) text.erase(0, 4);
    return "  keywords:\n" + indented(text, "    ");
}

std::string variables_text(const variables::Collection& variables) {
    if (variables.empty()) return {};
    std::string text = "  variables:\n";
    for (const auto& variable : variables.all()) {
        text += fmt::format("    {}={}\n", variable.key,
                            variable.masked ? "[masked]" : yaml::inspect(variable.value));
    }
    return text;
}

std::string one_in(const plan::PlannedJob& planned, const std::vector<include::File>& files) {
    const plan::Job& job = *planned.job;
    std::string text = fmt::format("{}: in the pipeline\n", job.name);
    std::vector<std::vector<std::string>> rows{
        {"why:", reason_text(planned.reason, planned.verdicts, files)},
        {"stage:", job.stage},
        {"when:", when_text(planned)},
        {"allow failure:", allow_failure_text(planned)},
        {"needs:", needs_text(planned)},
        {"defined at:", place_text(job.mark, files)}};
    return text + columns(rows, "  ") + rules_text(job, planned.verdicts, files) +
           variables_text(planned.variables) + keywords_text(job);
}

std::string one_out(const plan::LeftOut& left, const std::vector<include::File>& files) {
    const plan::Job& job = *left.job;
    return fmt::format("{}: left out\n", job.name) +
           columns({{"why:", reason_text(left.reason, left.verdicts, files)},
                    {"stage:", job.stage},
                    {"defined at:", place_text(job.mark, files)}},
                   "  ") +
           rules_text(job, left.verdicts, files);
}

}  // namespace

std::string table(const CreatedPipeline& shown) {
    const auto& files = shown.loaded.files;
    std::string text;
    if (!shown.pipeline.name.empty()) text += fmt::format("name: {}\n", shown.pipeline.name);
    if (!shown.pipeline.jobs.empty()) {
        std::vector<std::vector<std::string>> rows{
            {"JOB", "STAGE", "WHEN", "ALLOW FAILURE", "NEEDS", "WHY"}};
        for (const plan::PlannedJob& planned : shown.pipeline.jobs) {
            rows.push_back({planned.job->name, planned.job->stage, when_text(planned),
                            allow_failure_text(planned), needs_text(planned),
                            reason_text(planned.reason, planned.verdicts, files)});
        }
        text += columns(rows, "");
    }
    if (!shown.pipeline.left_out.empty()) {
        std::vector<std::vector<std::string>> rows{{"LEFT OUT", "STAGE", "WHY"}};
        for (const plan::LeftOut& left : shown.pipeline.left_out) {
            rows.push_back(
                {left.job->name, left.job->stage, reason_text(left.reason, left.verdicts, files)});
        }
        text += (text.empty() ? "" : "\n") + columns(rows, "");
    }
    return text + (text.empty() ? "" : "\n") + counts(shown);
}

std::string details(const CreatedPipeline& shown, const std::vector<std::string>& names) {
    std::string text;
    const auto add = [&](const std::string& one) { text += (text.empty() ? "" : "\n") + one; };
    for (const plan::PlannedJob& planned : shown.pipeline.jobs) {
        if (names.empty() || named(*planned.job, names)) add(one_in(planned, shown.loaded.files));
    }
    for (const plan::LeftOut& left : shown.pipeline.left_out) {
        if (names.empty() || named(*left.job, names)) add(one_out(left, shown.loaded.files));
    }
    return text;
}

std::vector<std::string> unknown_jobs(const CreatedPipeline& shown,
                                      const std::vector<std::string>& names) {
    std::vector<std::string> unknown;
    const auto& jobs = shown.loaded.configuration->jobs;
    std::copy_if(names.begin(), names.end(), std::back_inserter(unknown),
                 [&](const std::string& name) {
                     return std::none_of(jobs.begin(), jobs.end(), [&](const plan::Job& job) {
                         return name == job.name || name == job.definition;
                     });
                 });
    return unknown;
}

}  // namespace runner::pipeline::view
