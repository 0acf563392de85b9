#include "executors/docker/mirror_seed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/size_text.hpp"
#include "base/stop_source.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/labels.hpp"
#include "executors/docker/run_uncancelled.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

/// A server that needs longer is not asked again for a while.
constexpr std::chrono::seconds kSlowProof{5};
/// For the server's answer and the copy.
constexpr std::chrono::seconds kCopyLimit{330};
/// From the container's start. That of the job may be made meanwhile.
constexpr std::chrono::seconds kContainerLimit{600};
static_assert(kContainerLimit > kCopyLimit);
/// In the builds volume, which the job's containers have at its own path.
constexpr const char* kSeedName = ".runner-git-mirror";
constexpr const char* kBuildsMount = "/.runner-builds";
constexpr const char* kUnused = "The git mirror of this runner is not used: ";
constexpr const char* kWorkDir = "/.runner-mirror-work";

}  // namespace

Task<Result<void>> MirrorSeed::run(MadeFlag& made) {
    const auto& source = context_.job.git_mirror;
    if (!source || context_.held || builds_ == nullptr) co_return Result<void>();
    auto& mirror = context_.objects.mirror;
    auto info = co_await context_.engine.info();
    if (!info) co_return info.error();
    mirror.volume = source->volume;
    mirror.image = image_;
    mirror.architecture = info->architecture;
    auto there = co_await context_.api().has_volume(source->volume);
    if (!there && there.error().is(ErrorKind::kCancelled)) co_return there.error();
    if (!there || !*there) co_return Result<void>();
    if (context_.engine.git_mirrors().was_server_silent(source->volume)) {
        context_.log.print(std::string(kUnused) + "the server did not answer a moment ago");
        co_return Result<void>();
    }
    const auto begin = std::chrono::steady_clock::now();
    context_.engine.usage().use_volume(context_.objects.base, source->volume);
    auto copied = co_await copy(made);
    if (!copied && copied.error().is(ErrorKind::kCancelled)) co_return copied.error();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    tell(copied, took);
    co_return Result<void>();
}

void MirrorSeed::tell(const Result<MirrorAnswer>& answer, std::chrono::milliseconds took) {
    if (!answer) {
        context_.log.print(kUnused + answer.error().message);
    } else if (answer->state == "empty") {
        context_.log.print(kUnused + why_empty());
    } else if (answer->state == "refused") {
        context_.log.print(std::string(kUnused) +
                           "the server does not give the repository: " + answer->reason);
    } else if (answer->state == "silent") {
        context_.log.print(
            fmt::format("{}the server did not say within {} s whether it gives the repository",
                        kUnused, std::chrono::round<std::chrono::seconds>(answer->proof).count()));
    } else if (answer->state != "done") {
        context_.log.print(std::string(kUnused) + "it is being changed");
    } else {
        auto& mirror = context_.objects.mirror;
        mirror.seed = builds_->destination + "/" + kSeedName;
        mirror.seed_bytes = answer->bytes;
        context_.log.print(fmt::format("Using the git mirror of this runner: {} copied in {:.1f} s",
                                       base::size_text(answer->bytes),
                                       static_cast<double>(took.count()) / 1000));
    }
}

/// Another daemon's filling is not known here.
std::string MirrorSeed::why_empty() const {
    const std::string& filled = context_.engine.git_mirrors().background().volume();
    if (filled == context_.objects.mirror.volume) return "it is being filled";
    return "it is empty, because no filling of it has ended with success yet";
}

Task<Result<MirrorAnswer>> MirrorSeed::copy(MadeFlag& made) {
    auto git = co_await context_.engine.add_git(image_);
    if (!git) co_return git.error();
    const std::string name = context_.objects.base + "-git-mirror";
    // The cleanup of the job removes what is still there, and everything of a job that is stopped.
    context_.objects.services.push_back(name);
    auto answer = co_await copy_in(name, made);
    if (!answer && answer.error().is(ErrorKind::kCancelled)) co_return answer;
    const bool done = answer && answer->state == "done";
    // The end of a container writes the whole disk's data, by the kernel's sync_filesystem(): git
    // would wait for that. So one that has copied ends with its job.
    if (!done) context_.engine.git_mirrors().remove_later(name);
    co_return answer;
}

Task<Result<std::string>> MirrorSeed::start_container(std::string name) {
    EngineApi& api = context_.api();
    MirrorContainer container;
    container.name = std::move(name);
    container.image = image_;
    container.helper_volume = helper_volume_;
    container.mirror_bind = context_.job.git_mirror->volume + ":" + kMirrorDir + ":ro,nocopy";
    container.builds_bind = builds_->name + ":" + kBuildsMount + ":nocopy";
    container.labels = context_.job.labels;
    container.labels[label_name("type")] = "git-mirror";
    container.limit = kContainerLimit;
    auto making = make_mirror_container(api, std::move(container), context_.docker);
    auto id = co_await run_uncancelled(std::move(making));
    if (!id) co_return id;
    auto started = co_await api.start_container(*id);
    if (!started) co_return started.error();
    co_return id;
}

Task<Result<MirrorAnswer>> MirrorSeed::copy_in(std::string name, MadeFlag& made) {
    auto id = co_await start_container(std::move(name));
    if (!id) co_return id.error().with_context("the mirror's container");
    co_await made.wait();
    const GitMirrorSource& source = *context_.job.git_mirror;
    std::vector<std::string> action{
        "seed",   "--volume", kMirrorDir, "--target", std::string(kBuildsMount) + "/" + kSeedName,
        "--work", kWorkDir};
    auto copying =
        run_mirror_helper(context_.api(), *id, std::move(action), mirror_request(source, false));
    auto copied = co_await base::with_deadline<MirrorAnswer>(std::move(copying), kCopyLimit);
    if (!copied && copied.error().is(ErrorKind::kTimeout)) {
        co_return base::make_error(
            ErrorKind::kTimeout,
            fmt::format("the copy did not end within {} s", kCopyLimit.count()));
    }
    const bool refused = copied && (copied->state == "refused" || copied->state == "silent");
    if (refused && copied->proof >= kSlowProof)
        context_.engine.git_mirrors().note_silent_server(source.volume);
    co_return copied;
}

}  // namespace executors::docker
