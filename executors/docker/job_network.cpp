#include "executors/docker/job_network.hpp"

#include <utility>

#include "base/json.hpp"
#include "base/random.hpp"
#include "executors/docker/host_network.hpp"
#include "executors/docker/run_uncancelled.hpp"

namespace executors::docker {

using base::Result;
using base::Task;
using nlohmann::json;

namespace {

constexpr const char* kMtuOption = "com.docker.network.driver.mtu";
constexpr const char* kNoIpv6Pool =
    ". enable_ipv6 = true in [runners.docker] needs a pool of IPv6 addresses: add one to "
    "\"default-address-pools\" in the engine's daemon.json, such as {\"base\": \"fd00:1::/56\", "
    "\"size\": 64}, beside those of IPv4";
constexpr const char* kNoPool =
    ". When the engine's addresses are used up: remove networks that nobody uses (docker network "
    "prune), or add a pool to \"default-address-pools\" in its daemon.json";

Task<Result<void>> create_network(EngineApi& api, std::string body) {
    auto id = co_await api.create_network(std::move(body));
    if (!id) co_return id.error();
    co_return Result<void>();
}

/// Whether a network of this mode exists on the engine under its name.
bool is_inspectable(const std::string& mode) {
    return mode != "host" && mode != "none" && mode != "default" && !mode.starts_with("container:");
}

/// An engine that has no addresses for a network answers with "not found", or since Docker 27 with
/// "invalid", which has other reasons, too.
base::Error explain_failure(base::Error error, bool ipv6) {
    if (error.is(base::ErrorKind::kNotFound) && ipv6) {
        error.message += kNoIpv6Pool;
    } else if (error.is(base::ErrorKind::kNotFound) || error.is(base::ErrorKind::kInvalidInput)) {
        error.message += kNoPool;
    }
    return error;
}

}  // namespace

Task<Result<void>> JobNetwork::make() {
    const JobEnvironment& job = context_.job;
    if (!mode_.empty() || !job.network_per_build) co_return Result<void>();
    const std::string name =
        job.base_name + "-job-" + std::to_string(job.job_id) + "-" + base::random_hex(2);
    json body = {{"Name", name},
                 {"Driver", "bridge"},
                 {"CheckDuplicate", true},
                 {"EnableIPv6", context_.docker.enable_ipv6},
                 {"Labels", job.labels}};
    const int mtu = co_await own_mtu();
    if (mtu > 0) body["Options"][kMtuOption] = std::to_string(mtu);
    context_.objects.network = name;
    mode_ = name;
    auto creation = create_network(context_.api(), body.dump());
    auto made = co_await run_uncancelled(std::move(creation));
    if (!made) {
        const auto error = explain_failure(made.error(), context_.docker.enable_ipv6);
        co_return error.with_context("make the job's network");
    }
    co_return Result<void>();
}

bool JobNetwork::has_names() const {
    return !mode_.empty() && is_inspectable(mode_) && mode_ != "bridge";
}

/// A new bridge network has an MTU of 1500 unless it is given one. The engine's default bridge has
/// the MTU that its machine can carry.
Task<int> JobNetwork::own_mtu() {
    if (context_.docker.network_mtu != 0) co_return context_.docker.network_mtu;
    auto bridge = co_await context_.api().inspect_network("bridge");
    co_return bridge ? bridge->mtu : 0;
}

Task<Result<int>> JobNetwork::inner_mtu() {
    if (context_.dind.mtu > 0) co_return context_.dind.mtu;
    EngineApi& api = context_.api();
    int mtu = 0;
    if (is_inspectable(mode_)) {
        std::string name = mode_.empty() ? std::string("bridge") : mode_;
        auto network = co_await api.inspect_network(std::move(name));
        if (!network) co_return network.error();
        mtu = network->mtu;
    }
    // The MTU of the bridge may be larger than that of this machine's default route.
    const int outer = api.endpoint().local ? default_route_mtu() : 0;
    if (outer > 0 && (mtu == 0 || outer < mtu)) mtu = outer;
    co_return mtu;
}

}  // namespace executors::docker
