#include "protocol/gitlab/client.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "protocol/gitlab/client_impl.hpp"
#include "protocol/gitlab/retry.hpp"

namespace protocol::gitlab {

using base::ErrorKind;
using nlohmann::json;

namespace {

Call json_call(std::string_view endpoint, std::string method, std::string path, const json& body) {
    Call call;
    call.endpoint = endpoint;
    call.method = std::move(method);
    call.path = std::move(path);
    call.body = base::dump_json(body);
    call.headers.set("Content-Type", "application/json");
    return call;
}

std::string job_path(const JobCredentials& job) { return "/jobs/" + std::to_string(job.id); }

json describe_runner(const RunnerDescription& description) {
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

}  // namespace

std::string_view to_string(JobState state) {
    switch (state) {
        case JobState::kRunning: return "running";
        case JobState::kSuccess: return "success";
        case JobState::kFailed: return "failed";
    }
    return "failed";
}

void add_token(http::Headers& headers, const char* name, const base::Secret& token) {
    if (!token.empty()) headers.set(name, token.reveal());
}

http::ClientOptions http_options(const ClientOptions& options, std::string endpoint) {
    http::ClientOptions wanted;
    wanted.endpoint = std::move(endpoint);
    wanted.tls = options.tls;
    wanted.user_agent = user_agent();
    wanted.proxy_from_environment = true;
    wanted.max_age = std::max(options.connection_max_age, std::chrono::seconds(0));
    return wanted;
}

// --- Impl: what all calls have in common ---

Client::Impl::Impl(ClientOptions options, ApiUrl api, std::unique_ptr<http::Client> http,
                   boost::asio::any_io_executor executor)
    : options_(std::move(options)),
      api_(std::move(api)),
      http_(std::move(http)),
      executor_(std::move(executor)) {}

http::Request Client::Impl::make_request(const Call& call) const {
    http::Request request;
    request.method = call.method;
    request.target = api_.path + call.path + call.query;
    request.headers = call.headers;
    if (call.headers.get("X-Request-Id").empty())
        request.headers.set("X-Request-Id", base::random_hex(16));
    if (call.wants_json) request.headers.set("Accept", "application/json");
    return request;
}

std::string Client::Impl::name_of(const Call& call) const {
    return call.method + " " + api_.endpoint + api_.path + call.path;
}

void Client::Impl::report(const CallRecord& record) const {
    if (options_.on_request) options_.on_request(record);
}

base::Task<base::Result<http::Response>> Client::Impl::perform(Call call, CallRecord& record) {
    const auto begin = std::chrono::steady_clock::now();
    record = CallRecord{call.endpoint, call.method, 0, {}, 0, false};
    while (true) {
        ++record.attempts;
        http::Request request = make_request(call);
        request.body = call.body;
        request.file = call.file;
        auto answer = co_await http_->send(std::move(request));
        record.duration = std::chrono::steady_clock::now() - begin;
        record.status = answer ? answer->status : 0;
        if (answer && is_retriable(answer->status)) record.retriable_seen = true;
        if (!answer) {
            report(record);
            co_return answer.error().with_context(name_of(call));
        }
        const auto wait = RetryPolicy::next_delay(
            record.attempts, *answer, base::unix_micros_now() / 1'000'000, base::random_unit());
        if (!wait) {
            report(record);
            co_return std::move(*answer);
        }
        base::log::debug(
            "The server asks to come back later",
            {{"call", name_of(call)}, {"status", record.status}, {"wait_ms", wait->count()}});
        const bool waited = co_await base::sleep_for(*wait);
        if (!waited) {
            report(record);
            co_return base::make_error(ErrorKind::kCancelled, name_of(call) + ": stopped");
        }
    }
}

base::Task<base::Result<http::Response>> Client::Impl::perform(Call call) {
    CallRecord record;
    auto answer = co_await perform(std::move(call), record);
    co_return std::move(answer);
}

base::Task<base::Result<http::Response>> Client::Impl::expect(Call call, unsigned expected) {
    const std::string name = name_of(call);
    auto answer = co_await perform(std::move(call));
    if (answer && answer->status != expected) co_return status_error(name, *answer);
    co_return std::move(answer);
}

base::Task<base::Result<TokenAnswer>> Client::Impl::expect_token(Call call, unsigned expected) {
    const std::string name = name_of(call);
    call.wants_json = true;
    auto answer = co_await expect(std::move(call), expected);
    if (!answer) co_return answer.error();
    auto token = read_token(*answer);
    if (!token) co_return token.error().with_context(name);
    if (token->token.empty()) {
        co_return base::make_error(ErrorKind::kProtocol, name + ": the answer holds no token");
    }
    co_return std::move(token);
}

std::string Client::Impl::last_update(const base::Secret& token) const {
    return token == last_update_token_ ? last_update_ : std::string();
}

void Client::Impl::remember(const base::Secret& token, const http::Response& answer) {
    const std::string_view value = answer.headers.get("X-GitLab-Last-Update");
    if (value.empty()) return;
    last_update_ = std::string(value);
    last_update_token_ = token;
}

// --- The calls ---

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

std::string Client::base_url() const { return impl_->api().endpoint + impl_->api().path; }
void Client::close_idle() { impl_->http().close_idle(); }

base::Result<std::shared_ptr<Client>> make_client(const boost::asio::any_io_executor& executor,
                                                  ClientOptions options) {
    auto api = api_url(options.url);
    if (!api) return api.error();
    auto http = http::make_client(executor, http_options(options, api->endpoint));
    if (!http) return http.error();
    auto impl = std::make_unique<Client::Impl>(std::move(options), std::move(*api),
                                               std::move(*http), executor);
    return std::shared_ptr<Client>(new Client(std::move(impl)));
}

base::Task<base::Result<TokenAnswer>> Client::register_runner(base::Secret registration_token,
                                                              RunnerDescription description,
                                                              RunnerInfo info) {
    json body = describe_runner(description);
    body["token"] = registration_token.reveal();
    body["info"] = to_json(info);
    Call call = json_call("register_runner", "POST", "/runners", body);
    add_token(call.headers, "RUNNER-TOKEN", registration_token);
    auto answer = co_await impl_->expect_token(std::move(call), 201);
    co_return std::move(answer);
}

base::Task<base::Result<TokenAnswer>> Client::create_runner(base::Secret access_token,
                                                            RunnerScope scope,
                                                            RunnerDescription description) {
    json body = describe_runner(description);
    body["runner_type"] = scope.runner_type;
    if (scope.group_id != 0) body["group_id"] = scope.group_id;
    if (scope.project_id != 0) body["project_id"] = scope.project_id;
    Call call = json_call("create_runner", "POST", "/user/runners", body);
    add_token(call.headers, "PRIVATE-TOKEN", access_token);
    auto answer = co_await impl_->expect_token(std::move(call), 201);
    co_return std::move(answer);
}

base::Task<base::Result<TokenAnswer>> Client::verify(base::Secret token, std::string system_id,
                                                     RunnerInfo info) {
    json body = {{"info", to_json(info)}, {"token", token.reveal()}};
    if (!system_id.empty()) body["system_id"] = system_id;
    Call call = json_call("verify_runner", "POST", "/runners/verify", body);
    call.wants_json = true;
    add_token(call.headers, "RUNNER-TOKEN", token);
    Call plain = call;
    auto answer = co_await impl_->expect(std::move(call), 200);
    if (!answer) co_return answer.error();
    if (!is_json(*answer)) {
        // Servers that say plain "200" are believed when they say it to a request that does not ask
        // for JSON.
        plain.wants_json = false;
        auto again = co_await impl_->expect(std::move(plain), 200);
        if (!again) co_return again.error();
        co_return TokenAnswer{0, std::move(token), {}};
    }
    impl_->remember(token, *answer);
    auto result = read_token(*answer);
    if (result && result->token.empty()) result->token = std::move(token);
    co_return std::move(result);
}

base::Task<base::Result<void>> Client::unregister(base::Secret token) {
    const json body = {{"token", token.reveal()}};
    Call call = json_call("unregister_runner", "DELETE", "/runners", body);
    add_token(call.headers, "RUNNER-TOKEN", token);
    auto answer = co_await impl_->expect(std::move(call), 204);
    if (!answer) co_return answer.error();
    co_return base::Result<void>();
}

base::Task<base::Result<void>> Client::unregister_manager(base::Secret token,
                                                          std::string system_id) {
    const json body = {{"token", token.reveal()}, {"system_id", system_id}};
    Call call = json_call("unregister_runner_manager", "DELETE", "/runners/managers", body);
    add_token(call.headers, "RUNNER-TOKEN", token);
    auto answer = co_await impl_->expect(std::move(call), 204);
    if (!answer) co_return answer.error();
    co_return base::Result<void>();
}

base::Task<base::Result<TokenAnswer>> Client::reset_token(base::Secret token) {
    const json body = {{"token", token.reveal()}};
    Call call = json_call("reset_token", "POST", "/runners/reset_authentication_token", body);
    auto answer = co_await impl_->expect_token(std::move(call), 201);
    co_return std::move(answer);
}

base::Task<base::Result<TokenAnswer>> Client::reset_token_of(std::int64_t runner_id,
                                                             base::Secret access_token) {
    const std::string path =
        "/runners/" + std::to_string(runner_id) + "/reset_authentication_token";
    Call call = json_call("reset_token", "POST", path, json());
    add_token(call.headers, "PRIVATE-TOKEN", access_token);
    auto answer = co_await impl_->expect_token(std::move(call), 201);
    co_return std::move(answer);
}

base::Task<JobRequestAnswer> Client::request_job(JobRequest request) {
    const json body = request_body(request, impl_->last_update(request.token));
    Call call = json_call("request_job", "POST", "/jobs/request", body);
    call.wants_json = true;
    add_token(call.headers, "RUNNER-TOKEN", request.token);
    const std::string request_id = base::random_hex(16);
    call.headers.set("X-Request-Id", request_id);
    CallRecord record;
    auto answer = co_await impl_->perform(std::move(call), record);
    JobRequestAnswer result;
    if (answer) {
        impl_->remember(request.token, *answer);
        result = read_job_request(*answer);
        if (result.outcome == JobRequestOutcome::kJob) {
            if (result.correlation_id.empty()) result.correlation_id = request_id;
            result.payload = std::move(answer->body);
            result.tls_ca_chain = impl_->http().peer_ca_chain();
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
    auto answer = co_await impl_->perform(std::move(call));
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
    auto answer = co_await impl_->perform(std::move(call));
    if (!answer) co_return read_patch(answer.error());
    co_return read_patch(*answer, end);
}

}  // namespace protocol::gitlab
