#include "executors/helper/buildx_wrapper.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "executors/helper/builder_boot.hpp"
#include "executors/helper/buildx_arguments.hpp"
#include "executors/helper/buildx_state.hpp"
#include "executors/helper/docker_wrappers.hpp"
#include "executors/helper/hosts_file.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/preload.hpp"
#include "executors/helper/proxies.hpp"

namespace executors::helper {

namespace {

using Words = std::vector<std::string>;

/// What buildx boots a builder from when no image is given.
constexpr const char* kDefaultImage = "moby/buildkit:buildx-stable-1";
constexpr const char* kOwnSocket = "unix:///var/run/docker.sock";

constexpr const char* kPluginDirectories[] = {
    "/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins", "/usr/libexec/docker/cli-plugins"};

std::string prepared_name() { return environment_or("RUNNER_BUILDER_NAME", "runner"); }

BuilderDefaults defaults_of(const BuildxState& state) {
    const std::string name = prepared_name();
    return {name, state.image_of(name), environment_or("RUNNER_BUILDER_NETWORK", "") == "host"};
}

/// The builder that a call uses.
std::string builder_in_use(const Words& arguments, const BuildxState& state) {
    const std::string named = named_builder(arguments);
    return named.empty() ? environment_or("BUILDX_BUILDER", state.current()) : named;
}

/// Whether a call of buildx uses the prepared builder of the inner engine, and no other.
bool means_prepared(const Words& arguments, const BuildxState& state, const std::string& builder) {
    if (environment_or("DOCKER_HOST", kOwnSocket) != kOwnSocket) return false;
    if (std::getenv("DOCKER_CONTEXT") != nullptr) return false;
    return builder_in_use(arguments, state) == builder;
}

/// Waits for the builder's image and boots the builder, before a call that may boot it.
void make_ready(const std::string& buildx, const Words& arguments, const BuildxState& state,
                const std::string& builder) {
    // A copy that failed is no reason to stop: buildx pulls the image then, or reports why it
    // cannot.
    static_cast<void>(wait_for_images(true));
    state.add_environment(builder_in_use(arguments, state), proxy_variables());
    if (!means_prepared(arguments, state, builder)) {
        wait_until_hosts_are_read();  // the engine itself may be the builder
        return;
    }
    const std::string image = state.image_of(builder);
    boot_builder(
        {.buildx = buildx, .builder = builder, .image = image.empty() ? kDefaultImage : image});
}

/// A script may give its builder the name of the prepared one.
void release_name(const Words& arguments, const BuildxState& state, const std::string& builder) {
    const auto create = parse_buildx_create(arguments);
    if (!create || create->append || create->name != builder) return;
    if (state.is_prepared(builder)) state.release_prepared(builder);
}

}  // namespace

int run_buildx_wrapper(const Words& arguments) {
    const std::string builder = prepared_name();
    const auto state = BuildxState::of_environment();
    for (const char* directory : kPluginDirectories) {
        const std::string candidate = std::string(directory) + "/docker-buildx";
        if (::access(candidate.c_str(), X_OK) != 0 || is_this_program(candidate)) continue;
        const Words rewritten = rewrite_buildx(arguments, defaults_of(state));
        if (may_boot(arguments)) make_ready(candidate, arguments, state, builder);
        release_name(arguments, state, builder);
        export_proxy_variables();
        return become(candidate, rewritten);
    }
    std::fprintf(stderr, "runner-helper: the image has no docker-buildx plugin\n");
    return 127;
}

int note_prepared_builder() {
    const auto state = BuildxState::of_environment();
    state.mark_prepared(prepared_name());
    state.add_environment(prepared_name(), proxy_variables());
    return 0;
}

}  // namespace executors::helper
