#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "protocol/gitlab/client.hpp"

/// The JSON bodies of the calls (runner-protocol.md §2). Pure. Internal to protocol/gitlab.
namespace protocol::gitlab {

/// What POST /runners and POST /user/runners have in common.
nlohmann::json runner_body(const RunnerDescription& description);
/// PUT /jobs/:id.
nlohmann::json update_body(const JobCredentials& job, const JobUpdate& update);
/// POST /jobs/request. `last_update`: the queue key of the server, "" for none.
nlohmann::json request_body(const JobRequest& request, const std::string& last_update);

}  // namespace protocol::gitlab
