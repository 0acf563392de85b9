#include "executors/docker/image_refresh.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/log.hpp"
#include "base/stop_source.hpp"
#include "executors/docker/image_rules.hpp"
#include "executors/docker/pull_sources.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

constexpr int kPopular = 3;
constexpr std::chrono::hours kLimit{1};

/// What would be lines of a job's log.
class RefreshLog final : public JobLog {
  public:
    explicit RefreshLog(std::string image) : image_(std::move(image)) {}
    void print(std::string_view text) override {
        base::log::debug("Refreshing an image", {{"image", image_}, {"text", text}});
    }
    void notice(std::string_view text) override { print(text); }
    void heading(std::string_view text) override { print(text); }
    void warning(std::string_view text) override {
        base::log::warning("Refreshing an image", {{"image", image_}, {"text", text}});
    }
    void error(std::string_view text) override { warning(text); }

  private:
    std::string image_;
};

bool matches(const std::string& image, const std::vector<std::string>& patterns) {
    return !patterns.empty() && check_allowed(image, "images", patterns, {}).has_value();
}

/// Holds `busy` for a scope, however it ends.
class Busy {
  public:
    explicit Busy(bool& busy) : busy_(busy) {}
    ~Busy() { busy_ = false; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

  private:
    bool& busy_;
};

}  // namespace

bool is_named_by_administrator(const std::string& image, const DockerSettings& docker,
                               const DindSettings& dind) {
    std::vector<std::string> names = dind.preload_images;
    names.push_back(docker.image);
    names.push_back(dind.image);
    for (const auto& service : docker.services) names.push_back(service.name);
    return std::find(names.begin(), names.end(), image) != names.end() ||
           matches(image, docker.allowed_images) || matches(image, docker.allowed_services);
}

bool ImageUses::used(const std::string& image, std::chrono::nanoseconds period, Time now) {
    Uses& uses = uses_.try_emplace(image, Uses{now, 0}).first->second;
    ++uses.count;
    if (uses.count < kPopular || now - uses.since < period) return false;
    uses = {now, 0};
    return true;
}

void ImageUses::pulled(const std::string& image, Time now) {
    const auto found = uses_.find(image);
    if (found != uses_.end()) found->second = {now, 0};
}

ImageRefresh::ImageRefresh(EngineApi& api, PullQueue& pulls, base::TaskGroup* group,
                           const base::Clock& clock)
    : api_(api), pulls_(pulls), group_(group), clock_(clock) {}

void ImageRefresh::used(Use use) {
    if (group_ == nullptr || busy_) return;
    if (!uses_.used(use.image, use.period, clock_.now())) return;
    busy_ = true;
    std::string name = "refresh of " + use.image;
    group_->spawn(std::move(name), refresh(std::move(use)));
}

Task<void> ImageRefresh::refresh(Use use) {
    const Busy busy(busy_);
    RefreshLog log(use.image);
    auto pull_within_limit = base::with_deadline(pull(use, log), kLimit);
    auto name = co_await std::move(pull_within_limit);
    if (!name) {
        if (name.error().is(base::ErrorKind::kCancelled)) co_return;
        base::log::warning("An image could not be refreshed; jobs go on with the one that is there",
                           {{"image", use.image}, {"error", name.error().message}});
        co_return;
    }
    auto found = co_await api_.inspect_image(*name);
    const bool changed = found && found->id != use.id;
    base::log::info("Refreshed an image that jobs use often",
                    {{"image", use.image}, {"changed", changed ? "yes" : "no"}});
}

Task<Result<std::string>> ImageRefresh::pull(const Use& use, JobLog& log) {
    const JobEnvironment nobody;
    const char* home = std::getenv("HOME");
    std::string folder = home != nullptr ? home : "";
    auto auth = co_await collect_registry_auth(nobody, use.registries, std::move(folder), log);
    if (!auth) co_return auth.error();
    const auto reference = parse_reference(use.image);
    if (!reference) co_return reference.error();
    PullRequest request{.image = use.image,
                        .registry = reference->host,
                        .tag = reference->pull_tag(),
                        .by_digest = !reference->digest.empty(),
                        .platform = "",
                        .sources = pull_sources(*reference, use.registries, *auth),
                        .fresh = true,
                        .again = false,
                        .job = 0};
    PreparationSteps steps(nullptr);
    auto pulled = co_await pulls_.pull(std::move(request), log, steps);
    co_return pulled;
}

}  // namespace executors::docker
