#include "executors/docker/engine_files.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/files.hpp"
#include "base/run_together.hpp"
#include "base/strings.hpp"
#include "executors/docker/build_cache.hpp"
#include "executors/docker/container_paths.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

/// In the directory of buildx: for a builder that is made without a configuration.
constexpr const char* kDefaultToml = "/buildkitd.default.toml";
constexpr const char* kFirstPluginDir = "/usr/local/lib/docker/cli-plugins";

/// Names in an archive do not begin with a slash.
std::string in_archive(const std::string& path) {
    return path.starts_with("/") ? path.substr(1) : path;
}

Task<Result<void>> look_for_program(EngineApi& api, std::string container, std::string path,
                                    bool& has_it) {
    auto found = co_await api.has_path(container, path);
    if (!found) co_return found.error();
    has_it = has_it || *found;
    co_return Result<void>();
}

Task<Result<void>> read_one(EngineApi& api, std::string container, std::string path,
                            ImageFiles& files) {
    auto text = co_await api.read_file(container, path);
    if (!text) co_return text.error();
    if (*text) files.contents[path] = **text;
    co_return Result<void>();
}

Task<Result<void>> look_for(EngineApi& api, std::string container, std::string path,
                            ImageFiles& files) {
    auto found = co_await api.has_path(container, path);
    if (!found) co_return found.error();
    if (*found) files.present.push_back(path);
    co_return Result<void>();
}

std::string plugin_in(const std::string& directory) { return directory + "/docker-buildx"; }

Result<std::vector<ConfigSource>> sources_of(const ImageFiles& files, const std::string& path,
                                             const std::string& configured) {
    std::vector<ConfigSource> sources;
    if (const auto found = files.contents.find(path); found != files.contents.end()) {
        sources.push_back({"the image's " + path, found->second});
    }
    if (configured.empty()) return sources;
    auto text = base::read_file(configured);
    if (!text) {
        return base::make_error(base::ErrorKind::kConfiguration,
                                "[runners.dind]: " + text.error().message);
    }
    sources.push_back({configured, *text});
    return sources;
}

bool is_present(const ImageFiles& files, const std::string& path) {
    const auto& present = files.present;
    return std::find(present.begin(), present.end(), path) != present.end();
}

/// The docker client looks for buildx here first. A buildx of the image's own stays.
void add_plugins(TarBuilder& tar, const EngineFilesInput& input) {
    std::vector<std::string> directories{kFirstPluginDir};
    if (!input.home.late && !input.home_is_mounted) {
        directories.push_back(input.home.directory + "/cli-plugins");
    }
    for (const auto& directory : directories) {
        const std::string path = plugin_in(directory);
        if (is_present(input.files, path)) continue;
        tar.add_symlink(in_archive(path), "/.runner/bin/docker-buildx");
    }
}

/// A user who is not root may be unable to make the directory. One that is there keeps its mode.
void add_home(TarBuilder& tar, const EngineFilesInput& input) {
    const ClientHome& home = input.home;
    const bool elsewhere = home.late || input.home_is_mounted;
    if (elsewhere || home.owner.uid == 0 || is_present(input.files, home.directory)) return;
    tar.set_owner(home.owner.uid, home.owner.gid);
    tar.add_directory(in_archive(home.directory), 0700);
    tar.set_owner(0, 0);
}

/// A builder that a script makes without --config knows the registries, too.
Result<void> add_default_buildkitd_toml(TarBuilder& tar, const EngineFilesInput& input) {
    const ClientHome& home = input.home;
    if (home.late || input.home_is_mounted) return {};
    const std::string path = home.buildx + kDefaultToml;
    auto sources = sources_of(input.files, path, input.dind.buildkitd_config);
    if (!sources) return sources.error();
    auto text = merge_buildkitd_toml(input.registries, *sources);
    if (!text) return text.error();
    if (text->empty()) return {};
    tar.set_owner(home.owner.uid, home.owner.gid);
    tar.add_directory(in_archive(home.buildx), 0700);
    tar.add_file(in_archive(path), *text, 0644);
    tar.set_owner(0, 0);
    return {};
}

/// The credentials belong to the user of the scripts, and nobody else reads them.
void add_login(TarBuilder& tar, const ClientHome& home, const std::string& config) {
    const std::string directory = in_archive(home.late ? kLoginDir : home.directory);
    tar.set_owner(home.owner.uid, home.owner.gid);
    if (home.late) tar.add_directory(directory, 0700);
    tar.add_file(directory + "/config.json", config, 0600);
    tar.set_owner(0, 0);
}

}  // namespace

Task<Result<ImageFiles>> probe_image(EngineApi& api, std::string container, const ImageInfo& image,
                                     bool engine) {
    ImageFiles files;
    std::vector<Task<Result<void>>> tasks;
    std::string path = image.environment_value("PATH");
    if (path.empty()) path = kDefaultPath;
    for (const auto& directory : base::split(path, ':')) {
        if (!directory.starts_with("/")) continue;
        tasks.push_back(look_for_program(api, container, directory + "/git", files.has_git));
        if (!engine) continue;
        tasks.push_back(look_for_program(api, container, directory + "/docker", files.has_docker));
    }
    if (engine) {
        for (const char* file : {kDaemonJson, kBuildkitdToml, "/etc/passwd", "/etc/group"}) {
            tasks.push_back(read_one(api, container, file, files));
        }
        tasks.push_back(look_for(api, container, plugin_in(kFirstPluginDir), files));
    }
    auto done = co_await base::run_together(std::move(tasks));
    if (!done) co_return done.error();
    co_return files;
}

Task<Result<ImageFiles>> probe_client(EngineApi& api, std::string container, ClientHome home) {
    ImageFiles files;
    std::vector<Task<Result<void>>> tasks;
    tasks.push_back(read_one(api, container, home.directory + "/config.json", files));
    tasks.push_back(read_one(api, container, home.buildx + kDefaultToml, files));
    tasks.push_back(look_for(api, container, plugin_in(home.directory + "/cli-plugins"), files));
    tasks.push_back(look_for(api, container, home.directory, files));
    auto done = co_await base::run_together(std::move(tasks));
    if (!done) co_return done.error();
    co_return files;
}

Result<std::vector<DeclaredRegistry>> read_registries(
    const std::vector<RegistrySettings>& registries) {
    std::vector<DeclaredRegistry> declared;
    for (const auto& settings : registries) {
        DeclaredRegistry registry{settings, {}};
        if (!settings.ca_file.empty()) {
            auto text = base::read_file(settings.ca_file);
            if (!text) {
                return base::make_error(
                    base::ErrorKind::kConfiguration,
                    "[[runners.registry]] " + settings.host + " ca_file: " + text.error().message);
            }
            registry.ca_pem = *text;
            if (!registry.ca_pem.ends_with("\n")) registry.ca_pem += "\n";
        }
        declared.push_back(std::move(registry));
    }
    return declared;
}

void add_registry_certificates(TarBuilder& tar, const std::vector<DeclaredRegistry>& registries) {
    for (const auto& registry : registries) {
        if (registry.ca_pem.empty()) continue;
        tar.add_file(in_archive(registry_ca_path(registry.settings.host)), registry.ca_pem, 0644);
    }
}

Result<void> add_engine_files(TarBuilder& tar, const EngineFilesInput& input) {
    auto sources = sources_of(input.files, kDaemonJson, input.dind.daemon_config);
    if (!sources) return sources.error();
    sources->insert(sources->begin(), engine_cache_rules(input.dind.cache_size_bytes));
    std::vector<std::string> flags = input.image.entrypoint;
    flags.insert(flags.end(), input.image.command.begin(), input.image.command.end());
    auto text = merge_daemon_json(input.registries, input.mtu, flags, *sources);
    if (!text) return text.error();
    if (!text->empty()) tar.add_file(in_archive(kDaemonJson), *text, 0644);
    add_registry_certificates(tar, input.registries);
    return {};
}

Result<bool> add_client_files(TarBuilder& tar, const EngineFilesInput& input) {
    auto sources = sources_of(input.files, kBuildkitdToml, input.dind.buildkitd_config);
    if (!sources) return sources.error();
    sources->insert(sources->begin(), builder_cache_rules(input.dind.cache_size_bytes));
    auto buildkitd = merge_buildkitd_toml(input.registries, *sources);
    if (!buildkitd) return buildkitd.error();
    // Lines of the field name this file; and buildx 0.13 panics when a builder that was made
    // without one gets one.
    if (buildkitd->empty())
        *buildkitd = "# No registry is declared in the runner's configuration.\n";
    tar.add_file(in_archive(kBuildkitdToml), *buildkitd, 0644);
    add_home(tar, input);
    add_plugins(tar, input);

    auto by_default = add_default_buildkitd_toml(tar, input);
    if (!by_default) return by_default.error();

    const std::string path = input.home.directory + "/config.json";
    ConfigSource image{"the image's " + path, {}};
    if (const auto found = input.files.contents.find(path); found != input.files.contents.end()) {
        image.text = found->second;
    }
    auto config = merge_docker_config(input.auth, image);
    if (!config) return config.error();
    if (config->empty() || input.home_is_mounted) return false;
    add_login(tar, input.home, *config);
    return true;
}

void add_ca_bundle(TarBuilder& tar, const std::string& path, const std::string& bundle,
                   const std::vector<DeclaredRegistry>& registries) {
    std::string text = bundle;
    if (!text.empty() && !text.ends_with("\n")) text += "\n";
    for (const auto& registry : registries) text += registry.ca_pem;
    tar.add_file(in_archive(path), text, 0644);
}

}  // namespace executors::docker
