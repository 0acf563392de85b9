#include "protocol/gitlab/request_bodies.hpp"

#include "base/json.hpp"

namespace protocol::gitlab {

using nlohmann::json;

json runner_body(const RunnerDescription& description) {
    json body = json::object();
    if (!description.description.empty()) body["description"] = description.description;
    if (!description.maintenance_note.empty())
        body["maintenance_note"] = description.maintenance_note;
    if (!description.tag_list.empty()) body["tag_list"] = description.tag_list;
    body["run_untagged"] = description.run_untagged;
    body["locked"] = description.locked;
    if (!description.access_level.empty()) body["access_level"] = description.access_level;
    if (description.maximum_timeout != 0) body["maximum_timeout"] = description.maximum_timeout;
    body["paused"] = description.paused;
    return body;
}

json update_body(const JobCredentials& job, const JobUpdate& update) {
    json body = json::object();
    body["info"] = to_json(update.info);
    body["token"] = job.token.reveal();
    body["state"] = to_string(update.state);
    if (update.state == JobState::kFailed && !update.failure_reason.empty()) {
        body["failure_reason"] = update.failure_reason;
    }
    body["output"] = json::object();
    if (!update.checksum.empty()) {
        body["checksum"] = update.checksum;
        body["output"]["checksum"] = update.checksum;
    }
    if (update.bytesize > 0) body["output"]["bytesize"] = update.bytesize;
    if (update.exit_code != 0) body["exit_code"] = update.exit_code;
    return body;
}

json request_body(const JobRequest& request, const std::string& last_update) {
    json body = json::object();
    body["info"] = to_json(request.info);
    body["token"] = request.token.reveal();
    if (!request.system_id.empty()) body["system_id"] = request.system_id;
    if (!last_update.empty()) body["last_update"] = last_update;
    if (request.session) {
        body["session"] = {{"url", request.session->url},
                           {"certificate", request.session->certificate},
                           {"authorization", request.session->authorization.reveal()}};
    }
    return body;
}

}  // namespace protocol::gitlab
