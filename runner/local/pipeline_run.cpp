#include "runner/local/pipeline_run.hpp"

namespace runner::local {

PipelineRun::PipelineRun(const boost::asio::any_io_executor& executor, const Jobs& jobs,
                         const std::vector<std::string>& stages, const PipelineOptions& options,
                         Environment environment)
    : jobs_(jobs),
      environment_(environment),
      scheduler_(jobs, stages, options, environment.observer),
      interactive_(options.interactive),
      timers_(executor),
      group_(executor) {}

base::Task<void> PipelineRun::run() {
    Capacity& capacity = environment_.capacity;
    while (true) {
        const std::size_t seen = ended_;
        begin(scheduler_.advance());
        start_ready();
        if (ended_ != seen) continue;  // a job that waited for nothing has ended while it started
        const bool idle = is_idle();
        const bool asks = interactive_ && !stopped_ && !scheduler_.waiting_for_play().empty();
        if (idle && !asks) break;
        if (idle && capacity.may_ask()) {
            auto goes_on = co_await ask();
            if (!goes_on) break;
            continue;
        }
        co_await capacity.wait_for_change();
    }
    co_await group_.wait();
    co_await timers_.wait();
}

bool PipelineRun::is_idle() const {
    return running_ == 0 && !scheduler_.has_ready() && (delays_ == 0 || stopped_);
}

void PipelineRun::begin(const std::vector<JobScheduler::Delay>& delays) {
    for (const auto& delay : delays) {
        ++delays_;
        timers_.spawn("delay of " + jobs_[delay.job].job->name, wait_delay(delay));
    }
}

const std::string& PipelineRun::resource_group(std::size_t job) const {
    return process().jobs()[job].resource_group;
}

void PipelineRun::start_ready() {
    const auto fits = [this](std::size_t job) {
        return jobs_[job].job->bridge || environment_.capacity.has_room_for(resource_group(job));
    };
    while (const auto job = scheduler_.take_ready(fits)) {
        if (!jobs_[*job].job->bridge) environment_.capacity.take(resource_group(*job));
        ++running_;
        group_.spawn("job " + jobs_[*job].job->name, run_job(*job));
    }
}

base::Task<void> PipelineRun::run_job(std::size_t job) {
    auto running = environment_.starter.run(job);
    const JobEnd end = co_await std::move(running);
    if (!jobs_[job].job->bridge) environment_.capacity.give_back(resource_group(job));
    --running_;
    ++ended_;
    if (scheduler_.finished(job, end) == JobScheduler::Consequence::kCancelPipeline) stop();
    environment_.capacity.notify_changed();
}

base::Task<void> PipelineRun::wait_delay(JobScheduler::Delay delay) {
    auto waited = co_await base::sleep_for(delay.time);
    --delays_;
    if (waited) scheduler_.delay_over(delay.job);
    environment_.capacity.notify_changed();
}

/// False when nothing was chosen. What is not chosen now can still be chosen when another job has
/// been played.
base::Task<bool> PipelineRun::ask() {
    const std::vector<std::size_t> manual = scheduler_.waiting_for_play();
    environment_.capacity.begin_question();
    auto asking = environment_.chooser.choose(manual);
    auto chosen = co_await std::move(asking);
    environment_.capacity.end_question();
    if (chosen.empty() || stopped_) co_return false;
    for (const std::size_t job : chosen) scheduler_.play(job);
    co_return true;
}

void PipelineRun::stop() {
    if (stopped_) return;
    stopped_ = true;
    scheduler_.cancel();
    timers_.cancel_all();
    environment_.starter.stop_all();
    environment_.capacity.notify_changed();
}

}  // namespace runner::local
