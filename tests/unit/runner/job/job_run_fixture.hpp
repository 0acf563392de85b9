#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runner/job/job_run.hpp"
#include "tests/unit/runner/job/job_fixture.hpp"

namespace tests {

/// Runs a job with a fake executor, session and channel, and records what they are asked for.
class JobRunFixture : public JobFixture {
  protected:
    JobRunFixture() {
        // Records the calls of both in one order.
        executor_.on_call = [this](const std::string& call) { note(call); };
        channel_.on_call = [this](const std::string& call) { note(call); };
        session_.on_call = [this](FakeSession&, const std::string& call) { note(call); };
    }
    /// Runs one job to its end.
    void run() {
        calls_.clear();
        executor_.calls.clear();
        channel_.calls.clear();
        session_.calls.clear();
        runner::job::JobRun job(context_.get_executor(), setup());
        job_ = &job;
        if (stop_before_ != base::StopReason::kNone) job.stop(stop_before_);
        reported_ = run_to_end(context_, carry_out(job));
        outcome_ = job.outcome();
        job_ = nullptr;
    }
    void fail_preparation(const std::string& message) {
        executor_.results["prepare"] = {base::make_error(base::ErrorKind::kConfiguration, message)};
    }

    runner::job::JobRun* job_ = nullptr;  ///< while it runs
    base::StopReason stop_before_ = base::StopReason::kNone;
    /// What executor, supervisor and server were asked for, in order.
    std::vector<std::string> calls_;
    std::function<void(const std::string&)> on_call_;
    runner::journal::Outcome outcome_;
    bool reported_ = false;  ///< what run() has answered

  private:
    static base::Task<bool> carry_out(runner::job::JobRun& job) {
        auto reported = co_await job.run();
        co_return reported.has_value();
    }
    void note(const std::string& call) {
        calls_.push_back(call);
        if (on_call_) on_call_(call);
    }
};

}  // namespace tests
