#include "executors/helper/buildx_wrapper.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/json.hpp"
#include "executors/helper/build_node.hpp"
#include "executors/helper/builder_ahead.hpp"
#include "executors/helper/builder_boot.hpp"
#include "executors/helper/buildx_arguments.hpp"
#include "executors/helper/buildx_state.hpp"
#include "executors/helper/front_program.hpp"
#include "executors/helper/hosts_file.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/preload.hpp"
#include "executors/helper/proxies.hpp"

namespace executors::helper {

namespace {

using Words = std::vector<std::string>;

/// What buildx boots a builder from when no image is given.
constexpr const char* kDefaultImage = "moby/buildkit:buildx-stable-1";
constexpr std::size_t kMostConfig = 1U << 20U;
/// Of the directory that buildx makes for its state.
constexpr mode_t kStateMode = 0700;

std::string prepared_name() { return environment_or("RUNNER_BUILDER_NAME", "runner"); }

BuilderDefaults defaults_of(const BuildxState& state) {
    const std::string name = prepared_name();
    return {name, state.image_of(name), environment_or("RUNNER_BUILDER_NETWORK", "") == "host"};
}

/// The builder that a call uses.
std::string builder_in_use(const Words& arguments, const BuildxState& state) {
    const std::string named = named_builder(arguments);
    return named.empty() ? environment_or("BUILDX_BUILDER", state.current().name) : named;
}

/// Whether a call of buildx uses the prepared builder of the inner engine, and no other.
bool means_prepared(const Words& arguments, const BuildxState& state, const std::string& builder) {
    if (std::getenv("DOCKER_CONTEXT") != nullptr) return false;
    if (builder_in_use(arguments, state) != builder) return false;
    return environment_or("DOCKER_HOST", kOwnEngine) == kOwnEngine || state.current().global;
}

BuilderBoot boot_of(const std::string& buildx, const BuildxState& state,
                    const std::string& builder) {
    const std::string image = state.image_of(builder);
    return {.buildx = buildx,
            .builder = builder,
            .image = image.empty() ? kDefaultImage : image,
            .container = state.container_of(builder)};
}

/// buildx brings the files that the configuration names with it, under other names.
bool names_files(const std::string& config) {
    return config.find("ca = ") != std::string::npos || config.find("keypair") != std::string::npos;
}

/// Whether the builder's image is on the inner engine, as far as the runner brings it there.
bool has_image() {
    const auto pending = pending_images();
    return std::none_of(pending.begin(), pending.end(),
                        [](const auto& image) { return image.mark == kBuilderMark; });
}

/// Waits for the images that the call may need, and boots the builder.
void make_ready(const std::string& plugin, const Words& arguments, const BuildxState& state,
                const std::string& builder) {
    const bool prepared = means_prepared(arguments, state, builder);
    auto needed = pending_images();
    // The prepared builder takes nothing from the engine but its own image.
    if (prepared) {
        std::erase_if(needed, [](const auto& image) { return image.mark != kBuilderMark; });
    }
    // A copy that failed is no reason to stop: the image is pulled then, or buildx reports why it
    // cannot be.
    wait_for_images(needed);
    state.add_environment(builder_in_use(arguments, state), proxy_variables());
    if (!prepared) {
        wait_until_hosts_are_read();  // the engine itself may be the builder
        return;
    }
    // Not before the proxies are noted: the container gets them.
    const BuilderBoot boot = boot_of(plugin, state, builder);
    BuilderAhead(state.directory(), boot).take();
    if (boot_builder(boot) == Booted::kWithoutItsState) write_all(STDERR_FILENO, kStateIsLost);
}

void wait_for_boot(const BuildxState& state, const std::string& builder) {
    BuilderAhead(state.directory(), {.buildx = "", .builder = builder, .image = ""}).wait();
}

/// A script may give its builder the name of the prepared one.
void release_name(const Words& arguments, const BuildxState& state, const std::string& builder) {
    const auto create = parse_buildx_create(arguments);
    if (!create || create->append || create->name != builder) return;
    if (state.is_prepared(builder)) state.release_prepared(builder);
}

}  // namespace

int run_buildx_wrapper(const Words& arguments) {
    const std::string plugin = find_docker_plugin("docker-buildx");
    if (plugin.empty()) {
        std::fprintf(stderr, "runner-helper: the image has no docker-buildx plugin\n");
        return 127;
    }
    const std::string builder = prepared_name();
    const auto state = BuildxState::of_environment();
    const Words rewritten = rewrite_buildx(arguments, defaults_of(state));
    // The docker client asks what the plugin is before it calls it.
    const bool called = arguments.size() > 1 && arguments[1] == "buildx";
    // The command that makes the prepared builder does not wait for its boot.
    if (called && state.is_prepared(builder)) wait_for_boot(state, builder);
    if (may_boot(arguments)) make_ready(plugin, arguments, state, builder);
    release_name(arguments, state, builder);
    keep_build_node(state.directory(), environment_or(kBuildNodeVariable, ""));
    export_proxy_variables();
    return become_program(plugin, rewritten);
}

int boot_prepared_builder(const std::string& config) {
    auto container = container_of(base::parse_foreign_json(read_all(STDIN_FILENO)));
    const std::string text = read_file_end(config, kMostConfig);
    const std::string plugin = find_docker_plugin("docker-buildx");
    if (!container || !has_image() || plugin.empty() || names_files(text)) return 0;
    container->files[kBuilderConfig] = text;
    container->environment.merge(proxy_variables());
    const auto state = BuildxState::of_environment();
    make_directories(state.directory(), kStateMode);
    const std::string image = container->image.empty() ? kDefaultImage : container->image;
    BuilderAhead(state.directory(), {.buildx = plugin,
                                     .builder = prepared_name(),
                                     .image = image,
                                     .container = std::move(container)})
        .start_early();
    return 0;
}

int note_prepared_builder() {
    const auto state = BuildxState::of_environment();
    const std::string builder = prepared_name();
    state.mark_prepared(builder);
    state.add_environment(builder, proxy_variables());
    // Also for clients that do not call buildx as a plugin, like compose.
    keep_build_node(state.directory(), environment_or(kBuildNodeVariable, ""));
    const std::string plugin = find_docker_plugin("docker-buildx");
    if (has_image() && !plugin.empty())
        BuilderAhead(state.directory(), boot_of(plugin, state, builder)).confirm();
    return 0;
}

int await_builder() {
    wait_for_boot(BuildxState::of_environment(), prepared_name());
    return 0;
}

}  // namespace executors::helper
