#include "executors/docker/engine_connection.hpp"

#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/log.hpp"
#include "base/version.hpp"
#include "executors/find_helper.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

std::optional<std::string> from_environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

}  // namespace

EngineConnection::EngineConnection(const boost::asio::any_io_executor& executor,
                                   std::unique_ptr<EngineApi> api, std::string helper_path,
                                   PullRetries retries, base::TaskGroup* background)
    : api_(std::move(api)),
      helper_path_(std::move(helper_path)),
      volume_(executor, *api_, helper_path_),
      pulls_(executor, *api_, usage_, retries),
      refresh_(pulls_, background),
      builder_volumes_(*api_, background),
      git_mirrors_(*api_, volume_, usage_, background) {}

void EngineConnection::forget() {
    info_known_ = false;
    volume_.forget();
    platforms_.clear();
    api_->forget_version();
}

Task<Result<EngineInfo>> EngineConnection::info() {
    if (!info_known_) {
        auto info = co_await api_->info();
        if (!info) co_return info.error();
        info_ = *info;
        info_known_ = true;
        usage_.set_engine(info_.id);
        base::log::debug("Connected to the Docker engine", {{"host", api_->endpoint().shown},
                                                            {"version", info_.server_version},
                                                            {"api", info_.api_version}});
    }
    co_return info_;
}

Task<Result<std::string>> EngineConnection::helper_volume(std::string image) {
    auto known = co_await info();
    if (!known) co_return known.error();
    auto volume = co_await volume_.obtain(std::move(image), known->architecture);
    co_return volume;
}

Task<Result<void>> EngineConnection::add_git(std::string image) {
    auto known = co_await info();
    if (!known) co_return known.error();
    auto added = co_await volume_.add_git(std::move(image), known->architecture);
    co_return added;
}

Result<std::shared_ptr<EngineConnection>> make_engine_connection(
    const boost::asio::any_io_executor& executor, const DockerSettings& settings,
    std::string helper_path, base::TaskGroup* background) {
    auto endpoint = resolve_endpoint(settings, from_environment);
    if (!endpoint) return endpoint.error();
    protocol::http::ClientOptions options;
    options.endpoint = endpoint->url;
    options.tls = endpoint->tls;
    options.program = endpoint->program;
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
    return std::make_shared<EngineConnection>(executor, std::move(api), std::move(helper_path),
                                              PullRetries{}, background);
}

std::string engine_key(const DockerSettings& settings) {
    return settings.host + '\n' + settings.tls_cert_path + (settings.tls_verify ? "\nverify" : "");
}

}  // namespace executors::docker
