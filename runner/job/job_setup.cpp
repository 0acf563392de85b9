#include "runner/job/job_setup.hpp"

#include "executors/session/supervisor_session.hpp"

namespace runner::job {

std::unique_ptr<executors::session::Session> make_supervisor_session(
    const boost::asio::any_io_executor& io, executors::Executor& executor,
    executors::session::EventSink& sink, std::uint64_t offset) {
    auto connect = [&executor] { return executor.connect(); };
    return std::make_unique<executors::session::SupervisorSession>(io, connect, sink, offset);
}

JobObserver& no_observer() {
    static JobObserver none;
    return none;
}

}  // namespace runner::job
