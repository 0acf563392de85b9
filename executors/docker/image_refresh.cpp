#include "executors/docker/image_refresh.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "base/stop_source.hpp"
#include "executors/docker/image_rules.hpp"
#include "executors/docker/own_pull.hpp"

namespace executors::docker {

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

ImageRefresh::ImageRefresh(PullQueue& pulls, base::TaskGroup* group, const base::Clock& clock)
    : pulls_(pulls), group_(group), clock_(clock) {}

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
    OwnPull wanted;
    wanted.image = use.image;
    wanted.former_id = use.id;
    wanted.registries = use.registries;
    wanted.fresh = true;
    auto pulling = pull_for_runner(pulls_, std::move(wanted), log);
    auto image = co_await base::with_deadline<ImageInfo>(std::move(pulling), kLimit);
    if (!image) {
        if (image.error().is(base::ErrorKind::kCancelled)) co_return;
        base::log::warning("An image could not be refreshed; jobs go on with the one that is there",
                           {{"image", use.image}, {"error", image.error().message}});
        co_return;
    }
    const bool changed = image->id != use.id;
    base::log::info("Refreshed an image that jobs use often",
                    {{"image", use.image}, {"changed", changed ? "yes" : "no"}});
    if (changed && on_replaced_) on_replaced_(use.image, image->id);
}

}  // namespace executors::docker
