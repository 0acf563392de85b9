#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/task.hpp"
#include "protocol/http/client.hpp"
#include "runner/secrets/provider_calls.hpp"

namespace tests {

/// A provider of secrets without sockets: `answer` is asked for every request, whose endpoint and
/// target are written down as "GET https://host:443/path".
struct FakeProvider {
    using Response = protocol::http::Response;

    std::function<base::Result<Response>(const std::string& call,
                                         const protocol::http::Request& request)>
        answer;
    std::vector<std::string> calls;
    bool stalls = false;  ///< it never answers

    static Response json(unsigned status, std::string body) {
        Response response;
        response.status = status;
        response.reason = std::string(protocol::http::reason_phrase(status));
        response.body = std::move(body);
        return response;
    }
    runner::secrets::ClientMaker clients() {
        return [this](const std::string& endpoint) {
            return base::Result<std::unique_ptr<protocol::http::Client>>(
                std::make_unique<Client>(*this, endpoint));
        };
    }

  private:
    class Client final : public protocol::http::Client {
      public:
        Client(FakeProvider& provider, std::string endpoint)
            : provider_(provider), endpoint_(std::move(endpoint)) {}

        base::Task<base::Result<Response>> send(protocol::http::Request request) override {
            const std::string call = request.method + " " + endpoint_ + request.target;
            provider_.calls.push_back(call);
            if (provider_.stalls) {
                const bool slept = co_await base::sleep_for(std::chrono::hours(1));
                static_cast<void>(slept);
                co_return base::make_error(base::ErrorKind::kCancelled, "no answer");
            }
            co_return provider_.answer(call, request);
        }
        base::Task<base::Result<std::unique_ptr<protocol::http::StreamingResponse>>> open(
            protocol::http::Request) override {
            co_return base::make_error(base::ErrorKind::kInternal, "not used");
        }
        base::Task<base::Result<std::unique_ptr<protocol::http::ByteStream>>> upgrade(
            protocol::http::Request) override {
            co_return base::make_error(base::ErrorKind::kInternal, "not used");
        }
        void close_idle() override {}
        [[nodiscard]] std::string peer_ca_chain() const override { return {}; }

      private:
        FakeProvider& provider_;
        std::string endpoint_;
    };
};

}  // namespace tests
