#include "executors/docker/volumes.hpp"

#include <algorithm>
#include <filesystem>

#include "base/digest.hpp"
#include "base/strings.hpp"

namespace executors::docker {

namespace {

base::Error bad_volume(const std::string& entry, const std::string& why) {
    return base::make_error(base::ErrorKind::kConfiguration,
                            "volume \"" + entry + "\" in [runners.docker]: " + why);
}

std::string absolute(const std::string& path, const std::string& project_dir) {
    std::filesystem::path full(path);
    if (full.is_relative()) full = std::filesystem::path(project_dir) / full;
    std::string text = full.lexically_normal().string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

class Planner {
  public:
    Planner(const JobEnvironment& job, const DockerSettings& settings, const std::string& base)
        : job_(job), settings_(settings), base_(base) {}

    base::Result<void> add_configured(const std::string& entry) {
        const auto parts = base::split(entry, ':');
        if (parts.size() == 1) return add_managed_entry(entry);
        if (parts.size() > 3 || parts[0].empty() || parts[1].empty()) {
            return bad_volume(entry, "expected /path or source:/path[:mode]");
        }
        auto destination = free_destination(entry, parts[1]);
        if (!destination) return destination.error();
        std::string bind = parts[0] + ":" + *destination;
        if (parts.size() == 3) bind += ":" + parts[2];
        plan_.binds.push_back(bind);
        destinations_.push_back(*destination);
        return {};
    }

    base::Result<void> add_managed(const std::string& destination, bool reusable) {
        if (taken(destination)) return {};
        destinations_.push_back(destination);
        plan_.writable.push_back(destination);
        const std::string suffix = job_.protected_ref ? "-protected" : "";
        const std::string hash = base::md5_hex(destination);
        if (reusable && !settings_.cache_dir.empty() && !settings_.disable_cache) {
            plan_.binds.push_back(settings_.cache_dir + "/" + job_.volume_prefix + "/" + hash +
                                  suffix + ":" + destination);
            return {};
        }
        ManagedVolume volume{
            .name = (reusable ? job_.volume_prefix : base_) + "-cache-" + hash + suffix,
            .destination = destination,
            .reusable = reusable};
        plan_.binds.push_back(volume.name + ":" + destination);
        plan_.managed.push_back(std::move(volume));
        return {};
    }

    [[nodiscard]] bool taken(const std::string& destination) const {
        return std::find(destinations_.begin(), destinations_.end(), destination) !=
               destinations_.end();
    }
    [[nodiscard]] VolumePlan take() { return std::move(plan_); }

  private:
    base::Result<void> add_managed_entry(const std::string& entry) {
        if (entry.empty()) return bad_volume(entry, "it is empty");
        auto destination = free_destination(entry, entry);
        if (!destination) return destination.error();
        return add_managed(*destination, !settings_.disable_cache);
    }

    /// The path where the volume will be. The value of a variable must not become an option.
    base::Result<std::string> free_destination(const std::string& entry,
                                               const std::string& written) const {
        const auto expanded = job_.volume_destinations.find(written);
        const bool has_variables = expanded != job_.volume_destinations.end();
        const std::string& text = has_variables ? expanded->second : written;
        if (has_variables && (text.empty() || text.find(':') != std::string::npos)) {
            return bad_volume(entry, "its variables make \"" + text + "\" of it, which is no path");
        }
        std::string destination = absolute(text, job_.project_dir);
        if (destination == "/") return bad_volume(entry, "the root directory cannot be a volume");
        if (taken(destination)) return bad_volume(entry, "two volumes for " + destination);
        return destination;
    }

    const JobEnvironment& job_;
    const DockerSettings& settings_;
    const std::string& base_;
    VolumePlan plan_;
    std::vector<std::string> destinations_;
};

}  // namespace

base::Result<VolumePlan> plan_volumes(const JobEnvironment& job, const DockerSettings& settings,
                                      const std::string& container_base) {
    Planner planner(job, settings, container_base);
    for (const auto& entry : settings.volumes) {
        auto added = planner.add_configured(entry);
        if (!added) return added.error();
    }
    if (!job.builds_dir.empty()) {
        const std::string builds = absolute(job.builds_dir, "/");
        if (builds == "/") {
            return base::make_error(base::ErrorKind::kConfiguration,
                                    "builds_dir must not be the container's root directory");
        }
        auto added = planner.add_managed(builds, job.keep_builds_volume);
        if (!added) return added.error();
    }
    return planner.take();
}

bool is_mounted(const std::vector<std::string>& binds, const std::string& path) {
    return std::any_of(binds.begin(), binds.end(), [&](const std::string& bind) {
        const auto parts = base::split(bind, ':');
        return parts.size() > 1 && (path == parts[1] || path.starts_with(parts[1] + "/"));
    });
}

}  // namespace executors::docker
