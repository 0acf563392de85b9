#pragma once

#include "protocol/http/message.hpp"
#include "runner/status/metrics.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::status {

/// /status.json: for programs and for `runner status`.
std::string status_json(const Snapshot& now);

/// /debug/jobs/list, one line per job in the official form.
std::string jobs_list(const Snapshot& now);

/// The response to a request of the status endpoint. Pure, except that it reads the metrics. Other
/// methods than GET and HEAD get 405; an unknown path gets 404 and the list of the paths. The pages
/// have no token and no address with credentials, because everybody who reaches the port can read
/// them.
protocol::http::Response answer(const protocol::http::Request& request, const Snapshot& now,
                                const Metrics& metrics);

/// The response to a request whose Host header AllowedHosts does not allow: 403 with the remedy.
protocol::http::Response refuse_host();

}  // namespace runner::status
