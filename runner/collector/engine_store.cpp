#include "runner/collector/engine_store.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/json.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/exec_stream.hpp"
#include "executors/docker/labels.hpp"
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

constexpr const char* kProgramsVolume = "runner-helper-";
constexpr const char* kProgramsDirectory = "/.runner";

/// The programs' volume lies on the disk of the engine's data.
bool can_measure(const docker::Listed& container) {
    return container.state == "running" &&
           std::any_of(container.volumes.begin(), container.volumes.end(),
                       [](const auto& name) { return name.starts_with(kProgramsVolume); });
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

/// Elsewhere, it costs the engine an exec.
std::chrono::seconds EngineStore::interval() const {
    return engine_->api().endpoint().local ? Store::interval() : std::chrono::seconds(60);
}

Task<Result<DiskState>> EngineStore::measure() {
    auto info = co_await engine_->info();
    if (!info) co_return info.error();
    const std::string directory = info->root_directory;
    if (engine_->api().endpoint().local && !directory.empty()) {
        auto here = co_await disk_space(directory);
        if (here) {
            here->directory = "engine";
            co_return here;
        }
        // A runner in a container has the engine's socket, and not its directory.
        if (!here.error().is(ErrorKind::kNotFound)) co_return here;
    }
    auto there = co_await measure_in_container(directory);
    co_return there;
}

Task<Result<DiskState>> EngineStore::measure_in_container(std::string directory) {
    docker::EngineApi::Labels ours{{docker::label_name("managed"), "true"},
                                   {docker::label_name("runner.system_id"), system_id_}};
    auto listed = co_await engine_->api().list_containers(std::move(ours));
    if (!listed) co_return listed.error();
    const auto found = std::find_if(listed->begin(), listed->end(), can_measure);
    if (found == listed->end()) {
        co_return make_error(ErrorKind::kUnavailable,
                             "the engine's disk is on another machine; it is measured while a job "
                             "runs there");
    }
    docker::ExecSpec spec;
    spec.command = {docker::kHelper, "probe", "disk", kProgramsDirectory};
    spec.user = "0";
    auto ran = co_await docker::run_exec(engine_->api(), found->id, std::move(spec));
    if (!ran) co_return ran.error();
    co_return parse_disk_probe(ran->output, directory);
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
