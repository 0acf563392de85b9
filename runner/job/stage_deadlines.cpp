#include "runner/job/stage_deadlines.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration.hpp"

namespace runner::job {

using base::Deadline;
using journal::Checkpoint;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kAfterScriptLimit{5};

}  // namespace

StageDeadlines::StageDeadlines(const config::RunnerConfig& runner, std::chrono::seconds job_limit,
                               const base::Clock& clock)
    : runner_(runner), job_limit_(job_limit), clock_(clock) {}

void StageDeadlines::start(Checkpoint& checkpoint) const {
    if (checkpoint.clock_started_unix_micros == 0) {
        checkpoint.clock_started_unix_micros = clock_.unix_micros();
    }
}

void StageDeadlines::restart(Checkpoint& checkpoint) const {
    checkpoint.clock_started_unix_micros = clock_.unix_micros();
}

Deadline StageDeadlines::job(const Checkpoint& checkpoint) const {
    const auto age =
        std::chrono::microseconds(clock_.unix_micros() - checkpoint.clock_started_unix_micros);
    return clock_.now() + job_limit_ - age;
}

bool StageDeadlines::job_is_over(const Checkpoint& checkpoint) const {
    constexpr std::chrono::milliseconds kNearly{500};
    return *job(checkpoint) <= clock_.now() + kNearly;
}

Deadline StageDeadlines::preparation(const Checkpoint& checkpoint) {
    const Deadline job_end = job(checkpoint);
    if (!runner_.prepare_timeout) return job_end;
    if (!preparation_until_) {
        preparation_until_ = at_most(*runner_.prepare_timeout, job_end);
    }
    return std::min(*job_end, *preparation_until_);
}

Deadline StageDeadlines::at_most(std::chrono::nanoseconds limit, const Deadline& job_end) const {
    // A limit may be so long that it has no place on the clock.
    const auto now = clock_.now();
    if (limit >= *job_end - now) return job_end;
    return now + std::chrono::duration_cast<Clock::duration>(limit);
}

/// A limit that the job sets by a variable. One that is longer than the job's is not used.
StageDeadlines::Wish StageDeadlines::wish(std::string_view variable,
                                          const script::Variables& variables,
                                          const Deadline& job_end) const {
    const std::string raw = variables.get(variable);
    if (raw.empty()) return {};
    const auto parsed = base::parse_go_duration(raw);
    if (!parsed) return {{}, fmt::format("Ignoring malformed {} timeout: {}", variable, raw)};
    if (parsed->count() < 0) {
        return {{}, fmt::format("Ignoring relative {} timeout: {}", variable, raw)};
    }
    if (*parsed > *job_end - clock_.now()) {
        return {{},
                fmt::format("{} timeout: {} is longer than job timeout. Setting to job timeout",
                            variable, raw)};
    }
    if (parsed->count() == 0) return {};
    return {*parsed, {}};
}

Deadline StageDeadlines::steps(const Checkpoint& checkpoint, const Deadline& job_end) const {
    if (checkpoint.script_deadline_unix_micros < 0) return job_end;
    const auto left =
        std::chrono::microseconds(checkpoint.script_deadline_unix_micros - clock_.unix_micros());
    return at_most(left, job_end);
}

StageDeadlines::Limit StageDeadlines::stage(StageKind kind, Checkpoint& checkpoint,
                                            const script::Variables& variables) {
    const Deadline job_end = job(checkpoint);
    if (kind == StageKind::kPrepareScript) return {preparation(checkpoint), {}};
    if (kind == StageKind::kGetSources && runner_.get_sources_timeout) {
        return {at_most(*runner_.get_sources_timeout, job_end), {}};
    }
    if (kind == StageKind::kAfterScript) {
        Wish after = wish("RUNNER_AFTER_SCRIPT_TIMEOUT", variables, job_end);
        return {at_most(after.limit.value_or(kAfterScriptLimit), job_end),
                std::move(after.warning)};
    }
    if (kind != StageKind::kStep) return {job_end, {}};
    std::string warning;
    // One limit for all steps together: fixed when the first begins, kept over a restart.
    if (checkpoint.script_deadline_unix_micros == 0) {
        Wish script = wish("RUNNER_SCRIPT_TIMEOUT", variables, job_end);
        checkpoint.script_deadline_unix_micros =
            script.limit ? clock_.unix_micros() + script.limit->count() / 1000 : -1;
        warning = std::move(script.warning);
    }
    return {steps(checkpoint, job_end), std::move(warning)};
}

}  // namespace runner::job
