#include "runner/collector/engine_items.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.hpp"
#include "executors/docker/fill_containers.hpp"
#include "executors/docker/labels.hpp"

namespace runner::collector {

namespace docker = executors::docker;

namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::string label(const docker::Listed& volume, std::string_view name) {
    const auto found = volume.labels.find(docker::label_name(name));
    return found == volume.labels.end() ? std::string() : found->second;
}

/// By volume and by image id: the container that uses it.
struct Users {
    explicit Users(const std::vector<docker::Listed>& containers) {
        for (const auto& container : containers) {
            for (const auto& volume : container.volumes) of_volumes[volume] = container.name;
            of_images[container.image] = container.name;
        }
    }
    std::map<std::string, std::string> of_volumes;
    std::map<std::string, std::string> of_images;
};

std::string why_kept(const std::map<std::string, std::string>& users, const std::string& name,
                     bool held) {
    if (held) return "a running job uses it";
    const auto user = users.find(name);
    return user == users.end() ? std::string() : "container " + user->second + " uses it";
}

std::string volume_title(const docker::Listed& volume) {
    const std::string type = label(volume, "type");
    const std::string destination = label(volume, "destination");
    std::string title =
        fmt::format("{} of project {}", type.empty() ? "data" : type, label(volume, "project.id"));
    if (!destination.empty()) title += fmt::format(" ({})", destination);
    if (label(volume, "protected") == "true") title += ", protected";
    return title;
}

bool is_ours(const docker::Listed& volume, const EngineKnowledge& known) {
    const bool kept = label(volume, "managed") == "true" && label(volume, "reusable") == "true";
    const bool here =
        !known.system_id.empty() && label(volume, "runner.system_id") == known.system_id;
    return kept && here &&
           (known.runners.contains(label(volume, "runner.id")) ||
            known.used_volumes.contains(volume.name));
}

class Finder {
  public:
    Finder(const EngineContent& content, const EngineKnowledge& known)
        : content_(content), known_(known), users_(content.containers) {}

    std::vector<Item> find() {
        const std::string newest = newest_helper();
        for (const auto& volume : content_.volumes) {
            if (is_ours(volume, known_)) {
                add_volume(volume, volume_title(volume), false);
            } else if (is_shared(volume) && !is_helper(volume)) {
                add_volume(volume, label(volume, "type") + " " + label(volume, "image"), false);
            } else if (is_helper(volume) && volume.name != newest) {
                add_volume(volume, "programs of runner " + version_of(volume), true);
            }
        }
        for (const auto& image : content_.images) add_image(image);
        return std::move(items_);
    }

  private:
    /// Other daemons share it when they have the same version; they fill it again.
    [[nodiscard]] bool is_shared(const docker::Listed& volume) const {
        return volume.labels.contains(docker::kHelperLabel) &&
               known_.used_volumes.contains(volume.name);
    }
    /// What else is filled once per engine has a type.
    [[nodiscard]] bool is_helper(const docker::Listed& volume) const {
        return is_shared(volume) && label(volume, "type").empty();
    }
    static std::string version_of(const docker::Listed& volume) {
        return volume.labels.at(docker::kHelperLabel);
    }
    /// The volume with the programs that jobs have now.
    [[nodiscard]] std::string newest_helper() const {
        std::string newest;
        std::int64_t last = -1;
        for (const auto& volume : content_.volumes) {
            if (!is_helper(volume) || known_.used_volumes.at(volume.name) <= last) continue;
            newest = volume.name;
            last = known_.used_volumes.at(volume.name);
        }
        return newest;
    }
    void add_volume(const docker::Listed& volume, std::string title, bool outdated) {
        Item item;
        item.kind = ItemKind::kVolume;
        item.name = volume.name;
        item.title = std::move(title);
        item.outdated = outdated;
        const auto used = known_.used_volumes.find(volume.name);
        item.last_used_unix_micros =
            used == known_.used_volumes.end() ? volume.created * kSecond : used->second;
        item.kept = why_kept(users_.of_volumes, volume.name, known_.holds_volume(volume.name));
        items_.push_back(std::move(item));
    }
    void add_image(const docker::ListedImage& image) {
        const auto pulled = known_.pulled_images.find(image.id);
        if (pulled == known_.pulled_images.end()) return;
        Item item;
        item.kind = ItemKind::kImage;
        item.name = image.id;
        item.tags = image.tags;
        item.bytes = image.bytes;
        item.last_used_unix_micros = pulled->second.last_used_unix_micros;
        const auto& names = pulled->second.names;
        item.title = image.tags.empty() ? "former " + *names.begin() : base::join(image.tags, ", ");
        item.kept = why_kept(users_.of_images, image.id, known_.holds_image(image.id));
        for (const auto& tag : image.tags) {
            if (!names.contains(docker::canonical_image_name(tag)) && item.kept.empty())
                item.kept = "not only the runner has it: " + tag;
        }
        items_.push_back(std::move(item));
    }

    const EngineContent& content_;
    const EngineKnowledge& known_;
    Users users_;
    std::vector<Item> items_;
};

}  // namespace

std::vector<Item> items_on_engine(const EngineContent& content, const EngineKnowledge& known) {
    return Finder(content, known).find();
}

}  // namespace runner::collector
