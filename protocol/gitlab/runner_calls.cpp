// Calls about runners: register, verify, unregister, reset tokens.
#include <utility>

#include "base/json.hpp"
#include "protocol/gitlab/api_caller.hpp"
#include "protocol/gitlab/request_bodies.hpp"

namespace protocol::gitlab {

using nlohmann::json;

base::Task<base::Result<TokenAnswer>> Client::register_runner(base::Secret registration_token,
                                                              RunnerDescription description,
                                                              RunnerInfo info) {
    json body = runner_body(description);
    body["token"] = registration_token.reveal();
    body["info"] = to_json(info);
    Call call = json_call("register_runner", "POST", "/runners", body);
    add_token(call.headers, "RUNNER-TOKEN", registration_token);
    auto answer = co_await caller_->expect_token(std::move(call), 201);
    co_return std::move(answer);
}

base::Task<base::Result<TokenAnswer>> Client::create_runner(base::Secret access_token,
                                                            RunnerScope scope,
                                                            RunnerDescription description) {
    json body = runner_body(description);
    body["runner_type"] = scope.runner_type;
    if (scope.group_id != 0) body["group_id"] = scope.group_id;
    if (scope.project_id != 0) body["project_id"] = scope.project_id;
    Call call = json_call("create_runner", "POST", "/user/runners", body);
    add_token(call.headers, "PRIVATE-TOKEN", access_token);
    auto answer = co_await caller_->expect_token(std::move(call), 201);
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
    auto answer = co_await caller_->expect(std::move(call), 200);
    if (!answer) co_return answer.error();
    if (!is_json(*answer)) {
        // Some servers answer 200 without JSON. It counts when the same request without an Accept
        // header is answered with 200, too.
        plain.wants_json = false;
        auto again = co_await caller_->expect(std::move(plain), 200);
        if (!again) co_return again.error();
        co_return TokenAnswer{0, std::move(token), {}};
    }
    caller_->remember_last_update(token, *answer);
    auto result = read_token(*answer);
    if (result && result->token.empty()) result->token = std::move(token);
    co_return std::move(result);
}

base::Task<base::Result<void>> Client::unregister(base::Secret token) {
    const json body = {{"token", token.reveal()}};
    Call call = json_call("unregister_runner", "DELETE", "/runners", body);
    add_token(call.headers, "RUNNER-TOKEN", token);
    auto answer = co_await caller_->expect(std::move(call), 204);
    if (!answer) co_return answer.error();
    co_return base::Result<void>();
}

base::Task<base::Result<void>> Client::unregister_manager(base::Secret token,
                                                          std::string system_id) {
    const json body = {{"token", token.reveal()}, {"system_id", system_id}};
    Call call = json_call("unregister_runner_manager", "DELETE", "/runners/managers", body);
    add_token(call.headers, "RUNNER-TOKEN", token);
    auto answer = co_await caller_->expect(std::move(call), 204);
    if (!answer) co_return answer.error();
    co_return base::Result<void>();
}

base::Task<base::Result<TokenAnswer>> Client::reset_token(base::Secret token) {
    const json body = {{"token", token.reveal()}};
    Call call = json_call("reset_token", "POST", "/runners/reset_authentication_token", body);
    auto answer = co_await caller_->expect_token(std::move(call), 201);
    co_return std::move(answer);
}

base::Task<base::Result<TokenAnswer>> Client::reset_token_of(std::int64_t runner_id,
                                                             base::Secret access_token) {
    const std::string path =
        "/runners/" + std::to_string(runner_id) + "/reset_authentication_token";
    Call call = json_call("reset_token", "POST", path, json());
    add_token(call.headers, "PRIVATE-TOKEN", access_token);
    auto answer = co_await caller_->expect_token(std::move(call), 201);
    co_return std::move(answer);
}

}  // namespace protocol::gitlab
