#include "executors/docker/builder_volume.hpp"

#include <utility>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/container_spec.hpp"
#include "executors/docker/fill_containers.hpp"
#include "executors/docker/labels.hpp"
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
constexpr int kStopSeconds = 30;

std::map<std::string, std::string> labels_of(const BuilderVolume& volume,
                                             const PreloadImage& builder) {
    return {{kHelperLabel, std::string(base::version())},
            {label_name("type"), "builder-image"},
            {label_name("image"), builder.name},
            {label_name("engine_image"), volume.engine_image}};
}

/// An engine of the job's image, which loads the image. Two engines on one data root would destroy
/// it: the engine refuses a second container of the name.
class BuilderFill final : public VolumeFilling {
  public:
    BuilderFill(EngineApi& api, BuilderVolume volume, PreloadImage builder,
                std::map<std::string, std::string> labels)
        : api_(api),
          volume_(std::move(volume)),
          builder_(std::move(builder)),
          labels_(std::move(labels)) {}

    [[nodiscard]] std::string volume() const override { return volume_.name; }
    Task<Result<void>> make_ready() override;
    Task<Result<std::string>> make_container() override;
    Task<Result<void>> fill(std::string container) override;
    void tell_failure(const base::Error& error) const override {
        base::log::warning(
            "The volume with the builder's image could not be filled: jobs copy the image",
            {{"image", builder_.name}, {"volume", volume_.name}, {"error", error.message}});
    }

  private:
    [[nodiscard]] json container_body() const;
    Task<Result<void>> load(std::string container);
    Task<Result<void>> end_engine(std::string container);

    EngineApi& api_;
    BuilderVolume volume_;
    PreloadImage builder_;
    std::map<std::string, std::string> labels_;
};

/// No network, and little of the processor while jobs run.
json BuilderFill::container_body() const {
    auto labels = labels_of(volume_, builder_);
    labels.merge(fill_container_labels(labels_));
    return {
        {"Image", volume_.engine_image},
        {"Entrypoint", {"dockerd"}},
        {"Cmd", json::array()},
        {"Healthcheck", no_healthcheck()},
        {"Labels", labels},
        {"HostConfig",
         {{"Privileged", true},
          {"NetworkMode", "none"},
          {"CpuShares", 128},
          {"Binds", {volume_.helper_volume + ":/.runner:ro", volume_.name + ":" + kDataRoot}}}}};
}

Task<Result<void>> make_volume(EngineApi& api, const BuilderVolume& volume,
                               const PreloadImage& builder) {
    const json body = {{"Name", volume.name}, {"Labels", labels_of(volume, builder)}};
    auto made = co_await api.create_volume(body.dump());
    co_return made;
}

Task<Result<void>> BuilderFill::make_ready() {
    auto made = co_await make_volume(api_, volume_, builder_);
    co_return made;
}

Task<Result<std::string>> BuilderFill::make_container() {
    const std::string body = container_body().dump();
    auto id = co_await api_.create_container(shared_container_name(volume_.name), "", body);
    co_return id;
}

Task<Result<void>> BuilderFill::fill(std::string container) {
    auto complete = co_await api_.has_path(container, std::string(kDataRoot) + "/" + kSeedMarker);
    if (!complete) co_return complete.error();
    if (*complete) co_return Result<void>();
    auto loaded = co_await load(container);
    if (!loaded) co_return loaded;
    auto ended = co_await end_engine(container);
    if (!ended) co_return ended;
    TarBuilder marker;
    marker.add_file(kSeedMarker, volume_.name + "\n", 0644);
    auto marked = co_await api_.put_archive(std::move(container), kDataRoot, marker.finish());
    if (marked) {
        base::log::info("The builder's image is on a volume: jobs need no copy of it any more",
                        {{"image", builder_.name}, {"volume", volume_.name}});
    }
    co_return marked;
}

Task<Result<void>> BuilderFill::load(std::string container) {
    auto started = co_await api_.start_container(container);
    if (!started) co_return started;
    auto copied = co_await copy_image(api_, container, builder_);
    if (!copied) co_return copied.error();
    auto again = co_await copy_image(api_, std::move(container), builder_);
    if (!again) co_return again.error();
    if (!*again) co_return Result<void>();
    co_return base::make_error(ErrorKind::kUnavailable,
                               "the engine does not have the image that it was sent");
}

/// Of an engine that did not end by itself, files may lack what it had not written yet.
Task<Result<void>> BuilderFill::end_engine(std::string container) {
    auto stopped = co_await api_.stop_container(container, kStopSeconds);
    if (!stopped) co_return stopped;
    auto state = co_await api_.inspect_container(std::move(container));
    if (!state) co_return state.error();
    if (!state->running && state->exit_code == 0) co_return Result<void>();
    co_return base::make_error(ErrorKind::kUnavailable,
                               "the engine that loaded the image did not end properly (exit code " +
                                   std::to_string(state->exit_code) + ")");
}

}  // namespace

std::string builder_volume_name(const std::string& engine_image, const std::string& builder_image) {
    const std::string both = engine_image + "\n" + builder_image + "\n" + kForm;
    return "runner-builder-" + base::sha256_hex(both).substr(0, 16);
}

std::string builder_volume_bind(const BuilderVolume& volume) {
    return volume.name.empty() ? "" : volume.name + ":" + kBuilderDir + ":ro";
}

BuilderVolumes::BuilderVolumes(EngineApi& api, base::TaskGroup* background)
    : api_(api), background_(api, background, kFillLimit) {}

Task<Result<void>> BuilderVolumes::make(BuilderVolume volume, PreloadImage builder) {
    auto made = co_await make_volume(api_, volume, builder);
    co_return made;
}

void BuilderVolumes::fill_later(BuilderVolume volume, PreloadImage builder,
                                std::map<std::string, std::string> labels) {
    background_.begin(std::make_unique<BuilderFill>(api_, std::move(volume), std::move(builder),
                                                    std::move(labels)));
}

}  // namespace executors::docker
