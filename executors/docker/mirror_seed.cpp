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

constexpr std::chrono::seconds kProofLimit{30};
constexpr std::chrono::seconds kCopyLimit{300};
constexpr std::chrono::seconds kContainerLimit{360};
/// In the builds volume, which the job's containers have at its own path.
constexpr const char* kSeedName = ".runner-git-mirror";
constexpr const char* kBuildsMount = "/.runner-builds";
constexpr const char* kWorkDir = "/.runner-mirror-work";

}  // namespace

Task<Result<void>> MirrorSeed::run() {
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
    const auto begin = std::chrono::steady_clock::now();
    context_.engine.usage().use_volume(context_.objects.base, source->volume);
    auto copied = co_await copy();
    if (!copied && copied.error().is(ErrorKind::kCancelled)) co_return copied.error();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    tell(copied, took);
    co_return Result<void>();
}

void MirrorSeed::tell(const Result<MirrorAnswer>& answer, std::chrono::milliseconds took) {
    constexpr const char* kUnused = "The git mirror of this runner is not used: ";
    if (!answer) {
        context_.log.print(kUnused + answer.error().message);
    } else if (answer->state == "empty") {
        context_.log.print(std::string(kUnused) + "it is being filled");
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

Task<Result<MirrorAnswer>> MirrorSeed::copy() {
    auto git = co_await context_.engine.add_git(image_);
    if (!git) co_return git.error();
    const std::string name = context_.objects.base + "-git-mirror";
    auto& containers = context_.objects.services;
    containers.push_back(name);
    auto answer = co_await copy_in(name);
    // The cleanup of the job removes it.
    if (!answer && answer.error().is(ErrorKind::kCancelled)) co_return answer;
    auto removal = context_.api().remove_container(name, false);
    auto removed = co_await run_uncancelled(std::move(removal));
    if (removed) std::erase(containers, name);
    co_return answer;
}

Task<Result<MirrorAnswer>> MirrorSeed::copy_in(std::string name) {
    EngineApi& api = context_.api();
    MirrorContainer container;
    container.name = std::move(name);
    container.image = image_;
    container.helper_volume = helper_volume_;
    container.mirror_bind = context_.job.git_mirror->volume + ":" + kMirrorDir + ":ro";
    container.builds_bind = builds_->name + ":" + kBuildsMount + ":nocopy";
    container.labels = context_.job.labels;
    container.labels[label_name("type")] = "git-mirror";
    container.limit = kContainerLimit;
    std::string body = mirror_container_body(container, context_.docker);
    auto id = co_await api.create_container(container.name, "", std::move(body));
    if (!id) co_return id.error();
    auto started = co_await api.start_container(*id);
    if (!started) co_return started.error();
    const std::string request = mirror_request(*context_.job.git_mirror, false);
    // Nothing is copied for a token that the server does not accept.
    std::vector<std::string> prove{"prove"};
    auto asking = run_mirror_helper(api, *id, std::move(prove), request);
    auto proven = co_await base::with_deadline<MirrorAnswer>(std::move(asking), kProofLimit);
    if (!proven) {
        co_return proven.error().with_context("the server does not give the repository");
    }
    std::vector<std::string> action{
        "copy",   "--volume", kMirrorDir, "--target", std::string(kBuildsMount) + "/" + kSeedName,
        "--work", kWorkDir};
    auto copying = run_mirror_helper(api, *id, std::move(action), request);
    auto copied = co_await base::with_deadline<MirrorAnswer>(std::move(copying), kCopyLimit);
    co_return copied;
}

}  // namespace executors::docker
