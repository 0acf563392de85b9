#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "executors/docker/engine_api.hpp"
#include "protocol/http/client.hpp"
#include "protocol/http/stream.hpp"

namespace executors::docker {

/// An engine that answers from a table: "METHOD /path" without version and query → status and body.
/// Several answers to one call are given in their order, the last one from then on. Everything else
/// is 404. `asked` keeps what was asked for, in full.
struct EngineScript {
    struct Answer {
        unsigned status = 200;
        std::string body;
    };
    std::vector<std::pair<std::string, Answer>> answers;
    std::vector<std::string> asked;
    std::map<std::string, int> times{};  ///< how often each call came
    std::string api_version = "1.45";
    std::string exec_stream;  ///< what comes back from every exec, with its frames

    protocol::http::Response answer(const protocol::http::Request& request) {
        asked.push_back(request.method + " " + request.target);
        protocol::http::Response response;
        std::string path = request.target.substr(0, request.target.find('?'));
        if (path == "/_ping") {
            response.status = 200;
            response.headers.set("Api-Version", api_version);
            return response;
        }
        path.erase(0, path.find('/', 1));
        response.status = 404;
        response.body = R"({"message":"no such thing"})";
        const std::string wanted = request.method + " " + path;
        int left = ++times[wanted];
        for (const auto& [call, said] : answers) {
            if (call != wanted) continue;
            response.status = said.status;
            response.body = said.body;
            if (--left == 0) break;
        }
        return response;
    }
};

/// Three bytes at a time, so that frames arrive in pieces.
class ScriptedStream : public protocol::http::ByteStream {
  public:
    explicit ScriptedStream(std::string bytes) : bytes_(std::move(bytes)) {}

    base::Task<base::Result<std::size_t>> read_some(std::span<char> target) override {
        const std::size_t taken =
            bytes_.copy(target.data(), std::min<std::size_t>(3, target.size()));
        bytes_.erase(0, taken);
        co_return taken;
    }
    base::Task<base::Result<void>> write_all(std::string_view) override {
        co_return base::Result<void>();
    }
    void shutdown_write() override {}
    void close() override {}

  private:
    std::string bytes_;
};

/// The body in pieces of seven bytes, so that lines arrive in pieces.
class ScriptedResponse : public protocol::http::StreamingResponse {
  public:
    explicit ScriptedResponse(protocol::http::Response response) : head_(std::move(response)) {
        body_.swap(head_.body);
    }
    [[nodiscard]] const protocol::http::Response& head() const override { return head_; }
    base::Task<base::Result<std::string>> read_some(std::size_t limit) override {
        std::string piece = body_.substr(0, std::min<std::size_t>(7, limit));
        body_.erase(0, piece.size());
        co_return piece;
    }

  private:
    protocol::http::Response head_;
    std::string body_;
};

class ScriptedClient : public protocol::http::Client {
  public:
    explicit ScriptedClient(EngineScript& script) : script_(script) {}

    base::Task<base::Result<protocol::http::Response>> send(
        protocol::http::Request request) override {
        co_return script_.answer(request);
    }
    base::Task<base::Result<std::unique_ptr<protocol::http::StreamingResponse>>> open(
        protocol::http::Request request) override {
        std::unique_ptr<protocol::http::StreamingResponse> response =
            std::make_unique<ScriptedResponse>(script_.answer(request));
        co_return std::move(response);
    }
    base::Task<base::Result<std::unique_ptr<protocol::http::ByteStream>>> upgrade(
        protocol::http::Request request) override {
        static_cast<void>(script_.answer(request));
        std::unique_ptr<protocol::http::ByteStream> stream =
            std::make_unique<ScriptedStream>(script_.exec_stream);
        co_return std::move(stream);
    }
    void close_idle() override {}
    [[nodiscard]] std::string peer_ca_chain() const override { return {}; }

  private:
    EngineScript& script_;
};

/// "1" for standard output, "2" for standard error.
inline std::string exec_frame(char stream, const std::string& content) {
    const auto size = static_cast<char>(content.size());
    return std::string{static_cast<char>(stream - '0'), 0, 0, 0, 0, 0, 0, size} + content;
}

inline EngineApi scripted_api(EngineScript& script) {
    EngineEndpoint endpoint;
    endpoint.shown = "the test's engine";
    return EngineApi(endpoint, std::make_unique<ScriptedClient>(script));
}

}  // namespace executors::docker
