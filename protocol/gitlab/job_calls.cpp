// Calls about jobs: request one, update it, append to its log.
#include <utility>

#include "base/json.hpp"
#include "base/random.hpp"
#include "protocol/gitlab/api_caller.hpp"
#include "protocol/gitlab/request_bodies.hpp"

namespace protocol::gitlab {

using nlohmann::json;

namespace {

/// More than decode_payload() takes: a job that is too large has to be reported, and its id and
/// token may come late.
constexpr std::size_t kReadPayloadBytes = 64U << 20U;

std::string job_path(const JobCredentials& job) { return "/jobs/" + std::to_string(job.id); }

}  // namespace

base::Task<JobRequestAnswer> Client::request_job(JobRequest request) {
    // A server holds only those who say what they have seen last.
    const std::string last_update =
        request.may_be_held ? caller_->last_update(request.token) : std::string();
    const json body = request_body(request, last_update);
    Call call = json_call("request_job", "POST", "/jobs/request", body);
    call.wants_json = true;
    call.cut_answer_at = kReadPayloadBytes;
    add_token(call.headers, "RUNNER-TOKEN", request.token);
    const std::string request_id = base::random_hex(16);
    call.headers.set("X-Request-Id", request_id);
    CallRecord record;
    auto answer = co_await caller_->perform(std::move(call), record);
    JobRequestAnswer result;
    if (answer) {
        caller_->remember_last_update(request.token, *answer);
        result = read_job_request(*answer);
        if (result.outcome == JobRequestOutcome::kJob) {
            if (result.correlation_id.empty()) result.correlation_id = request_id;
            result.payload = std::move(answer->body);
            result.tls_ca_chain = caller_->http().peer_ca_chain();
        }
    } else {
        result = read_job_request(answer.error());
    }
    result.retriable_seen = record.retriable_seen;
    co_return result;
}

base::Task<UpdateResult> Client::update_job(JobCredentials job, JobUpdate update) {
    Call call = json_call("update_job", "PUT", job_path(job), update_body(job, update));
    add_token(call.headers, "JOB-TOKEN", job.token);
    auto answer = co_await caller_->perform(std::move(call));
    if (!answer) co_return read_update(answer.error());
    co_return read_update(*answer);
}

base::Task<PatchResult> Client::patch_trace(JobCredentials job, TraceContent content,
                                            std::uint64_t offset, bool debug_trace) {
    Call call;
    if (auto* file = std::get_if<base::FilePart>(&content)) call.file = *file;
    if (auto* text = std::get_if<std::string>(&content)) call.body = std::move(*text);
    const std::uint64_t bytes = call.file ? call.file->bytes : call.body.size();
    const std::uint64_t end = offset + bytes;
    if (bytes == 0) {
        PatchResult nothing_to_do;
        nothing_to_do.outcome = PatchOutcome::kOk;
        nothing_to_do.offset = offset;
        co_return nothing_to_do;
    }
    call.endpoint = "patch_trace";
    call.method = "PATCH";
    call.path = job_path(job) + "/trace";
    call.query = debug_trace ? "?debug_trace=true" : "?debug_trace=false";
    call.headers.set("Content-Type", "text/plain");
    call.headers.set("Content-Range", std::to_string(offset) + "-" + std::to_string(end - 1));
    add_token(call.headers, "JOB-TOKEN", job.token);
    auto answer = co_await caller_->perform(std::move(call));
    if (!answer) co_return read_patch(answer.error());
    co_return read_patch(*answer, end);
}

}  // namespace protocol::gitlab
