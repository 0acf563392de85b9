#include <fmt/format.h>

#include <algorithm>

#include "base/strings.hpp"
#include "runner/pipeline/view/text.hpp"
#include "runner/pipeline/view/view.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::view {

using yaml::Value;

namespace {

std::string counts(const CreatedPipeline& created) {
    const auto of = [](std::size_t count, const char* what) {
        return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
    };
    const std::size_t in = created.pipeline.jobs.size();
    const std::size_t out = created.pipeline.left_out.size();
    return fmt::format("{} in {}{}\n", of(in, "job"), of(created.pipeline.stages.size(), "stage"),
                       out == 0 ? "" : fmt::format(", {} left out", out));
}

std::string rules_text(const plan::Job& job, const std::vector<rules::Verdict>& verdicts,
                       const std::vector<include::File>& files) {
    const Value* list = job.value.given("rules");
    if (list == nullptr) return {};
    const auto rules = rules::flatten_rules(*list);
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const bool evaluated = i < verdicts.size();
        std::string why = "not looked at";
        if (evaluated) {
            const rules::Verdict& verdict = verdicts[i];
            why = verdict.reason.empty() ? "no condition" : verdict.reason;
            if (!verdict.seen.empty()) why += fmt::format("  [{}]", verdict.seen);
        }
        rows.push_back({std::to_string(i + 1), position_text(rules[i].mark(), files),
                        !evaluated            ? "-"
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

/// The keywords of the job, without those that details() shows elsewhere.
std::string keywords_text(const plan::PlannedJob& planned) {
    yaml::Map rest;
    const Value all = plan::with_expanded_keywords(*planned.job, planned.expanded);
    for (const auto& [key, value] : all.entries()) {
        const std::string name = key.to_text();
        const bool shown_elsewhere = name == "rules" || name == "stage" || name == "when" ||
                                     name == "needs" || name == "allow_failure" ||
                                     name == "variables" || name == "only" || name == "except" ||
                                     name == "extends";
        if (!shown_elsewhere) rest.set(key, value);
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

std::string included_text(const plan::PlannedJob& planned,
                          const std::vector<include::File>& files) {
    const plan::Job& job = *planned.job;
    std::string text = fmt::format("{}: in the pipeline\n", job.name);
    std::vector<std::vector<std::string>> rows{
        {"why:", reason_text(planned.reason, planned.verdicts, files)},
        {"stage:", job.stage},
        {"when:", when_text(planned)},
        {"allow failure:", allow_failure_text(planned)},
        {"needs:", needs_text(planned)},
        {"defined at:", position_text(job.mark, files)}};
    return text + columns(rows, "  ") + rules_text(job, planned.verdicts, files) +
           variables_text(planned.variables) + keywords_text(planned);
}

std::string left_out_text(const plan::LeftOut& left, const std::vector<include::File>& files) {
    const plan::Job& job = *left.job;
    return fmt::format("{}: left out\n", job.name) +
           columns({{"why:", reason_text(left.reason, left.verdicts, files)},
                    {"stage:", job.stage},
                    {"defined at:", position_text(job.mark, files)}},
                   "  ") +
           rules_text(job, left.verdicts, files);
}

}  // namespace

std::string table(const CreatedPipeline& created) {
    const auto& files = created.loaded.files;
    std::string text;
    if (!created.pipeline.name.empty()) text += fmt::format("name: {}\n", created.pipeline.name);
    if (!created.pipeline.jobs.empty()) {
        std::vector<std::vector<std::string>> rows{
            {"JOB", "STAGE", "WHEN", "ALLOW FAILURE", "NEEDS", "WHY"}};
        for (const plan::PlannedJob& planned : created.pipeline.jobs) {
            rows.push_back({planned.job->name, planned.job->stage, when_text(planned),
                            allow_failure_text(planned), needs_text(planned),
                            reason_text(planned.reason, planned.verdicts, files)});
        }
        text += columns(rows, "");
    }
    if (!created.pipeline.left_out.empty()) {
        std::vector<std::vector<std::string>> rows{{"LEFT OUT", "STAGE", "WHY"}};
        for (const plan::LeftOut& left : created.pipeline.left_out) {
            rows.push_back(
                {left.job->name, left.job->stage, reason_text(left.reason, left.verdicts, files)});
        }
        text += (text.empty() ? "" : "\n") + columns(rows, "");
    }
    return text + (text.empty() ? "" : "\n") + counts(created);
}

std::string details(const CreatedPipeline& created, const std::vector<std::string>& names) {
    std::string text;
    const auto add = [&](const std::string& one) { text += (text.empty() ? "" : "\n") + one; };
    for (const plan::PlannedJob& planned : created.pipeline.jobs) {
        if (is_selected(*planned.job, names)) add(included_text(planned, created.loaded.files));
    }
    for (const plan::LeftOut& left : created.pipeline.left_out) {
        if (is_selected(*left.job, names)) add(left_out_text(left, created.loaded.files));
    }
    return text;
}

std::vector<std::string> unknown_jobs(const CreatedPipeline& created,
                                      const std::vector<std::string>& names) {
    std::vector<std::string> unknown;
    const auto& jobs = created.loaded.configuration->jobs;
    std::copy_if(
        names.begin(), names.end(), std::back_inserter(unknown), [&](const std::string& name) {
            return std::none_of(jobs.begin(), jobs.end(),
                                [&](const plan::Job& job) { return is_selected(job, {name}); });
        });
    return unknown;
}

}  // namespace runner::pipeline::view
