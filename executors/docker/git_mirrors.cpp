#include "executors/docker/git_mirrors.hpp"

#include <algorithm>
#include <utility>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/size_text.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/fill_containers.hpp"
#include "executors/docker/labels.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;
using nlohmann::json;

namespace {

/// Of the whole filling; the helper, which tidies up, ends before, and the container ends by
/// itself.
constexpr std::chrono::seconds kFillLimit{540};
constexpr std::chrono::seconds kHelperLimit{480};
static_assert(kHelperLimit < kFillLimit && kFillLimit < kLongestFill);
constexpr std::chrono::minutes kSilence{5};
constexpr std::size_t kMostSilent = 500;
constexpr std::chrono::seconds kSlowClone{5};
constexpr std::uint64_t kLargeClone = 50'000'000;
/// What a mirror lacked.
constexpr std::uint64_t kLargeRest = 10'000'000;

std::map<std::string, std::string> volume_labels(const GitMirrors::Filling& filling) {
    auto labels = filling.labels;
    labels[label_name("type")] = "git-mirror";
    labels[label_name("destination")] = filling.source.url;
    labels[label_name("reusable")] = "true";
    return labels;
}

class MirrorFill final : public VolumeFilling {
  public:
    MirrorFill(EngineApi& api, RunnerVolume& programs, EngineUsage& usage,
               GitMirrors::Filling filling)
        : api_(api), programs_(programs), usage_(usage), filling_(std::move(filling)) {
        usage_.use_volume(container_name(), volume());
    }
    ~MirrorFill() override { usage_.release(container_name()); }
    MirrorFill(const MirrorFill&) = delete;
    MirrorFill& operator=(const MirrorFill&) = delete;

    [[nodiscard]] std::string volume() const override { return filling_.source.volume; }
    Task<Result<void>> make_ready() override;
    Task<Result<std::string>> make_container() override;
    Task<Result<void>> fill(std::string container) override;
    void tell_failure(const base::Error& error) const override {
        base::log::warning(
            "The git mirror could not be filled: jobs clone from the server",
            {{"url", filling_.source.url}, {"volume", volume()}, {"error", error.message}});
    }

  private:
    [[nodiscard]] std::string container_name() const { return shared_container_name(volume()); }

    EngineApi& api_;
    RunnerVolume& programs_;
    EngineUsage& usage_;
    GitMirrors::Filling filling_;
    std::string helper_volume_;
};

Task<Result<void>> MirrorFill::make_ready() {
    auto programs = co_await programs_.obtain(filling_.image, filling_.architecture);
    if (!programs) co_return programs.error();
    helper_volume_ = *programs;
    auto git = co_await programs_.add_git(filling_.image, filling_.architecture);
    if (!git) co_return git.error();
    const json body = {{"Name", volume()}, {"Labels", volume_labels(filling_)}};
    auto made = co_await api_.create_volume(body.dump());
    co_return made;
}

Task<Result<std::string>> MirrorFill::make_container() {
    MirrorContainer container;
    container.name = container_name();
    container.image = filling_.image;
    container.helper_volume = helper_volume_;
    container.mirror_bind = volume() + ":" + kMirrorDir + ":nocopy";
    container.labels = fill_container_labels(filling_.labels);
    container.labels[label_name("type")] = "git-mirror";
    container.limit = kFillLimit;
    auto making = make_mirror_container(api_, std::move(container), filling_.docker);
    auto id = co_await std::move(making);
    co_return id;
}

Task<Result<void>> MirrorFill::fill(std::string container) {
    auto started = co_await api_.start_container(container);
    if (!started) co_return started;
    std::vector<std::string> action{"fill", "--volume", kMirrorDir, "--limit",
                                    std::to_string(kHelperLimit.count())};
    auto answer = co_await run_mirror_helper(api_, std::move(container), std::move(action),
                                             mirror_request(filling_.source, filling_.renew));
    if (!answer) co_return answer.error();
    if (answer->state == "done") {
        base::log::info("A git mirror is filled: first clones copy from it",
                        {{"url", filling_.source.url},
                         {"volume", volume()},
                         {"size", base::size_text(answer->bytes)}});
    }
    co_return Result<void>();
}

Task<void> remove_container(EngineApi& api, std::string container) {
    auto removed = co_await api.remove_container(std::move(container), false);
    if (removed) co_return;
    base::log::debug("A container of a git mirror is left for the cleanup of its job",
                     {{"error", removed.error().message}});
}

}  // namespace

MirrorFilling filling_after(GitMirrorMode mode, const GitClone& clone, std::uint64_t seed_bytes) {
    if (mode == GitMirrorMode::kOff) return MirrorFilling::kNone;
    if (clone.from == GitClone::From::kDamagedMirror) return MirrorFilling::kRenew;
    if (clone.from == GitClone::From::kMirror) {
        const auto rest = clone.bytes - std::min(clone.bytes, seed_bytes);
        return rest >= kLargeRest ? MirrorFilling::kUpdate : MirrorFilling::kNone;
    }
    const bool costly = clone.duration >= kSlowClone && clone.bytes >= kLargeClone;
    return costly || mode == GitMirrorMode::kOn ? MirrorFilling::kUpdate : MirrorFilling::kNone;
}

GitMirrors::GitMirrors(EngineApi& api, RunnerVolume& programs, EngineUsage& usage,
                       base::TaskGroup* background)
    : api_(api),
      programs_(programs),
      usage_(usage),
      group_(background),
      background_(api, background, kFillLimit) {}

void GitMirrors::fill_later(Filling filling) {
    background_.begin(std::make_unique<MirrorFill>(api_, programs_, usage_, std::move(filling)));
}

void GitMirrors::remove_later(std::string container) {
    if (group_ == nullptr) return;
    group_->spawn("remove the container of a git mirror",
                  remove_container(api_, std::move(container)));
}

void GitMirrors::note_silent_server(const std::string& volume) {
    if (silent_.size() >= kMostSilent) silent_.clear();
    silent_[volume] = std::chrono::steady_clock::now() + kSilence;
}

bool GitMirrors::was_server_silent(const std::string& volume) const {
    const auto found = silent_.find(volume);
    return found != silent_.end() && std::chrono::steady_clock::now() < found->second;
}

}  // namespace executors::docker
