#include <gmock/gmock.h>

#include "tests/unit/runner/job/job_run_fixture.hpp"

/// A stop or a failure in every call that a job makes.
namespace runner::job {
namespace {

using base::ErrorKind;
using base::StopReason;

bool is_report(const std::string& call) { return call.starts_with("finish") || call == "abandon"; }

/// A stop in every call that a job makes: whatever is interrupted, the end is the same.
class StopAtEveryCall : public tests::JobRunFixture,
                        public testing::WithParamInterface<StopReason> {
  protected:
    StopAtEveryCall() {
        payload_.steps.push_back({.name = "after_script", .script = {"true"}, .when = ""});
        protocol::gitlab::Artifact artifact;
        artifact.paths = {"out"};
        artifact.when = "always";
        payload_.artifacts.push_back(artifact);
        runner_.builds_dir = "/builds";
        session_.files["/builds/group/project.tmp/artifacts-0"] =
            executors::helper::make_frame(R"({"name":"artifacts.zip"})") + "zip";
        protocol::gitlab::Dependency dependency;
        dependency.id = 1;
        dependency.artifact_filename = "artifacts.zip";
        payload_.dependencies.push_back(dependency);
        channel_.archives = {{1, "zip"}};
        auto& readiness = executor_.readiness.emplace();
        readiness.engine_socket = "/run/docker.sock";
        readiness.script = "docker buildx create";
    }
    /// The `n`-th call (from 0) does not end by itself, and the stop comes while it is under way.
    /// False when the job has made fewer calls.
    bool run_with_stop_in_call(std::size_t n) {
        bool came = false;
        on_call_ = [&](const std::string& call) {
            if (came || calls_.size() != n + 1) return;
            came = true;
            session_.held_calls = {call};
            executor_.stalled = {"prepare"};
            boost::asio::post(context_, [this, call] {
                if (job_ != nullptr) job_->stop(GetParam());
                // What the stop does not end goes on, and what comes after it is not held.
                session_.held_calls.clear();
                executor_.stalled.clear();
                if (session_.session != nullptr) session_.session->release(call);
            });
        };
        session_.calls.clear();
        executor_.stalled.clear();
        run();
        return came;
    }
};

TEST_P(StopAtEveryCall, ReportsOnceAndLeavesNothing) {
    std::size_t points = 0;
    while (run_with_stop_in_call(points)) {
        const std::string where =
            "a stop in call " + std::to_string(points) + ", " + calls_[points];
        SCOPED_TRACE(where);
        EXPECT_EQ(std::count_if(calls_.begin(), calls_.end(), is_report), 1);
        EXPECT_EQ(calls_.back(), "cleanup");
        EXPECT_EQ(std::count(calls_.begin(), calls_.end(), "cleanup"), 1);
        EXPECT_FALSE(journal_is_left());
        EXPECT_EQ(session_.pump_ended, !session_.calls.empty());
        // A cancel lets after_script and what follows it end as they would.
        const auto told = std::find_if(calls_.begin(), calls_.end(), is_report) - calls_.begin();
        const bool in_time = static_cast<std::ptrdiff_t>(points) < told;
        if (!base::is_cancel(GetParam())) {
            EXPECT_EQ(outcome_.success(), !in_time);
        }
        ++points;
    }
    EXPECT_GT(points, 15U);
}

INSTANTIATE_TEST_SUITE_P(Reasons, StopAtEveryCall,
                         testing::Values(StopReason::kUserCancel, StopReason::kAdminCancel,
                                         StopReason::kAbort, StopReason::kShutdown));

/// The supervisor fails in every call that a job makes to it.
class FailureOfEveryCall : public StopAtEveryCall {
  protected:
    bool run_with_failure_of_call(std::size_t n) {
        bool came = false;
        std::size_t seen = 0;
        on_call_ = [&](const std::string& call) {
            const bool of_session = session_.session != nullptr && !session_.calls.empty() &&
                                    session_.calls.back() == call;
            if (!of_session || came || seen++ != n) return;
            came = true;
            session_.failures[call] = {base::make_error(ErrorKind::kUnavailable, "lost")};
        };
        session_.failures.clear();
        run();
        return came;
    }
};

TEST_P(FailureOfEveryCall, IsReportedOnceAndLeavesNothing) {
    std::size_t points = 0;
    while (run_with_failure_of_call(points)) {
        SCOPED_TRACE("failure of call " + std::to_string(points));
        EXPECT_EQ(std::count_if(channel_.calls.begin(), channel_.calls.end(),
                                [](const std::string& call) { return call.starts_with("finish"); }),
                  1);
        EXPECT_EQ(calls_.back(), "cleanup");
        EXPECT_FALSE(journal_is_left());
        EXPECT_TRUE(session_.pump_ended);
        ++points;
    }
    EXPECT_GT(points, 10U);
}

INSTANTIATE_TEST_SUITE_P(Once, FailureOfEveryCall, testing::Values(StopReason::kNone));

/// A bug in every call that a job makes.
class ExceptionInEveryCall : public StopAtEveryCall {
  protected:
    bool run_with_exception_in_call(std::size_t n) {
        bool came = false;
        on_call_ = [&](const std::string&) {
            if (came || calls_.size() != n + 1) return;
            came = true;
            throw std::runtime_error("a bug");
        };
        session_.calls.clear();
        session_.pump_ended = false;
        run();
        return came;
    }
};

TEST_P(ExceptionInEveryCall, IsReportedOnceAndEndsTheJob) {
    std::size_t points = 0;
    while (run_with_exception_in_call(points)) {
        const std::string call = calls_[points];
        SCOPED_TRACE("an exception in call " + std::to_string(points) + ", " + call);
        EXPECT_EQ(std::count_if(calls_.begin(), calls_.end(),
                                [](const std::string& c) { return c.starts_with("finish"); }),
                  1);
        EXPECT_EQ(reported_, !call.starts_with("finish"));
        EXPECT_EQ(calls_.back(), "cleanup");
        EXPECT_EQ(journal_is_left(), call == "cleanup");
        EXPECT_EQ(session_.pump_ended, !session_.calls.empty());
        if (call == "start_answered") {
            EXPECT_EQ(outcome_.failure->reason, journal::FailureReason::kSystemFailure);
            EXPECT_EQ(outcome_.failure->message, "internal error of the runner: a bug");
        }
        ++points;
    }
    EXPECT_GT(points, 15U);
}

INSTANTIATE_TEST_SUITE_P(Once, ExceptionInEveryCall, testing::Values(StopReason::kNone));

}  // namespace
}  // namespace runner::job
