#include "protocol/gitlab/client.hpp"

#include <utility>

#include "protocol/gitlab/api_caller.hpp"

namespace protocol::gitlab {

std::string_view to_string(JobState state) {
    switch (state) {
        case JobState::kRunning: return "running";
        case JobState::kSuccess: return "success";
        case JobState::kFailed: return "failed";
    }
    return "failed";
}

Client::Client(std::unique_ptr<ApiCaller> caller) : caller_(std::move(caller)) {}
Client::~Client() = default;

std::string Client::base_url() const { return caller_->api().endpoint + caller_->api().path; }
void Client::close_idle() { caller_->http().close_idle(); }

base::Result<std::shared_ptr<Client>> make_client(const boost::asio::any_io_executor& executor,
                                                  ClientOptions options) {
    auto caller = ApiCaller::create(executor, std::move(options));
    if (!caller) return caller.error();
    return std::shared_ptr<Client>(new Client(std::move(*caller)));
}

}  // namespace protocol::gitlab
