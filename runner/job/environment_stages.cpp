#include "runner/job/environment_stages.hpp"

#include "base/stop_source.hpp"

namespace runner::job {

namespace {

/// What the supervisor keeps for a log of `limit` bytes: masking makes output shorter, so the log's
/// own limit is not the supervisor's. It bounds what a script without end costs in disk and in
/// reading.
std::uint64_t environment_output_limit(std::uint64_t limit) {
    constexpr std::uint64_t kSlackBytes = 1U << 20U;
    return 2 * limit + kSlackBytes;
}

}  // namespace

EnvironmentStages::EnvironmentStages(JobContext& context, JobEvents& events,
                                     JobInteraction& interaction,
                                     const std::vector<PlannedStage>& plan, const StageJudge& judge)
    : context_(context),
      events_(events),
      interaction_(interaction),
      plan_(plan),
      judge_(judge),
      group_(context.io) {
    begin(context_.checkpoint().events_offset);
}

void EnvironmentStages::begin(std::uint64_t events_offset) {
    session_ =
        context_.setup.make_session(context_.io, context_.executor(), events_, events_offset);
    if (const auto limit = context_.channel().output_limit(); limit > 0) {
        session_->limit_output(environment_output_limit(limit));
    }
    stages_ = std::make_unique<StageRunner>(context_, *session_, interaction_, plan_, judge_);
}

base::Task<void> EnvironmentStages::run(const executors::JobEnvironment& environment) {
    while (true) {
        group_.spawn("supervisor", session_->pump());
        group_.spawn("readiness", stages_->readiness().run());
        auto running = stages_->run();
        const StagesEnd end = co_await std::move(running);
        if (end == StagesEnd::kAll) co_return;
        auto renewed = co_await renew(environment);
        if (!renewed) co_return;
    }
}

/// Returns false when there is no new environment; the job has failed then.
base::Task<bool> EnvironmentStages::renew(const executors::JobEnvironment& environment) {
    session_->close();
    co_await end();
    auto task = context_.executor().renew(environment, context_.log());
    auto renewed =
        co_await base::run_stoppable(&context_.stop, std::move(task), context_.deadline());
    if (!renewed) {
        context_.apply(judge_.preparation(renewed.error(), context_.situation()));
        co_return false;
    }
    auto& checkpoint = context_.checkpoint();
    ++checkpoint.renewals;
    checkpoint.events_offset = 0;
    checkpoint.executor_state = context_.executor().saved_state();
    stages_.reset();
    begin(0);
    context_.checkpoints.save();
    context_.log().print("Retrying " + plan_[checkpoint.plan_index].name);
    co_return true;
}

}  // namespace runner::job
