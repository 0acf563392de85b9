#include "runner/collector/engine_items.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.hpp"
#include "executors/docker/docker_reference.hpp"
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

/// "docker.io/library/alpine" for "alpine:3"; "" for what is no image name.
std::string repository_of(const std::string& name) {
    const auto reference = docker::parse_reference(name);
    return reference ? reference->host + "/" + reference->path : std::string();
}

/// A pull by tag gives the name with the digest, too.
bool has_pulled_from(const std::set<std::string>& names, const std::string& digest) {
    const std::string repository = repository_of(digest);
    return std::any_of(names.begin(), names.end(),
                       [&](const auto& name) { return repository_of(name) == repository; });
}

std::string foreign_name(const docker::ListedImage& image, const std::set<std::string>& names) {
    for (const auto& tag : image.tags) {
        if (!names.contains(docker::canonical_image_name(tag))) return tag;
    }
    for (const auto& digest : image.digests) {
        if (!has_pulled_from(names, digest)) return digest;
    }
    return {};
}

/// An image that lost its tag to a newer one keeps the digest.
std::string image_title(const docker::ListedImage& image, const std::set<std::string>& names) {
    if (!image.tags.empty()) return base::join(image.tags, ", ");
    std::vector<std::string> current;
    for (const auto& digest : image.digests) {
        if (names.contains(docker::canonical_image_name(digest))) current.push_back(digest);
    }
    return current.empty() ? "former " + *names.begin() : base::join(current, ", ");
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
    [[nodiscard]] std::string why_image_kept(const docker::ListedImage& image,
                                             const std::set<std::string>& names) const {
        auto used = why_kept(users_.of_images, image.id, known_.holds_image(image.id));
        if (!used.empty()) return used;
        const std::string foreign = foreign_name(image, names);
        if (!foreign.empty()) return "not only the runner has it: " + foreign;
        const auto child =
            std::find_if(content_.images.begin(), content_.images.end(),
                         [&](const auto& other) { return other.parent == image.id; });
        if (child == content_.images.end()) return {};
        return "another image is built on it: " +
               (child->tags.empty() ? child->id : child->tags.front());
    }
    void add_image(const docker::ListedImage& image) {
        const auto pulled = known_.pulled_images.find(image.id);
        if (pulled == known_.pulled_images.end()) return;
        Item item;
        item.kind = ItemKind::kImage;
        item.name = image.id;
        item.names = image.tags;
        item.names.insert(item.names.end(), image.digests.begin(), image.digests.end());
        item.bytes = image.bytes;
        item.last_used_unix_micros = pulled->second.last_used_unix_micros;
        item.title = image_title(image, pulled->second.names);
        item.kept = why_image_kept(image, pulled->second.names);
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
