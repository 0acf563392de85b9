#include "executors/docker/own_pull.hpp"

#include <cstdlib>
#include <utility>

#include "executors/docker/pull_sources.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

Task<Result<ImageInfo>> pull_for_runner(PullQueue& pulls, OwnPull wanted, JobLog& log) {
    const JobEnvironment nobody;
    const char* home = std::getenv("HOME");
    std::string folder = home != nullptr ? home : "";
    auto auth = co_await collect_registry_auth(nobody, wanted.registries, std::move(folder), log);
    if (!auth) co_return auth.error();
    const auto reference = parse_reference(wanted.image);
    if (!reference) co_return reference.error();
    PullRequest request = make_pull_request(wanted.image, *reference, wanted.registries, *auth);
    request.former_id = wanted.former_id;
    request.fresh = wanted.fresh;
    request.once = wanted.once;
    PreparationSteps steps(nullptr);
    auto pulled = co_await pulls.pull(std::move(request), log, steps);
    co_return pulled;
}

}  // namespace executors::docker
