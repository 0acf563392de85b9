#include "protocol/gitlab/runner_state.hpp"

#include <utility>

#include "base/json.hpp"
#include "protocol/gitlab/api_caller.hpp"
#include "protocol/gitlab/responses.hpp"

namespace protocol::gitlab {

using nlohmann::json;

base::Task<base::Result<RunnerState>> ask_runner_state(boost::asio::any_io_executor executor,
                                                       ClientOptions options,
                                                       std::int64_t runner_id,
                                                       base::Secret access_token) {
    auto caller = ApiCaller::create(executor, std::move(options));
    if (!caller) co_return caller.error();
    Call call;
    call.endpoint = "runner_state";
    call.method = "GET";
    call.path = "/runners/" + std::to_string(runner_id);
    call.wants_json = true;
    add_token(call.headers, "PRIVATE-TOKEN", access_token);
    auto answer = co_await (*caller)->expect(std::move(call), 200);
    if (!answer) co_return answer.error();
    co_return read_runner_state(*answer);
}

base::Result<RunnerState> read_runner_state(const http::Response& answer) {
    const json parsed = base::parse_foreign_json(answer.body);
    const bool complete = parsed.is_object() && parsed.contains("paused") &&
                          parsed["paused"].is_boolean() && parsed.contains("id") &&
                          parsed["id"].is_number_integer();
    if (!is_json(answer) || !complete) {
        return base::make_error(base::ErrorKind::kProtocol,
                                "GitLab does not say whether the runner is paused");
    }
    return RunnerState{parsed["id"].get<std::int64_t>(), parsed["paused"].get<bool>()};
}

}  // namespace protocol::gitlab
