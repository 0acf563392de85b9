#include <algorithm>
#include <array>
#include <utility>

#include "base/log.hpp"
#include "base/strings.hpp"
#include "executors/docker/dial.hpp"
#include "executors/docker/engine_files.hpp"
#include "executors/docker/image_rules.hpp"
#include "executors/docker/preparation.hpp"
#include "executors/docker/run_all.hpp"

/// The build container: its plan, its files, its start.
namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr const char* kDataRoot = "/var/lib/docker";

const EnvironmentVariable* find_variable(const std::vector<EnvironmentVariable>& list,
                                         std::string_view name) {
    const EnvironmentVariable* found = nullptr;
    for (const auto& variable : list) {
        if (variable.name == name) found = &variable;
    }
    return found;
}

/// "tcp://localhost:2375": the job wants its own engine's open port.
bool asks_for_open_port(const std::vector<EnvironmentVariable>& environment) {
    const auto* host = find_variable(environment, "DOCKER_HOST");
    return host != nullptr &&
           (host->value == "tcp://localhost:2375" || host->value == "tcp://127.0.0.1:2375");
}

bool mounts(const std::vector<std::string>& binds, const std::string& destination) {
    return std::any_of(binds.begin(), binds.end(), [&](const std::string& bind) {
        const auto parts = base::split(bind, ':');
        return parts.size() > 1 && parts[1] == destination;
    });
}

}  // namespace

std::vector<std::string> Preparation::build_environment() const {
    std::vector<std::string> environment;
    const auto& variables = given_.job.environment;
    for (const auto& variable : variables) {
        if (given_.objects.engine && variable.name == "PATH") continue;
        environment.push_back(variable.name + "=" + variable.value);
    }
    if (!given_.objects.engine) return environment;
    const auto* path = find_variable(variables, "PATH");
    std::string own = path != nullptr ? path->value : facts_.environment_value("PATH");
    if (own.empty()) own = kDefaultPath;
    environment.push_back("PATH=/.runner/bin:" + own);
    // Without it the entrypoint makes keys and listens on TCP, which nobody inside the job needs.
    if (find_variable(variables, "DOCKER_TLS_CERTDIR") == nullptr) {
        environment.emplace_back("DOCKER_TLS_CERTDIR=");
    }
    if (asks_for_open_port(variables)) environment.emplace_back("RUNNER_DIND_TCP=1");
    environment.push_back("RUNNER_BUILDER_NAME=" + given_.dind.builder_name);
    // A DOCKER_CONFIG of the job may lie in the project directory, which get_sources clears.
    if (find_variable(variables, "DOCKER_CONFIG") != nullptr &&
        find_variable(variables, "BUILDX_CONFIG") == nullptr) {
        environment.push_back("BUILDX_CONFIG=" + docker_config_directory(facts_) + "/buildx");
    }
    return environment;
}

ContainerPlan Preparation::build_plan() const {
    const auto& objects = given_.objects;
    ContainerPlan plan;
    plan.image = facts_.id;
    plan.environment = build_environment();
    plan.hostname = objects.hostname;
    plan.binds = volumes_.binds;
    plan.binds.push_back(helper_volume_ + ":/.runner:ro");
    plan.extra_hosts = extra_hosts();
    plan.labels = given_.job.labels;
    plan.labels["com.gitlab.gitlab-runner.type"] = "build";
    plan.network = network_;
    plan.privileged = privileged_;
    plan.init = given_.job.init_process;
    if (!objects.network.empty()) {
        plan.aliases = {"build", objects.base + "-build"};
    } else {
        for (const Services* services : {&services_, &sidecar_}) {
            const auto entries = services->host_entries();
            plan.extra_hosts.insert(plan.extra_hosts.end(), entries.begin(), entries.end());
        }
    }
    if (objects.engine) {
        const auto& volumes = facts_.volumes;
        const bool declared = std::find(volumes.begin(), volumes.end(), kDataRoot) != volumes.end();
        // Overlay cannot lie on overlay: the engine would fall back to copying whole layers.
        if (!declared && !mounts(plan.binds, kDataRoot)) plan.anonymous_volumes = {kDataRoot};
        return plan;
    }
    plan.user = user_;
    if (image_.entrypoint) {
        plan.entrypoint = objects.entrypoint;
        if (objects.entrypoint.empty()) plan.entrypoint = {""};
    }
    plan.command = supervisor_command(objects.entrypoint, {kHelper, "supervise", "--dir", kJobDir});
    return plan;
}

Task<Result<void>> Preparation::create_build(std::string body) {
    const std::string name = given_.objects.base + "-build";
    auto id = co_await api_.create_container(name, image_.platform, std::move(body));
    if (!id) co_return id.error();
    given_.objects.container = *id;
    co_return Result<void>();
}

Task<Result<void>> Preparation::start_build() {
    auto& objects = given_.objects;
    auto body = build_container_json(given_.docker, build_plan(), api_.at_least(44));
    if (!body) co_return body.error();
    objects.container = objects.base + "-build";
    auto creation = create_build(std::move(*body));
    auto created = co_await run_to_its_end(std::move(creation));
    if (!created) {
        base::Error error = created.error();
        if (error.is(ErrorKind::kInvalidInput)) error.kind = ErrorKind::kConfiguration;
        co_return error.with_context("create the job's container");
    }
    if (objects.engine) objects.engine_container = objects.container;
    auto looked = co_await look_into_image();
    if (!looked) co_return looked;
    auto put = co_await put_files();
    if (!put) co_return put;
    auto started = co_await api_.start_container(objects.container);
    if (!started) co_return started.error().with_context("start the job's container");
    co_return Result<void>();
}

Task<Result<void>> Preparation::look_into_image() {
    const bool engine = given_.objects.engine || given_.objects.sidecar;
    const std::string key = facts_.id + (engine ? " engine" : "");
    auto& known = given_.engine.image_files();
    if (known.find(key) == known.end()) {
        auto files = co_await probe_image(api_, given_.objects.container, facts_, engine);
        if (!files) co_return files.error().with_context("look into the image");
        known[key] = std::move(*files);
    }
    files_ = &known[key];
    given_.objects.has_git = files_->has_git;
    co_return Result<void>();
}

/// Everything that the container gets from us, in one archive; nothing for a plain image as root.
Task<Result<void>> Preparation::put_files() {
    TarBuilder tar;
    if (!runs_as_root() && !given_.objects.engine) {
        tar.add_directory(std::string(kJobDir).substr(1), 0777);
        for (const auto& path : volumes_.writable) tar.add_directory(path.substr(1), 0777);
    }
    if (given_.objects.engine || given_.objects.sidecar) {
        auto added = co_await put_dind_files(tar);
        if (!added) co_return added;
        if (!given_.objects.preloads.empty()) tar.add_directory(".runner-preload", 0755);
        for (const auto& image : given_.objects.preloads) {
            tar.add_file(".runner-preload/pending-" + image.mark, "", 0644);
        }
    }
    const bool own_ca = std::any_of(declared_.begin(), declared_.end(),
                                    [](const auto& registry) { return !registry.ca_pem.empty(); });
    if (own_ca) {
        auto added = co_await put_ca_bundle(tar);
        if (!added) co_return added;
    }
    if (tar.empty()) co_return Result<void>();
    auto put = co_await api_.put_archive(given_.objects.container, "/", tar.finish());
    if (!put) co_return put.error().with_context("put files into the job's container");
    co_return Result<void>();
}

Task<Result<void>> Preparation::put_dind_files(TarBuilder& tar) {
    auto& objects = given_.objects;
    auto auth = co_await auth_.get();
    if (!auth) co_return auth.error();
    // Credentials of this host's own docker client are for our pulls only.
    RegistryAuth shared;
    for (const auto& [path, found] : (*auth)->all()) {
        if (!found.source.starts_with("/")) shared.add(found.source, path, found.credential);
    }
    EngineFilesInput input{given_.dind, declared_, shared, facts_, *files_, 0};
    if (objects.engine) {
        auto mtu = co_await network_mtu();
        if (!mtu) co_return mtu.error();
        input.mtu = *mtu;
        auto engine = add_engine_files(tar, input);
        if (!engine) co_return engine;
    } else {
        add_registry_certificates(tar, declared_);
        // An archive's way to a socket that appears later, at the place where every client looks.
        tar.add_symlink("var/run/docker.sock", std::string(kEngineDir) + "/docker.sock");
    }
    auto client = add_client_files(tar, input);
    co_return client;
}

Task<Result<void>> Preparation::put_ca_bundle(TarBuilder& tar) {
    static constexpr std::array<const char*, 3> kBundles{"/etc/ssl/certs/ca-certificates.crt",
                                                         "/etc/pki/tls/certs/ca-bundle.crt",
                                                         "/etc/ssl/cert.pem"};
    for (const char* path : kBundles) {
        auto bundle = co_await api_.read_file(given_.objects.container, path);
        if (!bundle) co_return bundle.error();
        if (!*bundle) continue;
        add_ca_bundle(tar, path, **bundle, declared_);
        co_return Result<void>();
    }
    add_ca_bundle(tar, kBundles[0], "", declared_);
    co_return Result<void>();
}

Task<Result<int>> Preparation::network_mtu() {
    if (given_.dind.mtu > 0) co_return given_.dind.mtu;
    int mtu = 0;
    const bool named = network_ != "host" && network_ != "none" && network_ != "default" &&
                       !network_.starts_with("container:");
    if (named) {
        std::string name = network_.empty() ? std::string("bridge") : network_;
        auto network = co_await api_.inspect_network(std::move(name));
        if (!network) co_return network.error();
        mtu = network->mtu;
    }
    // The bridge may promise more than this machine's way out can carry.
    const int outer = api_.endpoint().local ? default_route_mtu() : 0;
    if (outer > 0 && (mtu == 0 || outer < mtu)) mtu = outer;
    co_return mtu;
}

}  // namespace executors::docker
