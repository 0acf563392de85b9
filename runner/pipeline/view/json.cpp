#include "base/json.hpp"
#include "runner/pipeline/view/text.hpp"
#include "runner/pipeline/view/view.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::view {

using nlohmann::ordered_json;
using yaml::Value;

namespace {

ordered_json position_json(const Mark& mark, const std::vector<include::File>& files) {
    if (!mark.known() || mark.file >= files.size()) return nullptr;
    return {{"file", files[mark.file].name}, {"line", mark.line}, {"column", mark.column}};
}

ordered_json keyword_json(const plan::Job& job, const char* key) {
    const Value* value = job.value.given(key);
    if (value == nullptr) return nullptr;
    return ordered_json::parse(yaml::to_json(*value));
}

ordered_json needs_json(const plan::PlannedJob& planned) {
    if (!planned.has_needs) return nullptr;
    auto list = ordered_json::array();
    for (const plan::Need& need : planned.needs) {
        list.push_back(
            {{"job", need.job}, {"artifacts", need.artifacts}, {"optional", need.optional}});
    }
    return list;
}

ordered_json verdicts_json(const std::vector<rules::Verdict>& verdicts,
                           const std::vector<include::File>& files) {
    auto list = ordered_json::array();
    for (const rules::Verdict& verdict : verdicts) {
        list.push_back({{"matched", verdict.matched},
                        {"reason", verdict.reason},
                        {"place", position_json(verdict.mark, files)}});
    }
    return list;
}

/// What jobs in the pipeline and jobs left out have in common.
ordered_json job_json(const plan::Job& job, bool included, const std::string& reason,
                      const std::vector<rules::Verdict>& verdicts,
                      const std::vector<include::File>& files) {
    ordered_json out;
    out["name"] = job.name;
    out["definition"] = job.definition;
    out["stage"] = job.stage;
    out["included"] = included;
    out["reason"] = reason.empty() ? "no rules" : reason;
    out["judged"] = verdicts_json(verdicts, files);
    out["place"] = position_json(job.mark, files);
    return out;
}

ordered_json included_json(const plan::PlannedJob& planned,
                           const std::vector<include::File>& files) {
    const plan::Job& job = *planned.job;
    ordered_json out = job_json(job, true, planned.reason, planned.verdicts, files);
    out["trigger"] = keyword_json(job, "trigger");
    out["when"] = plan::to_string(planned.when);
    out["start_in"] = planned.start_in ? ordered_json(*planned.start_in) : ordered_json(nullptr);
    out["allow_failure"] = planned.allow_failure;
    out["allow_failure_exit_codes"] = planned.allowed_exit_codes;
    out["interruptible"] = planned.interruptible.value_or(false);
    out["needs"] = needs_json(planned);
    out["tags"] = planned.expanded.tags;
    out["environment"] = ordered_json::parse(yaml::to_json(planned.expanded.environment));
    out["resource_group"] = planned.expanded.resource_group.empty()
                                ? ordered_json(nullptr)
                                : ordered_json(planned.expanded.resource_group);
    auto variables = ordered_json::object();
    for (const auto& variable : planned.variables.all()) {
        variables[variable.key] = variable.masked ? "[masked]" : variable.value;
    }
    out["variables"] = std::move(variables);
    return out;
}

}  // namespace

ordered_json to_json(const CreatedPipeline& created, const std::vector<std::string>& names) {
    const auto& files = created.loaded.files;
    ordered_json out;
    out["name"] =
        created.pipeline.name.empty() ? ordered_json(nullptr) : ordered_json(created.pipeline.name);
    out["stages"] = created.pipeline.stages;
    out["workflow"] = verdicts_json(created.pipeline.workflow, files);
    auto jobs = ordered_json::array();
    for (const plan::PlannedJob& planned : created.pipeline.jobs) {
        if (is_selected(*planned.job, names)) jobs.push_back(included_json(planned, files));
    }
    for (const plan::LeftOut& left : created.pipeline.left_out) {
        if (!is_selected(*left.job, names)) continue;
        jobs.push_back(job_json(*left.job, false, left.reason, left.verdicts, files));
    }
    out["jobs"] = std::move(jobs);
    return out;
}

}  // namespace runner::pipeline::view
