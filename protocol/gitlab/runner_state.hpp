#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "protocol/gitlab/client.hpp"

namespace protocol::gitlab {

/// What GitLab tells its users about a runner.
struct RunnerState {
    std::int64_t id = 0;
    bool paused = false;
};

/// GET /runners/:id with a personal access token of a user who may see the runner. Only users learn
/// whether a runner is paused: its own requests for jobs are answered as without jobs
/// (runner-protocol.md §2.6). Failures: those of Client.
base::Task<base::Result<RunnerState>> ask_runner_state(boost::asio::any_io_executor executor,
                                                       ClientOptions options,
                                                       std::int64_t runner_id,
                                                       base::Secret access_token);

/// kProtocol when it is not JSON, or does not say whether the runner is paused. Pure.
base::Result<RunnerState> read_runner_state(const http::Response& answer);

}  // namespace protocol::gitlab
