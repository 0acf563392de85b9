#include "runner/job/artifact_transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "base/stop_source.hpp"
#include "runner/job/dependency_downloads.hpp"
#include "runner/job/package_body.hpp"
#include "runner/job/stage_numbers.hpp"
#include "runner/job/transfer_meter.hpp"
#include "runner/script/archive_rules.hpp"

namespace runner::job {

using base::ErrorKind;
using base::Result;
using base::Task;
using executors::session::StageExit;
using protocol::http::BodySource;

namespace {

using Clock = std::chrono::steady_clock;

std::string type_of(const protocol::gitlab::Artifact& artifact) {
    return artifact.artifact_type.empty() ? "archive" : artifact.artifact_type;
}

Result<void> exit_error(const StageResult& exit) {
    if (!exit) return exit.error();
    if (exit->reason == StageExit::Reason::kDeadline)
        return base::make_error(ErrorKind::kTimeout, "out of time");
    if (exit->reason == StageExit::Reason::kStartFailed)
        return base::make_error(ErrorKind::kIo, exit->message);
    if (exit->code == 0) return {};
    return base::make_error(ErrorKind::kIo, fmt::format("exit code {}", exit->code));
}

}  // namespace

/// Returns the error for a stop and for the job's own time limit, which StageJudge handles as in
/// every stage. A peer that was too slow is an ordinary failure.
StageResult ArtifactTransfer::failed(const std::string& what, const base::Error& error) {
    const bool over = context_.deadlines.job_is_over(context_.checkpoint());
    if (context_.stop.requested() || (error.is(ErrorKind::kTimeout) && over)) return error;
    context_.log().error(what + error.message);
    context_.daemon_log.warning("A transfer of a job's artifacts failed",
                                {{"error", context_.log().masked(what + error.message)}});
    StageExit exit;
    exit.code = 1;
    return exit;
}

Task<StageResult> ArtifactTransfer::download() {
    const auto& all = context_.payload().dependencies;
    if (all.size() > kMaxParts) {
        const std::string text =
            fmt::format("{} jobs to download from, at most {} are possible", all.size(), kMaxParts);
        co_return failed("", base::make_error(ErrorKind::kInvalidInput, text));
    }
    DependencyDownloads downloads(context_, scripts_, writers_);
    auto bringing = bring_all(downloads);
    std::exception_ptr thrown;
    StageResult done = StageExit();
    try {
        done = co_await std::move(bringing);
    } catch (...) {
        thrown = std::current_exception();
    }
    // Downloads that run refer to `downloads`.
    co_await downloads.end();
    if (thrown) std::rethrow_exception(thrown);
    co_return std::move(done);
}

/// In the payload's order: of files with the same name the last one stays.
Task<StageResult> ArtifactTransfer::bring_all(DependencyDownloads& downloads) {
    const auto& all = context_.payload().dependencies;
    const std::string words = context_.channel().transfer_words("archive").fetching;
    auto& part = context_.checkpoint().part;
    for (; part < all.size(); ++part) {
        const Dependency& dependency = all[part];
        if (dependency.artifact_filename.empty()) continue;
        context_.log().notice(
            fmt::format("Downloading artifacts for {} ({})...", dependency.name, dependency.id));
        const executors::Waiting waiting(context_.log(), "artifacts of " + dependency.name);
        auto taking = downloads.take(part);
        auto done = co_await std::move(taking);
        if (done) {
            auto extracting = extract(dependency);
            done = co_await std::move(extracting);
        }
        if (!done) co_return failed(words + "... ", done.error());
        context_.log().print(fmt::format("{}... ok  id={}", words, dependency.id));
        context_.checkpoints.save();
    }
    co_return StageExit();
}

Task<Result<void>> ArtifactTransfer::extract(const Dependency& dependency) {
    const auto& checkpoint = context_.checkpoint();
    const auto number = stage_number(checkpoint.plan_index, checkpoint.part);
    auto extracted = co_await scripts_.run(
        number, writers_.artifacts.extract_dependency(dependency.id), context_.deadline());
    co_return exit_error(extracted);
}

Task<StageResult> ArtifactTransfer::upload(const PlannedStage& stage,
                                           std::function<void(const StageResult&)> on_part) {
    const auto& all = context_.payload().artifacts;
    StageResult result = StageExit();
    auto& part = context_.checkpoint().part;
    for (; part < all.size(); ++part) {
        const Artifact& artifact = all[part];
        if (!script::names_files(artifact) ||
            !script::matches_outcome(artifact.when, stage.on_success))
            continue;
        auto sending = pack_and_send(artifact, part);
        auto done = co_await std::move(sending);
        // After a failure the other archives are still sent.
        const std::string words = context_.channel().transfer_words(type_of(artifact)).sending;
        if (!done) result = failed(words + "... ", done.error());
        if (!result) break;
        on_part(result);  // at once: a restart must not forget a failure
        context_.checkpoints.save();
    }
    co_return std::move(result);
}

Task<Result<void>> ArtifactTransfer::pack_and_send(const Artifact& artifact, std::size_t index) {
    const auto number = stage_number(context_.checkpoint().plan_index, index);
    auto packed = co_await scripts_.run(number, writers_.artifacts.pack(artifact, index),
                                        context_.deadline());
    if (auto good = exit_error(packed); !good) co_return good.error();
    const std::string path = writers_.artifacts.package_path(index);
    const executors::Waiting waiting(context_.log(), "the upload of artifacts");
    auto sending = send_within_limit(artifact, path);
    auto sent = co_await std::move(sending);
    if (!sent) co_return sent.error();
    auto removing = scripts_.session().remove(path, context_.executor().info().user);
    auto removed =
        co_await base::run_stoppable(&context_.stop, std::move(removing), context_.deadline());
    static_cast<void>(removed);  // the cleanup stage removes what is left
    co_return Result<void>();
}

Task<Result<void>> ArtifactTransfer::send_within_limit(const Artifact& artifact, std::string path) {
    const auto limit =
        std::chrono::duration_cast<Clock::duration>(context_.runner().artifact_upload_timeout);
    const base::Deadline deadline = std::min(*context_.deadline(), Clock::now() + limit);
    auto sending = send_package(artifact, std::move(path));
    auto sent = co_await base::run_stoppable(&context_.stop, std::move(sending), deadline);
    if (sent) co_return std::move(sent);
    const bool own_limit = sent.error().is(ErrorKind::kTimeout) && Clock::now() >= *deadline &&
                           !context_.deadlines.job_is_over(context_.checkpoint());
    if (!own_limit) co_return sent.error();
    co_return base::make_error(ErrorKind::kIo,
                               "not done within upload_timeout of [runners.artifact]");
}

Task<Result<void>> ArtifactTransfer::send_package(const Artifact& artifact, std::string path) {
    const std::string user = context_.executor().info().user;
    auto& session = scripts_.session();
    auto first = std::make_shared<PackageBody>(session, path, user);
    auto name = co_await first->open();
    if (!name) co_return name.error();
    if (name->empty()) co_return Result<void>();
    ArtifactFile file;
    file.about = &artifact;
    file.name = *name;
    // The first try uses the package that is open already.
    auto* const log = &context_.log();
    const auto frequency = context_.behaviour.duration("TRANSFER_METER_FREQUENCY", {});
    const auto open = [&session, path, user, first, log,
                       frequency]() mutable -> Result<BodySource> {
        if (!first) first = std::make_shared<PackageBody>(session, path, user);
        return metered(body_of(std::exchange(first, nullptr)), *log, "Uploading artifacts",
                       frequency);
    };
    file.open = open;
    const std::string words = context_.channel().transfer_words(type_of(artifact)).sending;
    const auto on_retry = [this, words](const base::Error& why, std::chrono::milliseconds wait) {
        context_.log().warning(
            fmt::format("{}... {}; retrying in {} ms", words, why.message, wait.count()));
    };
    file.on_retry = on_retry;
    auto sending = context_.channel().send_artifact(std::move(file));
    auto sent = co_await std::move(sending);
    if (!sent) co_return sent.error();
    context_.log().print(words + "... " + *sent);
    co_return Result<void>();
}

}  // namespace runner::job
