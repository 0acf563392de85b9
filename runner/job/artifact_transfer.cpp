#include "runner/job/artifact_transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/stop_source.hpp"
#include "runner/job/package_body.hpp"
#include "runner/job/retry.hpp"
#include "runner/job/stage_numbers.hpp"
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

bool cannot_be_repeated(const base::Error& error) {
    return error.is(ErrorKind::kUnauthorized) || error.is(ErrorKind::kForbidden) ||
           error.is(ErrorKind::kNotFound) || error.is(ErrorKind::kCancelled) ||
           error.is(ErrorKind::kIo);
}

Task<Result<std::string>> next_piece(std::shared_ptr<BodySource> body,
                                     std::shared_ptr<bool> broken) {
    auto reading = (*body)();
    auto piece = co_await std::move(reading);
    if (!piece) *broken = true;
    co_return std::move(piece);
}

/// `body`, which sets `broken` when it fails: so a failure of the sender can be told from one of
/// the receiver.
BodySource watched(BodySource body, std::shared_ptr<bool> broken) {
    const auto shared = std::make_shared<BodySource>(std::move(body));
    return [shared, broken] { return next_piece(shared, broken); };
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
    const std::string words = context_.channel().transfer_words("archive").fetching;
    auto& part = context_.checkpoint().part;
    for (; part < all.size(); ++part) {
        const Dependency& dependency = all[part];
        if (dependency.artifact_filename.empty()) continue;
        context_.log().notice(
            fmt::format("Downloading artifacts for {} ({})...", dependency.name, dependency.id));
        const executors::Waiting waiting(context_.log(), "artifacts of " + dependency.name);
        auto fetching = fetch(dependency);
        auto done = co_await std::move(fetching);
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

/// Tries the transfer as often as the job allows. Unpacking is not repeated, because a damaged
/// archive would be damaged again.
Task<Result<void>> ArtifactTransfer::fetch(const Dependency& dependency) {
    const int attempts = context_.behaviour.attempts("ARTIFACT_DOWNLOAD_ATTEMPTS");
    const bool slower = context_.variables.feature("FF_USE_EXPONENTIAL_BACKOFF_STAGE_RETRY");
    auto& attempt = context_.checkpoint().attempt;
    for (attempt = 0;; ++attempt) {
        auto trying = fetch_whole(dependency);
        auto done = co_await std::move(trying);
        if (done || attempt + 1 >= attempts || context_.stop.requested()) co_return std::move(done);
        if (done.error().is(ErrorKind::kTimeout)) co_return std::move(done);
        context_.log().error(context_.channel().transfer_words("archive").fetching + "... " +
                             done.error().message);
        context_.log().warning("Retrying...");
        auto waited = co_await wait_before_retry(context_, retry_pause(slower, attempt + 1));
        if (!waited) co_return waited.error();
    }
}

/// Tries a download three times, as the official runner does: the server may fail before the body
/// or in the middle of it.
Task<Result<void>> ArtifactTransfer::fetch_whole(const Dependency& dependency) {
    constexpr unsigned kTries = 3;
    constexpr std::chrono::seconds kPause{1};
    bool direct = context_.variables.feature("FF_USE_DIRECT_DOWNLOAD");
    for (unsigned number = 1;; ++number) {
        bool may_retry = true;
        auto trying = fetch_once(dependency, direct, may_retry);
        auto done = co_await std::move(trying);
        const bool over =
            context_.stop.requested() || context_.deadlines.job_is_over(context_.checkpoint());
        if (done || !may_retry || number == kTries || over) co_return std::move(done);
        context_.log().warning(fmt::format(
            "{}... {}; retrying in {} ms", context_.channel().transfer_words("archive").fetching,
            done.error().message, std::chrono::milliseconds(kPause).count()));
        // Without direct_download the server sends the file itself, not the address of a storage.
        direct = false;
        auto waited = co_await wait_before_retry(context_, kPause);
        if (!waited) co_return waited.error();
    }
}

/// `may_retry`: whether the server or the network caused the failure, and another try may help.
Task<Result<void>> ArtifactTransfer::fetch_once(const Dependency& dependency, bool direct,
                                                bool& may_retry) {
    const std::string user = context_.executor().info().user;
    auto& session = scripts_.session();
    auto* const stop = &context_.stop;
    protocol::gitlab::ArtifactDownload how;
    how.direct = direct;
    how.on_resume = [this](const base::Error& why, std::uint64_t offset) {
        context_.log().warning(fmt::format("{}... {}; going on after {} bytes",
                                           context_.channel().transfer_words("archive").fetching,
                                           why.message, offset));
    };
    auto fetching = context_.channel().fetch_artifact(dependency, std::move(how));
    auto body = co_await base::run_stoppable(stop, std::move(fetching), context_.deadline());
    may_retry = !body && !cannot_be_repeated(body.error());
    if (!body) co_return body.error();
    auto making = session.make_directory(context_.directories->tmp, 0, user);
    auto made = co_await base::run_stoppable(stop, std::move(making), context_.deadline());
    if (!made) co_return made.error();
    const auto broken = std::make_shared<bool>(false);
    auto putting = session.put_file(writers_.artifacts.dependency_path(dependency.id),
                                    watched(std::move(*body), broken), 0600, user);
    auto put = co_await base::run_stoppable(stop, std::move(putting), context_.deadline());
    may_retry = !put && *broken && !cannot_be_repeated(put.error());
    co_return std::move(put);
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
    const auto open = [&session, path, user, first]() mutable -> Result<BodySource> {
        if (first) return body_of(std::exchange(first, nullptr));
        return body_of(std::make_shared<PackageBody>(session, path, user));
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
