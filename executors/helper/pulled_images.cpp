#include "executors/helper/pulled_images.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "base/json.hpp"
#include "executors/helper/bolt_reader.hpp"
#include "executors/helper/directory.hpp"
#include "executors/helper/docker_front.hpp"

namespace executors::helper {

namespace {

using Json = nlohmann::json;

constexpr const char* kList = "repositories.json";
constexpr const char* kNewList = "repositories.json.new";
constexpr std::size_t kListLimit = 16U << 20U;
constexpr std::size_t kDatabaseLimit = 64U << 20U;
constexpr std::string_view kSource = "containerd.io/distribution.source.";

bool is_own(const std::string& name, const std::vector<std::string>& own) {
    return std::any_of(own.begin(), own.end(),
                       [&](const auto& image) { return is_same_image(image, name); });
}

bool is_digest(const std::string& name) { return name.find('@') != std::string::npos; }

/// The tags of one repository whose image has a digest there.
std::vector<std::string> pulled_tags(const Json& names, const std::vector<std::string>& own) {
    std::set<std::string> known;
    for (const auto& [name, id] : names.items()) {
        if (is_digest(name) && id.is_string()) known.insert(id.get<std::string>());
    }
    std::vector<std::string> tags;
    for (const auto& [name, id] : names.items()) {
        if (!is_digest(name) && id.is_string() && known.contains(id.get<std::string>()) &&
            !is_own(name, own)) {
            tags.push_back(name);
        }
    }
    return tags;
}

/// "docker.io" and "library/app" of "docker.io/library/app:1".
struct NameParts {
    std::string_view host;  ///< without the port, as in containerd's labels
    std::string_view path;
};

NameParts split_name(std::string_view name) {
    const auto slash = name.find('/');
    if (slash == std::string_view::npos) return {};
    const std::string_view host = name.substr(0, slash);
    const std::string_view path = name.substr(slash + 1);
    return {host.substr(0, host.rfind(':')), path.substr(0, path.find(':'))};
}

/// Looks into the records that the engine has in containerd's database.
class ContainerdImages {
  public:
    explicit ContainerdImages(std::string_view database) : reader_(database) {
        const auto version = reader_.bucket(reader_.top(), "v1");
        const auto records = reader_.bucket(version, "moby");
        images_ = reader_.bucket(records, "images");
        blobs_ = reader_.bucket(reader_.bucket(records, "content"), "blob");
    }

    std::vector<std::string> pulled() {
        std::vector<std::string> names;
        reader_.each_bucket(images_, [&](std::string_view name, const BoltBucket& image) {
            const auto target = reader_.bucket(image, "target");
            const auto digest = reader_.value(target, "digest");
            const auto parts = split_name(name);
            if (is_digest(std::string(name)) || parts.path.empty()) return;
            if (came_from(parts, digest)) names.emplace_back(name);
        });
        return names;
    }

  private:
    bool came_from(const NameParts& name, std::string_view digest) {
        const auto labels = reader_.bucket(reader_.bucket(blobs_, digest), "labels");
        const std::string label = std::string(kSource) + std::string(name.host);
        const auto paths = split_text(std::string(reader_.value(labels, label)), ',');
        return std::find(paths.begin(), paths.end(), name.path) != paths.end();
    }

    BoltReader reader_;
    BoltBucket images_;
    BoltBucket blobs_;
};

void forget_names_of_driver(int directory, const std::vector<std::string>& own) {
    const auto text = read_small_file(directory, kList, kListLimit);
    const auto left = text ? without_pulled_names(*text, own) : std::nullopt;
    if (!left) return;
    write_file_in(directory, kNewList, *left);
    if (::renameat(directory, kNewList, directory, kList) != 0)
        fail_errno(std::string("write ") + kList);
}

}  // namespace

std::optional<std::string> without_pulled_names(const std::string& repositories,
                                                const std::vector<std::string>& own) {
    Json list = base::parse_foreign_json(repositories);
    if (!list.is_object() || !list.contains("Repositories")) return std::nullopt;
    bool changed = false;
    for (auto& [repository, names] : list["Repositories"].items()) {
        if (!names.is_object()) return std::nullopt;
        for (const auto& tag : pulled_tags(names, own)) {
            names.erase(tag);
            changed = true;
        }
    }
    return changed ? std::optional<std::string>(base::dump_json(list)) : std::nullopt;
}

std::vector<std::string> pulled_names(std::string_view database,
                                      const std::vector<std::string>& own) {
    auto names = ContainerdImages(database).pulled();
    std::erase_if(names, [&](const std::string& name) { return is_own(name, own); });
    return names;
}

std::vector<std::string> forget_pulled_images(const DataRoot& root,
                                              const std::vector<std::string>& own) {
    if (const UniqueFd image = open_below(root.directory(), {"image"})) {
        for (const auto& driver : entries_of(image.get())) {
            const UniqueFd directory = open_below(image.get(), {driver.name});
            if (directory) forget_names_of_driver(directory.get(), own);
        }
    }
    const UniqueFd place =
        open_below(root.directory(), {"containerd", "daemon", "io.containerd.metadata.v1.bolt"});
    if (!place) return {};
    const auto database = read_small_file(place.get(), "meta.db", kDatabaseLimit);
    return database ? pulled_names(*database, own) : std::vector<std::string>();
}

}  // namespace executors::helper
