#include "executors/docker/engine_connection.hpp"

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <utility>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/offload.hpp"
#include "base/version.hpp"
#include "executors/docker/busy_flag.hpp"
#include "executors/docker/fill_containers.hpp"
#include "executors/docker/run_all.hpp"
#include "executors/docker/tar_archive.hpp"
#include "executors/find_helper.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr const char* kMarker = "complete";
constexpr int kFillAttempts = 3;
constexpr std::chrono::minutes kForgottenAfter{10};

std::optional<std::string> from_environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

struct HelperBinary {
    std::string bytes;
    std::string volume;
};

Result<HelperBinary> read_helper(const std::string& path) {
    auto bytes = base::read_file(path);
    if (!bytes) {
        return base::make_error(ErrorKind::kIo,
                                "runner-helper, which works in every container, cannot be read: " +
                                    bytes.error().message +
                                    "; install it beside runner or set RUNNER_HELPER");
    }
    HelperBinary helper;
    helper.volume = "runner-helper-" + std::string(base::version()) + "-" +
                    base::sha256_hex(*bytes).substr(0, 8);
    helper.bytes = std::move(*bytes);
    return helper;
}

std::string helper_tar(const std::string& bytes) {
    TarBuilder tar;
    tar.add_directory("bin", 0755);
    tar.add_file("bin/runner-helper", bytes, 0755);
    tar.add_symlink("bin/dockerd", "runner-helper");
    tar.add_symlink("bin/docker-buildx", "runner-helper");
    tar.add_file(kMarker, "", 0644);
    return tar.finish();
}

}  // namespace

EngineConnection::EngineConnection(const boost::asio::any_io_executor& executor,
                                   std::unique_ptr<EngineApi> api, std::string helper_path)
    : executor_(executor),
      api_(std::move(api)),
      helper_path_(std::move(helper_path)),
      helper_changed_(executor) {}

void EngineConnection::forget() {
    info_known_ = false;
    helper_filled_ = false;
    platforms_.clear();
    api_->forget_version();
}

Task<Result<EngineInfo>> EngineConnection::info() {
    if (!info_known_) {
        auto info = co_await api_->info();
        if (!info) co_return info.error();
        info_ = *info;
        info_known_ = true;
        base::log::debug("Connected to the Docker engine", {{"host", api_->endpoint().shown},
                                                            {"version", info_.server_version},
                                                            {"api", info_.api_version}});
    }
    co_return info_;
}

Task<Result<std::string>> EngineConnection::helper_volume(std::string image) {
    while (helper_busy_) {
        co_await helper_changed_.wait();
    }
    if (helper_filled_) co_return helper_name_;
    const BusyFlag busy(helper_busy_, helper_changed_);
    std::function<Result<HelperBinary>()> read = [path = helper_path_] {
        return read_helper(path);
    };
    auto helper = co_await base::offload<Result<HelperBinary>>(std::move(read));
    if (!helper) co_return helper.error();
    auto filled = co_await fill_volume(image, helper->volume, std::move(helper->bytes));
    if (!filled) co_return filled.error().with_context("prepare the volume with runner-helper");
    helper_name_ = helper->volume;
    helper_filled_ = true;
    co_return helper_name_;
}

/// The engine puts files into a volume only by way of a container; this one is never started. It is
/// removed by its name, also when its creation was interrupted or its answer was lost.
Task<Result<void>> EngineConnection::fill_volume(std::string image, std::string volume,
                                                 std::string bytes) {
    co_await sweep();
    const nlohmann::json labels = {{kHelperLabel, base::version()}};
    const nlohmann::json made = {{"Name", volume}, {"Labels", labels}};
    auto volume_made = co_await api_->create_volume(made.dump());
    if (!volume_made) co_return volume_made.error();
    const nlohmann::json body = {
        {"Image", image},
        {"Entrypoint", {"/.runner/bin/runner-helper"}},
        {"Labels", labels},
        {"HostConfig", {{"Binds", {volume + ":/.runner"}}, {"NetworkMode", "none"}}}};
    Result<void> put;
    for (int attempt = 0; attempt < kFillAttempts; ++attempt) {
        // In one uncancelled task: a cancelled coroutine could not await the removal any more.
        auto work = put_by_container(fill_container_name(volume), body.dump(), bytes);
        put = co_await run_uncancelled(std::move(work));
        // Another daemon, at its start, may have taken the container for a leftover.
        if (put || !put.error().is(ErrorKind::kNotFound)) break;
    }
    co_return put;
}

/// For programs that run no daemon, whose start removes them all.
Task<void> EngineConnection::sweep() {
    auto removed = co_await remove_fill_containers(*api_, kForgottenAfter);
    if (!removed && !removed.error().is(ErrorKind::kCancelled)) {
        base::log::warning("Containers that filled the helper's volume could not be removed",
                           {{"error", removed.error().message}});
    }
}

Task<Result<void>> EngineConnection::put_by_container(std::string name, std::string body,
                                                      std::string bytes) {
    auto put = co_await put_helper(name, std::move(body), std::move(bytes));
    auto removed = co_await api_->remove_container(name, false);
    if (!put) co_return put;
    co_return removed;
}

Task<Result<void>> EngineConnection::put_helper(std::string name, std::string body,
                                                std::string bytes) {
    auto container = co_await api_->create_container(std::move(name), "", std::move(body));
    if (!container) co_return container.error();
    auto there = co_await api_->has_path(*container, std::string("/.runner/") + kMarker);
    if (!there) co_return there.error();
    if (*there) co_return Result<void>();
    auto put = co_await api_->put_archive(*container, "/.runner", helper_tar(bytes));
    co_return put;
}

Result<std::shared_ptr<EngineConnection>> make_engine_connection(
    const boost::asio::any_io_executor& executor, const DockerSettings& settings,
    std::string helper_path) {
    auto endpoint = resolve_endpoint(settings, from_environment);
    if (!endpoint) return endpoint.error();
    protocol::http::ClientOptions options;
    options.endpoint = endpoint->url;
    options.tls = endpoint->tls;
    options.user_agent = "runner/" + std::string(base::version());
    options.total_limit = std::chrono::seconds(0);
    // Some calls answer only when a pull or a container has ended.
    options.header_limit = std::chrono::hours(24);
    options.max_body_bytes = 64U << 20U;
    auto client = protocol::http::make_client(executor, std::move(options));
    if (!client) {
        return base::make_error(ErrorKind::kConfiguration,
                                "the Docker engine's address: " + client.error().message);
    }
    auto api = std::make_unique<EngineApi>(*endpoint, std::move(*client));
    if (helper_path.empty()) helper_path = find_helper();
    return std::make_shared<EngineConnection>(executor, std::move(api), std::move(helper_path));
}

std::string engine_key(const DockerSettings& settings) {
    return settings.host + '\n' + settings.tls_cert_path + (settings.tls_verify ? "\nverify" : "");
}

}  // namespace executors::docker
