#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/http/message.hpp"
#include "runner/status/snapshot.hpp"

/// The texts of the pages (docs/status.md). Pure. They have no token and no address with
/// credentials, because everybody who reaches the port can read them.
namespace runner::status {

/// The number of the JSON pages' format. It grows when a field goes or gets another meaning; new
/// fields do not count.
inline constexpr int kPageFormat = 1;

/// /status.json: for programs, for `runner status` and for the page.
std::string status_json(const Snapshot& now);
/// /jobs: the running jobs, and those that ended last.
std::string jobs_json(const Snapshot& now, const std::vector<RecentJob>& recent);
/// /jobs/ID of a running job; `log_bytes`: the size of its log.
std::string job_json(const JobState& job, std::int64_t now_unix_micros, std::uint64_t log_bytes);
/// /jobs/ID of a job that has ended.
std::string job_json(const RecentJob& job);

/// /debug/jobs/list, one line per job in the official form.
std::string jobs_list(const Snapshot& now);

/// The response to a request whose Host header AllowedHosts does not allow: 403 with the remedy.
protocol::http::Response refuse_host();

}  // namespace runner::status
