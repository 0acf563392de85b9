#include "runner/local/payload_variables.hpp"

#include <fmt/format.h>

#include "base/strings.hpp"
#include "runner/pipeline/variables/expand.hpp"

namespace runner::local {

using pipeline::plan::Job;
using pipeline::plan::PlannedJob;
using pipeline::variables::Collection;

namespace {

/// A list as GitLab writes it. The local runner has exactly the tags that the job asks for.
std::string tags_of(const PlannedJob& planned) {
    std::vector<std::string> quoted;
    for (const std::string& tag : planned.expanded.tags) quoted.push_back("\"" + tag + "\"");
    return "[" + base::join(quoted, ", ") + "]";
}

Collection job_variables(const PayloadRequest& request) {
    const Job& job = *request.planned->job;
    const std::string project_url(
        request.pipeline->predefined.value("CI_PROJECT_URL").value_or(""));
    Collection own = pipeline::plan::predefined_of(job);
    own.set("CI_JOB_ID", std::to_string(request.id));
    own.set("CI_JOB_URL", fmt::format("{}/-/jobs/{}", project_url, request.id));
    own.set("CI_JOB_STARTED_AT", request.started_at);
    own.set("CI_REPOSITORY_URL", project_url + ".git");
    own.set("CI_RUNNER_ID", "1");
    own.set("CI_RUNNER_DESCRIPTION", "runner exec");
    own.set("CI_RUNNER_TAGS", tags_of(*request.planned));
    own.set({.key = "CI_JOB_TOKEN",
             .value = request.token.reveal(),
             .masked = true,
             .is_public = false});
    return own;
}

}  // namespace

Collection pipeline_variables(const PipelineInfo& info) {
    Collection all = info.predefined;
    const std::string project_url(all.value("CI_PROJECT_URL").value_or(""));
    all.set("CI_PIPELINE_ID", std::to_string(info.id));
    all.set("CI_PIPELINE_URL", fmt::format("{}/-/pipelines/{}", project_url, info.id));
    return all;
}

Collection known_to(const PlannedJob& planned, const Collection& predefined,
                    const std::vector<pipeline::variables::Variable>& inherited,
                    const Collection& given) {
    Collection all = predefined;
    all.merge(pipeline::plan::predefined_of(*planned.job));
    Collection own = planned.variables;
    for (const auto& variable : inherited) own.set(variable);
    own.merge(given);
    Collection known = all;
    known.merge(own);
    all.merge(pipeline::plan::environment_variables(*planned.job, known));
    all.merge(own);
    return all;
}

Collection payload_variables(const PayloadRequest& request) {
    Collection all = pipeline_variables(*request.pipeline);
    all.merge(job_variables(request));
    all = known_to(*request.planned, all, request.inherited, request.pipeline->given);
    auto sorted = pipeline::variables::sort_and_expand(all, pipeline::variables::Reader::kRunner);
    return std::move(sorted.variables);
}

}  // namespace runner::local
