#include "executors/docker/job_registry_auth.hpp"

#include <cstdlib>
#include <string>
#include <utility>

#include "executors/docker/busy_flag.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

JobRegistryAuth::JobRegistryAuth(const boost::asio::any_io_executor& executor,
                                 const JobEnvironment& job,
                                 const std::vector<RegistrySettings>& registries, JobLog& log)
    : job_(job), registries_(registries), log_(log), changed_(executor) {}

Task<Result<const RegistryAuth*>> JobRegistryAuth::get() {
    while (busy_) {
        co_await changed_.wait();
    }
    if (!known_) {
        const BusyFlag busy(busy_, changed_);
        const char* home = std::getenv("HOME");
        const std::string folder = home != nullptr ? home : "";
        auto collected = co_await collect_registry_auth(job_, registries_, folder, log_);
        if (!collected) co_return collected.error();
        auth_ = std::move(*collected);
        known_ = true;
    }
    const RegistryAuth* known = &auth_;
    co_return known;
}

}  // namespace executors::docker
