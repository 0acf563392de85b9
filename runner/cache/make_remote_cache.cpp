#include "runner/cache/make_remote_cache.hpp"

#include <boost/asio/io_context.hpp>
#include <utility>

#include "base/version.hpp"
#include "runner/cache/azure_provider.hpp"
#include "runner/cache/gcs_provider.hpp"
#include "runner/cache/object_cache.hpp"
#include "runner/cache/s3_provider.hpp"

namespace runner::cache {

namespace {

/// Connections are made for the transfer of a job and not kept.
protocol::http::ClientOptions http_options(const config::RunnerConfig& runner) {
    protocol::http::ClientOptions options;
    options.tls.ca_file = runner.tls_ca_file;
    options.user_agent = "runner/" + std::string(base::version());
    options.proxy_from_environment = true;
    options.header_limit = std::chrono::seconds(60);
    // CACHE_REQUEST_TIMEOUT of the job is the limit.
    options.total_limit = std::chrono::seconds(0);
    options.max_redirects = 0;
    return options;
}

base::Result<std::unique_ptr<Provider>> make_provider(const config::RunnerConfig& runner,
                                                      Identities& identities) {
    if (runner.cache.type == "azure") return make_azure_provider(runner, identities);
    if (runner.cache.type == "gcs") return make_gcs_provider(runner, identities);
    return make_s3_provider(runner, identities);
}

}  // namespace

base::Result<std::unique_ptr<RemoteCache>> make_remote_cache(
    const boost::asio::any_io_executor& executor, const config::RunnerConfig& runner,
    Identities& identities) {
    if (!runner.cache.problem.empty()) return base::invalid_input(runner.cache.problem);
    if (runner.cache.type.empty()) return std::unique_ptr<RemoteCache>();
    auto provider = make_provider(runner, identities);
    if (!provider) return provider.error();
    return std::unique_ptr<RemoteCache>(std::make_unique<ObjectCache>(
        std::move(*provider), client_maker(executor, http_options(runner)), base::sleep_for));
}

base::Result<void> check_remote_cache(const config::RunnerConfig& runner) {
    if (!runner.cache.problem.empty() || runner.cache.type.empty()) return {};
    boost::asio::io_context unused(1);
    Identities identities(unused.get_executor());
    const auto provider = make_provider(runner, identities);
    if (!provider) return provider.error();
    return {};
}

}  // namespace runner::cache
