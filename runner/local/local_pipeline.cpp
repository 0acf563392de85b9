#include "runner/local/local_pipeline.hpp"

#include "runner/local/job_results.hpp"
#include "runner/local/manual_job_prompt.hpp"
#include "runner/local/manual_jobs.hpp"
#include "runner/local/pipeline_rows.hpp"
#include "runner/local/script_jobs.hpp"

namespace runner::local {

using pipeline::state::Status;

namespace {

PipelineOptions options_of(const ExecContext& context, const PlannedPipeline& planned) {
    PipelineOptions options = context.options;
    options.prefix = planned.description.prefix;
    if (const auto* on_failure = planned.pipeline.auto_cancel.given("on_job_failure")) {
        options.cancel_on_failure = on_failure->is_text("all");
    }
    return options;
}

ChildPipelines::Environment child_environment(const boost::asio::any_io_executor& executor,
                                              ExecContext& context) {
    using Child = base::Result<std::shared_ptr<ChildPipeline>>;
    return {.load = [executor, &context](PipelineDescription description,
                                         pipeline::include::Source& source) -> Child {
                auto child = LocalPipeline::load(executor, context, std::move(description), source);
                if (!child) return child.error();
                return std::shared_ptr<ChildPipeline>(std::move(*child));
            },
            .next_id = [&context] { return context.next_id++; },
            .say = [&context](const std::string& text) { context.display.say(text); },
            .source = context.source};
}

}  // namespace

/// The parts of a pipeline that runs. Their order matters: a part uses those above it.
struct LocalPipeline::Parts {
    explicit Parts(LocalPipeline& owner)
        : Parts(owner.executor_, owner.context_, *owner.planned_, owner) {}
    Parts(const boost::asio::any_io_executor& executor, ExecContext& context,
          const PlannedPipeline& planned, JobStarter& starter)
        : rows(context.display, planned.jobs(), planned.description.prefix),
          prompt(context.display, context.input, planned.jobs(), planned.description.prefix),
          results(planned.pipeline, context.artifacts),
          scripts(executor, context, planned, results, rows),
          children(executor, planned, results, rows, child_environment(executor, context)),
          run(executor, planned.jobs(), planned.loaded.configuration->stages,
              options_of(context, planned), {starter, rows, prompt, context.capacity}) {}

    PipelineRows rows;
    ManualJobPrompt prompt;
    JobResults results;
    ScriptJobs scripts;
    ChildPipelines children;
    PipelineRun run;
};

base::Result<std::shared_ptr<LocalPipeline>> LocalPipeline::load(
    const boost::asio::any_io_executor& executor, ExecContext& context,
    PipelineDescription description, pipeline::include::Source& source) {
    description.request.repository.files = context.workspace.files();
    auto planned = plan_pipeline(std::move(description), source);
    if (!planned) return planned.error();
    const auto& jobs = (*planned)->jobs();
    auto manual = find_manual_names(jobs, context.options.play, (*planned)->description.prefix);
    if (!manual) return manual.error();
    context.found_manual_names.merge(*manual);
    const auto& runner = context.jobs.runner();
    if (runner.executor_kind() == executors::ExecutorKind::kDocker && runner.docker.image.empty()) {
        if (auto named = check_images(jobs); !named) return named.error();
    }
    return std::shared_ptr<LocalPipeline>(
        new LocalPipeline(executor, context, std::move(*planned)));
}

LocalPipeline::LocalPipeline(const boost::asio::any_io_executor& executor, ExecContext& context,
                             std::unique_ptr<const PlannedPipeline> planned)
    : executor_(executor), context_(context), planned_(std::move(planned)) {}

LocalPipeline::~LocalPipeline() = default;

base::Task<Status> LocalPipeline::run() {
    parts_ = std::make_unique<Parts>(*this);
    if (stopped_) parts_->run.stop();
    co_await parts_->run.run();
    co_await parts_->children.wait();
    co_return parts_->run.process().status();
}

void LocalPipeline::stop() {
    if (stopped_) return;
    stopped_ = true;
    context_.input.cancel();
    if (parts_ != nullptr) parts_->run.stop();
}

std::vector<std::string> LocalPipeline::left_undone() const {
    if (parts_ == nullptr) return {};
    return jobs_left_undone(*planned_, parts_->run.process());
}

base::Task<JobEnd> LocalPipeline::run(std::size_t job) {
    const bool bridge = planned_->job(job).bridge;
    auto running = bridge ? parts_->children.run(job) : parts_->scripts.run(job);
    JobEnd end = co_await std::move(running);
    last_end_ = end;
    co_return end;
}

void LocalPipeline::stop_all() {
    parts_->scripts.stop_all();
    parts_->children.stop_all();
}

}  // namespace runner::local
