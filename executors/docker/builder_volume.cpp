#include "executors/docker/builder_volume.hpp"

#include <utility>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/fill_containers.hpp"
#include "executors/docker/labels.hpp"
#include "executors/docker/run_uncancelled.hpp"
#include "executors/docker/tar_archive.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;
using nlohmann::json;

namespace {

/// Changes when the helper needs something else in the volume.
constexpr const char* kForm = "1";
constexpr std::chrono::minutes kFillLimit{5};
constexpr std::chrono::minutes kPause{10};
constexpr int kStopSeconds = 30;
constexpr std::size_t kMostTried = 500;

/// Of another daemon, too: two engines on one data root would destroy it, and the engine refuses a
/// second container of this name.
std::string container_name(const BuilderVolume& volume) { return volume.name + "-fill-1"; }

std::map<std::string, std::string> labels_of(const BuilderVolume& volume,
                                             const PreloadImage& builder) {
    return {{kHelperLabel, std::string(base::version())},
            {label_name("type"), "builder-image"},
            {label_name("image"), builder.name},
            {label_name("engine_image"), volume.engine_image}};
}

/// No network, and little of the processor while jobs run.
json container_body(const BuilderVolume& volume, const PreloadImage& builder) {
    return {{"Image", volume.engine_image},
            {"Entrypoint", {"dockerd"}},
            {"Cmd", json::array()},
            {"Labels", labels_of(volume, builder)},
            {"HostConfig",
             {{"Privileged", true},
              {"NetworkMode", "none"},
              {"CpuShares", 128},
              {"Binds", {volume.helper_volume + ":/.runner:ro", volume.name + ":" + kDataRoot}}}}};
}

}  // namespace

std::string builder_volume_name(const std::string& engine_image, const std::string& builder_image) {
    const std::string both = engine_image + "\n" + builder_image + "\n" + kForm;
    return "runner-builder-" + base::sha256_hex(both).substr(0, 16);
}

std::string builder_volume_bind(const BuilderVolume& volume) {
    return volume.name.empty() ? "" : volume.name + ":" + kBuilderDir + ":ro";
}

Task<Result<void>> BuilderVolumes::make(BuilderVolume volume, PreloadImage builder) {
    const json body = {{"Name", volume.name}, {"Labels", labels_of(volume, builder)}};
    auto made = co_await api_.create_volume(body.dump());
    co_return made;
}

void BuilderVolumes::fill_later(BuilderVolume volume, PreloadImage builder) {
    const auto now = std::chrono::steady_clock::now();
    if (background_ == nullptr || busy_ || stop_.requested()) return;
    if (const auto last = tried_.find(volume.name);
        last != tried_.end() && now - last->second < kPause) {
        return;
    }
    if (tried_.size() >= kMostTried) tried_.clear();
    tried_[volume.name] = now;
    busy_ = true;
    background_->spawn("volume of the builder's image",
                       fill_and_report(std::move(volume), std::move(builder)));
}

Task<void> BuilderVolumes::fill_and_report(BuilderVolume volume, PreloadImage builder) {
    // A cancelled coroutine could not await the removal of the container any more: stop() ends it.
    auto work = fill(volume, builder);
    auto filled = co_await run_uncancelled(std::move(work));
    busy_ = false;
    if (filled || filled.error().is(ErrorKind::kCancelled)) co_return;
    base::log::warning(
        "The volume with the builder's image could not be filled: jobs copy the image",
        {{"image", builder.name}, {"volume", volume.name}, {"error", filled.error().message}});
}

Task<Result<void>> BuilderVolumes::fill(BuilderVolume volume, PreloadImage builder) {
    // One that a killed daemon has left would keep the name.
    auto swept = co_await remove_fill_containers(api_, kPause);
    if (!swept) co_return swept.error();
    auto made = co_await make(volume, builder);
    if (!made) co_return made;
    const std::string body = container_body(volume, builder).dump();
    auto container = co_await api_.create_container(container_name(volume), "", body);
    // Another daemon is filling it.
    if (!container && container.error().is(ErrorKind::kConflict)) co_return Result<void>();
    if (!container) co_return container.error();
    const auto deadline = std::chrono::steady_clock::now() + kFillLimit;
    auto work = load(*container, std::move(volume), std::move(builder));
    auto loaded = co_await base::run_stoppable(&stop_, std::move(work), deadline);
    auto removed = co_await api_.remove_container(*container, false);
    if (!loaded) co_return loaded;
    co_return removed;
}

Task<Result<void>> BuilderVolumes::load(std::string container, BuilderVolume volume,
                                        PreloadImage builder) {
    auto complete = co_await api_.has_path(container, std::string(kDataRoot) + "/" + kSeedMarker);
    if (!complete) co_return complete.error();
    if (*complete) co_return Result<void>();
    auto started = co_await api_.start_container(container);
    if (!started) co_return started;
    auto copied = co_await copy_image(api_, container, builder);
    if (!copied) co_return copied.error();
    auto again = co_await copy_image(api_, container, builder);
    if (!again) co_return again.error();
    if (*again) {
        co_return base::make_error(ErrorKind::kUnavailable,
                                   "the engine does not have the image that it was sent");
    }
    auto stopped = co_await api_.stop_container(container, kStopSeconds);
    if (!stopped) co_return stopped;
    TarBuilder marker;
    marker.add_file(kSeedMarker, volume.name + "\n", 0644);
    auto marked = co_await api_.put_archive(std::move(container), kDataRoot, marker.finish());
    if (marked) {
        base::log::info("The builder's image is on a volume: jobs need no copy of it any more",
                        {{"image", builder.name}, {"volume", volume.name}});
    }
    co_return marked;
}

}  // namespace executors::docker
