#include "executors/docker/builder_script.hpp"

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "executors/docker/builder_options.hpp"
#include "executors/docker/csv.hpp"

namespace executors::docker {

using nlohmann::json;

namespace {

constexpr const char* kBuilderConfig = "/etc/buildkit/buildkitd.toml";

/// Begins to boot the builder while buildx notes it, which takes about as long. With the builder as
/// buildx will note it, but for its configuration (instances/NAME). Releases of buildx differ in
/// the flags of a builder that is not on the host's network, so that one boots later.
std::string boot_script(const DindSettings& settings) {
    if (!builder_is_on_host_network(settings)) return {};
    json options = json::object();
    for (const auto& option : driver_options(settings)) {
        const auto end = option.find('=');
        if (end != std::string::npos) options[option.substr(0, end)] = option.substr(end + 1);
    }
    const json node = {{"Endpoint", "unix:///var/run/docker.sock"},
                       {"DriverOpts", std::move(options)},
                       {"Flags", {"--allow-insecure-entitlement", "network.host"}}};
    const json instance = {{"Driver", "docker-container"}, {"Nodes", json::array({node})}};
    return "printf %s " + base::shell_quote(base::dump_json(instance)) +
           " | /.runner/bin/runner-helper boot-builder --config " + kBuilderConfig + "\n";
}

}  // namespace

std::string builder_script(const DindSettings& settings, bool anywhere) {
    const std::string name = base::shell_quote(settings.builder_name);
    std::string create = "docker buildx create --name " + name + " --driver docker-container";
    for (const auto& option : driver_options(settings)) {
        create += " --driver-opt " + base::shell_quote(csv_field(option));
    }
    // Newer releases of buildx allow it by themselves; older ones must be told.
    if (builder_is_on_host_network(settings)) {
        create += " --buildkitd-flags '--allow-insecure-entitlement network.host'";
    }
    create += std::string(" --config ") + kBuilderConfig;
    create += " --use >/dev/null";
    if (anywhere) create += " && docker buildx use --global " + name;
    // The builder is made on the inner engine, also when variables of the job name another engine.
    return "export DOCKER_HOST=unix:///var/run/docker.sock\n"
           "unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTEXT\n"
           "if ! command -v docker >/dev/null 2>&1; then\n"
           "  echo 'the image has no docker client'\n"
           "  exit 1\n"
           "fi\n" +
           boot_script(settings) + "create() { " + create +
           " && /.runner/bin/runner-helper note-builder; }\n"
           "problem=$(create 2>&1) && exit 0\n"
           "if ! docker buildx version >/dev/null 2>&1; then\n"
           "  echo 'the docker client of the image has no buildx'\n"
           "  exit 1\n"
           "fi\n"
           "docker buildx rm --keep-state " +
           name +
           " >/dev/null 2>&1\n"
           "problem=$(create 2>&1) && exit 0\n"
           "echo \"$problem\"\n"
           "exit 1\n";
}

}  // namespace executors::docker
