#include "runner/collector/engine_store.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/json.hpp"
#include "base/version.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/fill_containers.hpp"
#include "executors/docker/run_uncancelled.hpp"
#include "executors/helper/probe.hpp"
#include "runner/collector/disk_space.hpp"

namespace runner::collector {

namespace docker = executors::docker;
using base::ErrorKind;
using base::make_error;
using base::Result;
using base::Task;
using status::DiskState;

namespace {

/// Where the programs' volume is, which lies on the disk of the engine's data.
constexpr const char* kProgramsDirectory = "/.runner";
constexpr int kMostLines = 10;

/// An image is only needed because a container cannot be without: no program of it runs.
std::string measuring_container(const std::string& image, const std::string& programs) {
    const std::vector<std::string> binds{programs + ":" + kProgramsDirectory + ":ro"};
    return nlohmann::json{{"Image", image},
                          {"Entrypoint", {docker::kHelper}},
                          {"Cmd", {"probe", "disk", kProgramsDirectory}},
                          {"User", "0"},
                          {"WorkingDir", "/"},
                          {"Healthcheck", {{"Test", {"NONE"}}}},
                          {"Labels", {{docker::kHelperLabel, std::string(base::version())}}},
                          {"HostConfig", {{"Binds", binds}, {"NetworkMode", "none"}}}}
        .dump();
}

/// Answers what the container has written, in `output`.
Task<Result<void>> run_and_remove(docker::EngineApi& api, std::string name, std::string body,
                                  std::string& output) {
    auto id = co_await api.create_container(name, "", std::move(body));
    if (!id) co_return id.error();
    auto ran = co_await api.start_container(*id);
    if (ran) {
        auto code = co_await api.wait_container(*id);
        if (!code) ran = code.error();
    }
    if (ran) {
        auto log = co_await api.container_log(*id, kMostLines);
        if (log) output = std::move(*log);
        if (!log) ran = log.error();
    }
    auto removed = co_await api.remove_container(*id, false);
    if (!ran) co_return ran;
    co_return removed;
}

/// One with a name is there for somebody, and not only a step of a build.
std::string any_image(const std::vector<docker::ListedImage>& images) {
    const auto named = std::find_if(images.begin(), images.end(),
                                    [](const auto& image) { return !image.tags.empty(); });
    if (named != images.end()) return named->id;
    return images.empty() ? std::string() : images.front().id;
}

std::uint64_t number_of(const nlohmann::json& disk, const char* key) {
    const auto found = disk.find(key);
    return found != disk.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

/// A name of the image that is not among `listed`, "" for none.
std::string name_beyond(const docker::ImageInfo& image, const std::vector<std::string>& listed) {
    std::vector<std::string> names = image.repo_tags;
    names.insert(names.end(), image.repo_digests.begin(), image.repo_digests.end());
    for (const std::string& name : names) {
        if (std::find(listed.begin(), listed.end(), name) == listed.end()) return name;
    }
    return {};
}

}  // namespace

Result<DiskState> parse_disk_probe(std::string_view output, const std::string& directory) {
    const std::string_view mark = executors::helper::kProbeMark;
    const auto begin = output.find(mark);
    const auto bad = [&] {
        return make_error(ErrorKind::kProtocol, "runner-helper did not tell the free space");
    };
    if (begin == std::string_view::npos) return bad();
    const auto line = output.substr(begin + mark.size());
    const auto answer = base::parse_foreign_json(line.substr(0, line.find('\n')));
    const auto disks = answer.is_object() ? answer.find("disks") : answer.end();
    if (disks == answer.end() || !disks->is_array() || disks->empty()) return bad();
    const auto& one = disks->front();
    if (!one.is_object() || number_of(one, "total_bytes") == 0) return bad();
    DiskState disk;
    disk.directory = "engine";
    disk.path = directory;
    disk.size_bytes = number_of(one, "total_bytes");
    disk.free_bytes = number_of(one, "free_bytes");
    disk.inodes = number_of(one, "total_inodes");
    disk.free_inodes = number_of(one, "free_inodes");
    return disk;
}

EngineStore::EngineStore(std::shared_ptr<docker::EngineConnection> engine,
                         std::shared_ptr<UsageRecord> record, std::string system_id,
                         std::set<std::string> runners)
    : engine_(std::move(engine)),
      record_(std::move(record)),
      system_id_(std::move(system_id)),
      runners_(std::move(runners)) {}

const std::string& EngineStore::title() const { return engine_->api().endpoint().shown; }

/// A container costs the engine more than a look at a directory.
std::chrono::seconds EngineStore::interval() const {
    return by_container_ ? std::chrono::seconds(60) : Store::interval();
}

Task<Result<DiskState>> EngineStore::measure() {
    auto info = co_await engine_->info();
    if (!info) co_return info.error();
    const std::string directory = info->root_directory;
    by_container_ = false;
    if (engine_->api().endpoint().local && !directory.empty()) {
        auto here = co_await disk_space(directory);
        if (here) {
            here->directory = "engine";
            co_return here;
        }
        // A runner in a container has the engine's socket, and not its directory.
        if (!here.error().is(ErrorKind::kNotFound)) co_return here;
    }
    by_container_ = true;
    auto there = co_await measure_by_container(directory);
    co_return there;
}

Task<Result<DiskState>> EngineStore::measure_by_container(std::string directory) {
    auto images = co_await engine_->api().list_images();
    if (!images) co_return images.error();
    const std::string image = any_image(*images);
    if (image.empty()) {
        co_return make_error(ErrorKind::kUnavailable,
                             "the engine's disk is on another machine; it is measured when the "
                             "engine has an image");
    }
    auto programs = co_await engine_->helper_volume(image);
    if (!programs) co_return programs.error();
    std::string output;
    // In one uncancelled task: a cancelled coroutine could not await the removal any more.
    auto work = run_and_remove(engine_->api(), docker::fill_container_name(*programs),
                               measuring_container(image, *programs), output);
    auto ran = co_await docker::run_uncancelled(std::move(work));
    // The engine may have lost the volume: the next measurement fills it again.
    if (!ran) engine_->forget();
    if (!ran) co_return ran.error().with_context("measure the engine's disk");
    co_return parse_disk_probe(output, directory);
}

Task<Result<std::vector<Item>>> EngineStore::list() {
    auto info = co_await engine_->info();
    if (!info) co_return info.error();
    docker::EngineApi& api = engine_->api();
    EngineContent content;
    const docker::EngineApi::Labels of_anybody;
    auto volumes = co_await api.list_volumes(of_anybody);
    if (!volumes) co_return volumes.error();
    content.volumes = std::move(*volumes);
    auto images = co_await api.list_images();
    if (!images) co_return images.error();
    content.images = std::move(*images);
    auto containers = co_await api.list_containers(of_anybody);
    if (!containers) co_return containers.error();
    content.containers = std::move(*containers);
    EngineKnowledge known;
    known.system_id = system_id_;
    known.runners = runners_;
    known.used_volumes = record_->volumes(info->id);
    known.pulled_images = record_->images(info->id);
    const docker::EngineUsage& usage = engine_->usage();
    known.holds_volume = [&usage](const std::string& name) { return usage.holds_volume(name); };
    known.holds_image = [&usage](const std::string& id) { return usage.holds_image(id); };
    forget_what_is_gone(content, known);
    co_return items_on_engine(content, known);
}

/// Somebody else has removed it. A job that is just making a volume holds it.
void EngineStore::forget_what_is_gone(const EngineContent& content, const EngineKnowledge& known) {
    std::set<std::string> there;
    for (const auto& volume : content.volumes) there.insert(volume.name);
    for (const auto& image : content.images) there.insert(image.id);
    const std::string& engine = engine_->usage().engine();
    for (const auto& [name, used] : known.used_volumes) {
        if (!there.contains(name) && !known.holds_volume(name))
            record_->forget_volume(engine, name);
    }
    for (const auto& [id, image] : known.pulled_images) {
        if (!there.contains(id) && !known.holds_image(id)) record_->forget_image(engine, id);
    }
}

Task<Result<void>> EngineStore::add_sizes(std::vector<Item>& items) {
    auto sizes = co_await engine_->api().volume_sizes();
    if (!sizes) co_return sizes.error();
    for (Item& item : items) {
        const auto size = sizes->find(item.name);
        if (item.kind == ItemKind::kVolume && size != sizes->end()) item.bytes = size->second;
    }
    co_return Result<void>();
}

Task<Result<void>> EngineStore::remove(const Item& item) {
    const docker::EngineUsage& usage = engine_->usage();
    const bool held = item.kind == ItemKind::kVolume ? usage.holds_volume(item.name)
                                                     : usage.holds_image(item.name);
    if (held) co_return make_error(ErrorKind::kConflict, "a running job uses it");
    if (item.kind == ItemKind::kImage) {
        auto removed = co_await remove_image(item);
        co_return removed;
    }
    auto removed = co_await engine_->api().remove_volume(item.name);
    if (removed) record_->forget_volume(usage.engine(), item.name);
    co_return removed;
}

/// Never by force: the engine refuses what a container uses, and what another image builds on.
Task<Result<void>> EngineStore::remove_image(const Item& item) {
    for (std::size_t i = 0; i < item.names.size(); ++i) {
        auto removed = co_await remove_name(item, item.names[i]);
        if (!removed) co_return removed;
    }
    // The last name takes the image with it, unless another image builds on it.
    Item nameless = item;
    nameless.names.clear();
    auto removed = co_await remove_name(nameless, item.name);
    if (!removed && !item.names.empty()) {
        co_return removed.error().with_context("its names are removed, and the image is not");
    }
    if (removed) record_->forget_image(engine_->usage().engine(), item.name);
    co_return removed;
}

/// The list is minutes old: whoever works with the engine may have moved names since.
Task<Result<void>> EngineStore::remove_name(const Item& item, std::string name) {
    auto now = co_await engine_->api().inspect_image(name);
    if (!now && now.error().is(ErrorKind::kNotFound)) co_return Result<void>();
    if (!now) co_return now.error();
    if (now->id != item.name)
        co_return make_error(ErrorKind::kConflict, name + " is another image now");
    if (engine_->usage().holds_image(now->id))
        co_return make_error(ErrorKind::kConflict, "a running job uses it");
    if (const std::string added = name_beyond(*now, item.names); !added.empty())
        co_return make_error(ErrorKind::kConflict, "it has another name now: " + added);
    auto removed = co_await engine_->api().remove_image(std::move(name));
    co_return removed;
}

}  // namespace runner::collector
