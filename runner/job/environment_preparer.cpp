#include "runner/job/environment_preparer.hpp"

#include <fmt/format.h>

#include "base/stop_source.hpp"
#include "runner/job/limits.hpp"
#include "runner/job/retry.hpp"

namespace runner::job {

using base::ErrorKind;

namespace {

constexpr int kTries = 3;
constexpr std::chrono::seconds kPause{3};

/// Whether a further try would fail in the same way.
bool is_final(const base::Error& error) {
    switch (error.kind) {
        case ErrorKind::kConfiguration:
        case ErrorKind::kInvalidInput:
        case ErrorKind::kCancelled:
        case ErrorKind::kTimeout: return true;
        default: return error.pull_failure.has_value();
    }
}

}  // namespace

/// FF_LOG_IMAGES_CONFIGURED_FOR_JOB: in the daemon's log, for those who count what images are used.
void EnvironmentPreparer::log_images() const {
    if (!context_.variables.feature("FF_LOG_IMAGES_CONFIGURED_FOR_JOB")) return;
    const auto tell = [this](const char* message, const protocol::gitlab::Image& image) {
        auto scope = context_.daemon_log.with({{"image_name", context_.log().masked(image.name)}});
        const std::string platform = context_.log().masked(image.docker_platform);
        if (!platform.empty()) scope = scope.with({{"image_platform", platform}});
        scope.info(message);
    };
    const auto& payload = context_.payload();
    if (payload.image && !payload.image->name.empty())
        tell("Image configured for job", *payload.image);
    for (const auto& service : payload.services) tell("Service image configured for job", service);
}

base::Task<base::Result<void>> EnvironmentPreparer::prepare() {
    log_images();
    context_.enter("prepare_executor", executors::executor_stage(context_.traits, "prepare"));
    context_.channel().section_start("prepare_executor");
    auto& log = context_.log();
    log.heading(fmt::format("Preparing the \"{}\" executor", context_.runner().executor));
    if (context_.setup.restored)
        log.warning("The runner was restarted meanwhile: the preparation begins anew.");
    auto prepared = co_await try_several_times();
    context_.channel().section_end("prepare_executor");
    co_return std::move(prepared);
}

base::Task<base::Result<void>> EnvironmentPreparer::try_several_times() {
    for (int number = 1;; ++number) {
        auto prepared = co_await try_once();
        if (prepared) co_return std::move(prepared);
        // The job ends now. Its own cleanup removes what this try has made.
        if (prepared.error().is(ErrorKind::kTimeout) || context_.stop.requested()) {
            co_return std::move(prepared);
        }
        const bool job_has_failed = context_.executor().info().job_exit_code.has_value();
        co_await remove_remains();
        if (is_final(prepared.error()) || job_has_failed || number == kTries)
            co_return std::move(prepared);
        context_.log().error("Preparation failed: " + prepared.error().message);
        context_.log().print("Will be retried in 3s ...");
        auto waited = co_await wait_before_retry(context_, kPause);
        static_cast<void>(waited);  // the next try sees a stop and the limit itself
    }
}

base::Task<base::Result<void>> EnvironmentPreparer::try_once() {
    auto task = context_.executor().prepare(environment_, context_.log());
    const auto deadline = context_.deadlines.preparation(context_.checkpoint());
    auto result = co_await base::run_stoppable(&context_.stop, std::move(task), deadline);
    co_return std::move(result);
}

base::Task<void> EnvironmentPreparer::remove_remains() {
    auto removed = co_await context_.executor().cleanup(kCleanupLimit);
    if (removed) co_return;
    context_.daemon_log.warning("Cleanup failed",
                                {{"error", context_.log().masked(removed.error().message)}});
}

base::Task<base::Result<void>> EnvironmentPreparer::restore() {
    auto task = context_.executor().restore(environment_, context_.checkpoint().executor_state);
    auto restored =
        co_await base::run_stoppable(&context_.stop, std::move(task), context_.deadline());
    if (!restored) {
        co_return restored.error().with_context(
            "the runner was restarted and the job's environment is gone");
    }
    context_.daemon_log.info("Took up a job that runs on");
    co_return std::move(restored);
}

}  // namespace runner::job
