#pragma once

#include "protocol/http/message.hpp"
#include "runner/status/metrics.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::status {

/// /status.json: for programs and for `runner status`.
std::string status_json(const Snapshot& now);

/// /debug/jobs/list, one line per job in the official form.
std::string jobs_list(const Snapshot& now);

/// The answer to a request of the status endpoint. Pure but for the metrics it reads. GET and HEAD
/// only (405); an unknown path gets 404 and the list of those that exist. Everything here may be
/// read by anybody who reaches the port: no token, no address with credentials.
protocol::http::Response answer(const protocol::http::Request& request, const Snapshot& now,
                                const Metrics& metrics);

}  // namespace runner::status
