#include "executors/docker/build_files.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "executors/docker/container_paths.hpp"
#include "executors/docker/volumes.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

constexpr std::array<const char*, 3> kBundles{
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};

/// Credentials that the docker client of this host has are for our own pulls, not for the job.
RegistryAuth auth_for_job(const RegistryAuth& all) {
    RegistryAuth shared;
    for (const auto& [path, found] : all.all()) {
        if (!found.source.starts_with("/")) shared.add(found.source, path, found.credential);
    }
    return shared;
}

}  // namespace

bool BuildFiles::has_inner_engine() const {
    return context_.objects.engine || context_.objects.sidecar;
}

Task<Result<void>> BuildFiles::put() {
    add_directories();
    if (has_inner_engine()) {
        auto added = co_await add_docker_files();
        if (!added) co_return added;
        add_preload_marks();
    }
    auto certified = co_await add_certificates();
    if (!certified) co_return certified;
    auto sent = co_await send();
    co_return sent;
}

EngineFilesInput BuildFiles::input_for(const RegistryAuth& auth) const {
    const bool mounted = !home_.late && is_mounted(parts_.binds, home_.directory);
    return {context_.dind, parts_.declared, auth, parts_.image, image_files_, home_, mounted, 0};
}

Task<Result<void>> BuildFiles::put_login() {
    const JobEnvironment& job = context_.job;
    if (job.credentials.empty() && job.docker_auth_config.empty()) co_return Result<void>();
    auto auth = co_await parts_.auth.get();
    if (!auth) co_return auth.error();
    const RegistryAuth shared = auth_for_job(**auth);
    const EngineFilesInput input = input_for(shared);
    auto added = add_client(input);
    if (!added) co_return added;
    auto sent = co_await send();
    co_return sent;
}

Task<Result<void>> BuildFiles::send() {
    if (tar_.empty()) co_return Result<void>();
    auto put = co_await context_.api().put_archive(context_.objects.container, "/", tar_.finish());
    if (!put) co_return put.error().with_context("put files into the job's container");
    co_return Result<void>();
}

void BuildFiles::add_directories() {
    // The supervisor of an engine image runs as root, the scripts need not.
    const bool engine = context_.objects.engine;
    if (runs_as_root(parts_.choice, engine ? ImageInfo{} : parts_.image)) return;
    if (!engine) tar_.add_directory(std::string(kJobDir).substr(1), 0777);
    for (const auto& path : parts_.writable) tar_.add_directory(path.substr(1), 0777);
}

void BuildFiles::add_preload_marks() {
    const auto& preloads = context_.objects.preloads;
    if (!preloads.empty()) tar_.add_directory(".runner-preload", 0755);
    for (const auto& image : preloads) {
        tar_.add_file(".runner-preload/pending-" + image.mark, image.name + "\n", 0644);
    }
    // Who needs an image waits for it, or for names that the script adds; an image without a docker
    // client gets none.
    if ((!preloads.empty() || context_.objects.engine) && image_files_.has_docker) {
        tar_.add_symlink(std::string(kFrontDir).substr(1) + "/docker", kHelper);
    }
}

Task<Result<void>> BuildFiles::add_docker_files() {
    auto auth = co_await parts_.auth.get();
    if (!auth) co_return auth.error();
    const RegistryAuth shared = auth_for_job(**auth);
    EngineFilesInput input = input_for(shared);
    if (context_.objects.engine) {
        auto mtu = co_await parts_.network.inner_mtu();
        if (!mtu) co_return mtu.error();
        input.mtu = *mtu;
        auto engine = add_engine_files(tar_, input);
        if (!engine) co_return engine;
    } else {
        add_registry_certificates(tar_, parts_.declared);
        // The sidecar's socket appears later; clients look for it at this path.
        tar_.add_symlink("var/run/docker.sock", std::string(kEngineDir) + "/docker.sock");
    }
    if (input.home_is_mounted) {
        context_.log.print("The directory of the docker client, " + home_.directory +
                           ", is a volume: the runner writes no login to it");
    }
    co_return add_client(input);
}

Result<void> BuildFiles::add_client(const EngineFilesInput& input) {
    auto has_login = add_client_files(tar_, input);
    if (!has_login) return has_login.error();
    note_client(*has_login);
    return {};
}

void BuildFiles::note_client(bool has_login) {
    auto& objects = context_.objects;
    objects.client_late = home_.late;
    if (has_login && home_.late) objects.login_directory = home_.directory;
    for (const auto& variable : context_.job.client_environment) {
        const auto& name = variable.name;
        if (name == "HOME" || name == "BUILDX_CONFIG") {
            objects.client_environment[name] = variable.value;
        } else if (name == "DOCKER_CONFIG" && !variable.value.empty()) {
            objects.client_environment[name] = home_.directory;  // never relative
        }
    }
}

Task<Result<void>> BuildFiles::add_certificates() {
    const auto& declared = parts_.declared;
    const bool own_ca = std::any_of(declared.begin(), declared.end(),
                                    [](const auto& registry) { return !registry.ca_pem.empty(); });
    if (!own_ca) co_return Result<void>();
    for (const char* path : kBundles) {
        auto bundle = co_await context_.api().read_file(context_.objects.container, path);
        if (!bundle) co_return bundle.error();
        if (!*bundle) continue;
        add_ca_bundle(tar_, path, **bundle, declared);
        co_return Result<void>();
    }
    add_ca_bundle(tar_, kBundles[0], "", declared);
    co_return Result<void>();
}

}  // namespace executors::docker
