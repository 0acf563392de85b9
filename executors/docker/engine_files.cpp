#include "executors/docker/engine_files.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/files.hpp"
#include "base/strings.hpp"
#include "executors/docker/run_all.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

constexpr const char* kFirstPluginDir = "/usr/local/lib/docker/cli-plugins";

/// Names in an archive do not begin with a slash.
std::string in_archive(const std::string& path) {
    return path.starts_with("/") ? path.substr(1) : path;
}

Task<Result<void>> look_for_git(EngineApi& api, std::string container, std::string path,
                                ImageFiles& files) {
    auto found = co_await api.has_path(container, path);
    if (!found) co_return found.error();
    if (*found) files.has_git = true;
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

}  // namespace

std::string docker_config_directory(const ImageInfo& image) {
    std::string configured = image.environment_value("DOCKER_CONFIG");
    if (!configured.empty()) return configured;
    const std::string home = image.environment_value("HOME");
    return (home.empty() ? "/root" : home) + "/.docker";
}

std::string default_buildkitd_toml(const ImageInfo& image) {
    const std::string configured = image.environment_value("BUILDX_CONFIG");
    const std::string state =
        configured.empty() ? docker_config_directory(image) + "/buildx" : configured;
    return state + "/buildkitd.default.toml";
}

Task<Result<ImageFiles>> probe_image(EngineApi& api, std::string container, const ImageInfo& image,
                                     bool engine) {
    ImageFiles files;
    std::vector<Task<Result<void>>> tasks;
    std::string path = image.environment_value("PATH");
    if (path.empty()) path = kDefaultPath;
    for (const auto& directory : base::split(path, ':')) {
        if (directory.starts_with("/")) {
            tasks.push_back(look_for_git(api, container, directory + "/git", files));
        }
    }
    if (engine) {
        const std::string client = docker_config_directory(image);
        for (const std::string& file : {std::string(kDaemonJson), std::string(kBuildkitdToml),
                                        client + "/config.json", default_buildkitd_toml(image)}) {
            tasks.push_back(read_one(api, container, file, files));
        }
        for (const std::string& directory :
             {client + "/cli-plugins", std::string(kFirstPluginDir)}) {
            tasks.push_back(look_for(api, container, plugin_in(directory), files));
        }
    }
    auto done = co_await run_all(std::move(tasks));
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
    std::vector<std::string> flags = input.image.entrypoint;
    flags.insert(flags.end(), input.image.command.begin(), input.image.command.end());
    auto text = merge_daemon_json(input.registries, input.mtu, flags, *sources);
    if (!text) return text.error();
    if (!text->empty()) tar.add_file(in_archive(kDaemonJson), *text, 0644);
    add_registry_certificates(tar, input.registries);
    return {};
}

namespace {

/// A builder that a script makes without --config knows the registries, too.
Result<void> add_default_buildkitd_toml(TarBuilder& tar, const EngineFilesInput& input) {
    const std::string path = default_buildkitd_toml(input.image);
    auto sources = sources_of(input.files, path, input.dind.buildkitd_config);
    if (!sources) return sources.error();
    auto text = merge_buildkitd_toml(input.registries, *sources);
    if (!text) return text.error();
    if (!text->empty()) tar.add_file(in_archive(path), *text, 0644);
    return {};
}

}  // namespace

Result<void> add_client_files(TarBuilder& tar, const EngineFilesInput& input) {
    auto sources = sources_of(input.files, kBuildkitdToml, input.dind.buildkitd_config);
    if (!sources) return sources.error();
    auto buildkitd = merge_buildkitd_toml(input.registries, *sources);
    if (!buildkitd) return buildkitd.error();
    // Lines of the field name this file; and buildx 0.13 panics when a builder that was made
    // without one gets one.
    if (buildkitd->empty())
        *buildkitd = "# No registry is declared in the runner's configuration.\n";
    tar.add_file(in_archive(kBuildkitdToml), *buildkitd, 0644);

    auto by_default = add_default_buildkitd_toml(tar, input);
    if (!by_default) return by_default;

    const std::string client = docker_config_directory(input.image);
    ConfigSource image{"the image's " + client + "/config.json", {}};
    if (const auto found = input.files.contents.find(client + "/config.json");
        found != input.files.contents.end()) {
        image.text = found->second;
    }
    auto config = merge_docker_config(input.auth, image);
    if (!config) return config.error();
    if (!config->empty()) tar.add_file(in_archive(client) + "/config.json", *config, 0600);

    // The docker client looks for buildx here first. A buildx of the image's own stays.
    const auto& present = input.files.present;
    for (const std::string& directory : {client + "/cli-plugins", std::string(kFirstPluginDir)}) {
        const std::string path = plugin_in(directory);
        if (std::find(present.begin(), present.end(), path) != present.end()) continue;
        tar.add_symlink(in_archive(path), "/.runner/bin/docker-buildx");
    }
    return {};
}

void add_ca_bundle(TarBuilder& tar, const std::string& path, const std::string& bundle,
                   const std::vector<DeclaredRegistry>& registries) {
    std::string text = bundle;
    if (!text.empty() && !text.ends_with("\n")) text += "\n";
    for (const auto& registry : registries) text += registry.ca_pem;
    tar.add_file(in_archive(path), text, 0644);
}

}  // namespace executors::docker
