#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "base/stop_source.hpp"
#include "runner/job/job_run.hpp"
#include "runner/script/archive_rules.hpp"

/// Artifacts: the supervisor's side packs and unpacks, the channel sends and fetches, and the bytes
/// pass through here without being kept (job-runtime.md §7).
namespace runner::job {

using base::ErrorKind;
using executors::session::RemoteFile;
using executors::session::StageExit;
using protocol::gitlab::Artifact;
using protocol::gitlab::Dependency;
using protocol::http::BodySource;

namespace {

/// A package of the environment as the body of one try: opened when its first bytes are asked for.
class PackageBody {
  public:
    PackageBody(executors::session::SupervisorSession& session, std::string path, std::string user)
        : session_(session), path_(std::move(path)), user_(std::move(user)) {}

    /// The head of the package: its name, "" when nothing was packed.
    base::Task<base::Result<std::string>> open() {
        auto opening = session_.open_file(path_, user_);
        auto file = co_await std::move(opening);
        if (!file) co_return file.error();
        file_ = std::move(*file);
        auto head = co_await file_->next_frame();
        if (!head) co_return head.error();
        const auto json = nlohmann::json::parse(*head, nullptr, false);
        if (!json.is_object())
            co_return base::make_error(ErrorKind::kProtocol, "a package has no head: " + path_);
        co_return json.value("name", std::string());
    }

    base::Task<base::Result<std::string>> next() {
        if (!file_) {
            auto opened = co_await open();
            if (!opened) co_return opened.error();
        }
        auto bytes = co_await file_->next();
        co_return std::move(bytes);
    }

  private:
    executors::session::SupervisorSession& session_;
    std::string path_;
    std::string user_;
    std::unique_ptr<RemoteFile> file_;
};

BodySource body_of(const std::shared_ptr<PackageBody>& package) {
    return [package] { return package->next(); };
}

std::string type_of(const Artifact& artifact) {
    return artifact.artifact_type.empty() ? "archive" : artifact.artifact_type;
}

base::Result<void> exit_error(const base::Result<StageExit>& exit) {
    if (!exit) return exit.error();
    if (exit->reason == StageExit::Reason::kDeadline)
        return base::make_error(ErrorKind::kTimeout, "out of time");
    if (exit->reason == StageExit::Reason::kStartFailed)
        return base::make_error(ErrorKind::kIo, exit->message);
    if (exit->code == 0) return {};
    return base::make_error(ErrorKind::kIo, fmt::format("exit code {}", exit->code));
}

}  // namespace

/// A stop and the job's own limit are judged as in every stage; a peer that was too slow is a
/// failure like others.
JobRun::StageResult JobRun::archive_failed(const std::string& what, const base::Error& error) {
    if (stop_.requested() || (error.is(ErrorKind::kTimeout) && is_over_time())) return error;
    log().error(what + error.message);
    StageExit exit;
    exit.code = 1;
    return exit;
}

base::Task<JobRun::StageResult> JobRun::download_artifacts() {
    const auto& all = setup_.payload.dependencies;
    if (all.size() > kMaxParts) {
        const std::string text =
            fmt::format("{} jobs to download from, at most {} are possible", all.size(), kMaxParts);
        co_return archive_failed("", base::make_error(ErrorKind::kInvalidInput, text));
    }
    const std::string words = setup_.channel->transfer_words("archive").fetching;
    for (; checkpoint_.part < all.size(); ++checkpoint_.part) {
        const Dependency& dependency = all[checkpoint_.part];
        if (dependency.artifact_filename.empty()) continue;
        log().notice(
            fmt::format("Downloading artifacts for {} ({})...", dependency.name, dependency.id));
        auto downloading = download(dependency);
        auto done = co_await std::move(downloading);
        if (done) {
            auto extracting = extract(dependency);
            done = co_await std::move(extracting);
        }
        if (!done) {
            co_return archive_failed(words + "... ", done.error());
        }
        log().print(fmt::format("{}... ok  id={}", words, dependency.id));
        save();
    }
    co_return StageExit();
}

/// As often as the job allows: what is damaged would be damaged again, so only the transfer is
/// repeated.
base::Task<base::Result<void>> JobRun::download(const Dependency& dependency) {
    const int attempts = behaviour_->attempts("ARTIFACT_DOWNLOAD_ATTEMPTS");
    for (checkpoint_.attempt = 0;; ++checkpoint_.attempt) {
        const bool direct = variables_->feature("FF_USE_DIRECT_DOWNLOAD");
        auto trying = download_once(dependency, direct);
        auto done = co_await std::move(trying);
        if (done || checkpoint_.attempt + 1 >= attempts || stop_.requested())
            co_return std::move(done);
        if (done.error().is(ErrorKind::kTimeout)) co_return std::move(done);
        log().error(setup_.channel->transfer_words("archive").fetching + "... " +
                    done.error().message);
        log().warning("Retrying...");
        auto waited = co_await wait_before_retry(retry_pause(checkpoint_.attempt + 1));
        if (!waited) co_return waited.error();
    }
}

base::Task<base::Result<void>> JobRun::download_once(const Dependency& dependency, bool direct) {
    const std::string user = setup_.executor->info().user;
    auto fetching = setup_.channel->fetch_artifact(dependency, direct);
    auto body = co_await base::run_stoppable(&stop_, std::move(fetching), job_deadline());
    if (!body) co_return body.error();
    auto making = session_->make_directory(directories_->tmp, 0, user);
    auto made = co_await base::run_stoppable(&stop_, std::move(making), job_deadline());
    if (!made) co_return made.error();
    auto putting = session_->put_file(scripts_->artifacts.dependency_path(dependency.id),
                                      std::move(*body), 0600, user);
    auto put = co_await base::run_stoppable(&stop_, std::move(putting), job_deadline());
    if (!put) co_return put.error();
    co_return base::Result<void>();
}

base::Task<base::Result<void>> JobRun::extract(const Dependency& dependency) {
    const auto number = stage_number(checkpoint_.plan_index, checkpoint_.part);
    auto extracted = co_await run_script(
        number, scripts_->artifacts.extract_dependency(dependency.id), job_deadline());
    co_return exit_error(extracted);
}

base::Task<JobRun::StageResult> JobRun::upload_artifacts(const PlannedStage& stage) {
    const auto& all = setup_.payload.artifacts;
    StageResult result = StageExit();
    for (; checkpoint_.part < all.size(); ++checkpoint_.part) {
        const Artifact& artifact = all[checkpoint_.part];
        if (!script::names_files(artifact) ||
            !script::matches_outcome(artifact.when, stage.on_success))
            continue;
        auto uploading = upload(artifact, checkpoint_.part);
        auto done = co_await std::move(uploading);
        // The others are sent all the same: each is worth having.
        const std::string words = setup_.channel->transfer_words(type_of(artifact)).sending;
        if (!done) result = archive_failed(words + "... ", done.error());
        if (!result) break;
        judge(stage, result);  // at once: a restart must not forget a failure
        save();
    }
    co_return std::move(result);
}

base::Task<base::Result<void>> JobRun::upload(const Artifact& artifact, std::size_t index) {
    const auto number = stage_number(checkpoint_.plan_index, index);
    auto packed =
        co_await run_script(number, scripts_->artifacts.pack(artifact, index), job_deadline());
    if (auto good = exit_error(packed); !good) co_return good.error();
    const std::string path = scripts_->artifacts.package_path(index);
    auto sending = send_package(artifact, path);
    const auto limit =
        std::chrono::duration_cast<Clock::duration>(setup_.runner->artifact_upload_timeout);
    const base::Deadline deadline = std::min(*job_deadline(), Clock::now() + limit);
    auto sent = co_await base::run_stoppable(&stop_, std::move(sending), deadline);
    if (!sent) {
        const bool own_limit =
            sent.error().is(ErrorKind::kTimeout) && Clock::now() >= *deadline && !is_over_time();
        if (!own_limit) co_return sent.error();
        co_return base::make_error(ErrorKind::kIo,
                                   "not done within upload_timeout of [runners.artifact]");
    }
    auto removing = session_->remove(path, setup_.executor->info().user);
    auto removed = co_await base::run_stoppable(&stop_, std::move(removing), job_deadline());
    static_cast<void>(removed);  // the cleanup stage removes what is left
    co_return base::Result<void>();
}

base::Task<base::Result<void>> JobRun::send_package(const Artifact& artifact,
                                                    const std::string& path) {
    const std::string user = setup_.executor->info().user;
    auto first = std::make_shared<PackageBody>(*session_, path, user);
    auto name = co_await first->open();
    if (!name) co_return name.error();
    if (name->empty()) co_return base::Result<void>();
    ArtifactFile file;
    file.about = &artifact;
    file.name = *name;
    // The first try goes on with what is open already.
    const auto open = [this, path, user, first]() mutable -> base::Result<BodySource> {
        if (first) return body_of(std::exchange(first, nullptr));
        return body_of(std::make_shared<PackageBody>(*session_, path, user));
    };
    file.open = open;
    const std::string words = setup_.channel->transfer_words(type_of(artifact)).sending;
    const auto on_retry = [this, words](const base::Error& why, std::chrono::milliseconds wait) {
        log().warning(fmt::format("{}... {}; retrying in {} ms", words, why.message, wait.count()));
    };
    file.on_retry = on_retry;
    auto sending = setup_.channel->send_artifact(std::move(file));
    auto sent = co_await std::move(sending);
    if (!sent) co_return sent.error();
    log().print(words + "... " + *sent);
    co_return base::Result<void>();
}

}  // namespace runner::job
