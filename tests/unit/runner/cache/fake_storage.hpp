#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocol/http/client.hpp"
#include "runner/cache/storage_calls.hpp"

namespace tests {

/// What the next requests to a storage get, in order, and what they were.
struct StorageScript {
    struct Answer {
        unsigned status = 200;
        std::vector<std::pair<std::string, std::string>> headers{};
        std::string body{};
        /// Set: there is no answer at all, or, behind `body`, the connection breaks.
        std::optional<base::Error> failure{};
    };
    std::deque<Answer> answers;
    std::vector<protocol::http::Request> requests;
    std::vector<std::string> bodies;  ///< of the requests
    std::vector<std::string> endpoints;
};

/// An HTTP client without sockets.
class FakeStorageClient final : public protocol::http::Client {
  public:
    explicit FakeStorageClient(StorageScript& script) : script_(script) {}

    base::Task<base::Result<protocol::http::Response>> send(
        protocol::http::Request request) override {
        auto taking = take(std::move(request));
        auto answer = co_await std::move(taking);
        if (!answer) co_return answer.error();
        if (answer->failure) co_return *answer->failure;
        protocol::http::Response response = head_of(*answer);
        response.body = answer->body;
        co_return std::move(response);
    }
    base::Task<base::Result<std::unique_ptr<protocol::http::StreamingResponse>>> open(
        protocol::http::Request request) override {
        auto taking = take(std::move(request));
        auto answer = co_await std::move(taking);
        if (!answer) co_return answer.error();
        if (answer->failure && answer->body.empty()) co_return *answer->failure;
        std::unique_ptr<protocol::http::StreamingResponse> made =
            std::make_unique<Streamed>(head_of(*answer), *answer);
        co_return std::move(made);
    }
    base::Task<base::Result<std::unique_ptr<protocol::http::ByteStream>>> upgrade(
        protocol::http::Request) override {
        co_return base::make_error(base::ErrorKind::kInternal, "not used");
    }
    void close_idle() override {}
    [[nodiscard]] std::string peer_ca_chain() const override { return {}; }

  private:
    class Streamed final : public protocol::http::StreamingResponse {
      public:
        Streamed(protocol::http::Response head, StorageScript::Answer answer)
            : head_(std::move(head)), answer_(std::move(answer)) {}
        [[nodiscard]] const protocol::http::Response& head() const override { return head_; }
        base::Task<base::Result<std::string>> read_some(std::size_t) override {
            if (answer_.body.empty() && answer_.failure) co_return *answer_.failure;
            co_return std::exchange(answer_.body, std::string());
        }

      private:
        protocol::http::Response head_;
        StorageScript::Answer answer_;
    };

    static protocol::http::Response head_of(const StorageScript::Answer& answer) {
        protocol::http::Response head;
        head.status = answer.status;
        head.reason = std::string(protocol::http::reason_phrase(answer.status));
        for (const auto& [name, value] : answer.headers) head.headers.add(name, value);
        return head;
    }
    base::Task<base::Result<StorageScript::Answer>> take(protocol::http::Request request) {
        std::string body = request.body;
        while (request.source) {
            auto reading = (*request.source)();
            auto piece = co_await std::move(reading);
            if (!piece) co_return piece.error();
            if (piece->empty()) break;
            body += *piece;
        }
        script_.bodies.push_back(std::move(body));
        script_.requests.push_back(std::move(request));
        if (script_.answers.empty())
            co_return base::make_error(base::ErrorKind::kInternal, "one request too many");
        StorageScript::Answer answer = std::move(script_.answers.front());
        script_.answers.pop_front();
        co_return std::move(answer);
    }

    StorageScript& script_;
};

inline runner::cache::ClientMaker storage_clients(StorageScript& script) {
    return [&script](const std::string& endpoint) {
        script.endpoints.push_back(endpoint);
        return base::Result<std::unique_ptr<protocol::http::Client>>(
            std::make_unique<FakeStorageClient>(script));
    };
}

/// Gives `text` in pieces of at most `most` bytes.
inline protocol::http::BodySource pieces_of(std::string text, std::size_t most = 3) {
    const auto rest = std::make_shared<std::string>(std::move(text));
    return [rest, most]() -> base::Task<base::Result<std::string>> {
        std::string piece = rest->substr(0, most);
        rest->erase(0, most);
        co_return piece;
    };
}

}  // namespace tests
