#include "runner/local/planned_pipeline.hpp"

#include <fmt/format.h>

#include "base/strings.hpp"
#include "runner/local/manual_jobs.hpp"
#include "runner/local/selection.hpp"
#include "runner/pipeline/lint.hpp"

namespace runner::local {

using pipeline::plan::PlannedJob;
using pipeline::state::Status;

namespace {

base::Error refused(const pipeline::Problems& problems, const pipeline::Loaded& loaded) {
    std::string text;
    for (const auto& problem : problems) text += pipeline::describe(problem, loaded);
    while (text.ends_with('\n')) text.pop_back();
    return base::make_error(base::ErrorKind::kInvalidInput, text);
}

std::vector<std::string> waiting_manual_jobs(const PlannedPipeline& planned,
                                             const pipeline::state::PipelineState& process) {
    std::vector<std::string> names;
    for (std::size_t job = 0; job < planned.jobs().size(); ++job) {
        if (process.jobs()[job].status == Status::kManual) names.push_back(planned.job(job).name);
    }
    return names;
}

}  // namespace

base::Result<std::unique_ptr<PlannedPipeline>> plan_pipeline(PipelineDescription description,
                                                             pipeline::include::Source& source) {
    auto planned = std::make_unique<PlannedPipeline>();
    planned->description = std::move(description);
    PipelineDescription& about = planned->description;
    about.load.variables = about.request.predefined;
    about.load.variables.merge(about.request.given);
    about.load.repository = about.request.repository;
    planned->loaded = pipeline::load_configuration(about.load, source);
    const pipeline::Loaded& loaded = planned->loaded;
    if (!loaded.valid()) return refused(loaded.errors, loaded);
    planned->pipeline =
        pipeline::plan::create_pipeline(*loaded.configuration, loaded.parallel, about.request);
    pipeline::plan::Pipeline& created = planned->pipeline;
    if (!created.errors.empty()) return refused(created.errors, loaded);
    auto selected = select_jobs(created, about.jobs, about.with_needs);
    if (!selected) return selected.error();
    about.info.predefined = about.request.predefined;
    if (!created.name.empty()) about.info.predefined.set("CI_PIPELINE_NAME", created.name);
    about.info.given = about.request.given;
    return planned;
}

base::Result<void> check_images(const std::vector<PlannedJob>& jobs) {
    for (const PlannedJob& planned : jobs) {
        if (planned.job->bridge || planned.job->value.given("image") != nullptr) continue;
        return base::make_error(
            base::ErrorKind::kInvalidInput,
            fmt::format("the job \"{}\" names no image: write `image:` into the job or under "
                        "`default:`, name one for such jobs with --image, or run on this machine "
                        "with --executor shell",
                        planned.job->name));
    }
    return {};
}

std::vector<std::string> jobs_left_undone(const PlannedPipeline& planned,
                                          const pipeline::state::PipelineState& process) {
    const auto& asked = planned.description.jobs;
    const std::set<std::string> names(asked.begin(), asked.end());
    const auto manual = waiting_manual_jobs(planned, process);
    std::vector<std::string> sentences;
    for (std::size_t position = 0; position < planned.jobs().size(); ++position) {
        const auto& job = planned.job(position);
        const auto status = process.jobs()[position].status;
        const bool waits = status == Status::kCreated || status == Status::kSkipped;
        if (!waits || job.bridge || !is_named(names, {}, job)) continue;
        sentences.push_back(
            manual.empty()
                ? fmt::format("{} did not run: it is {}", job.name, to_string(status))
                : fmt::format("{} did not run: it waits for a manual job. --manual \"{}\" plays it",
                              job.name, base::join(manual, "\" --manual \"")));
    }
    return sentences;
}

}  // namespace runner::local
