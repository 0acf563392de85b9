#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "executors/docker/engine_api.hpp"
#include "protocol/http/client.hpp"

namespace executors::docker {

/// An engine that answers from a table: "METHOD /path" without version and query → status and body.
/// Everything else is 404. `asked` keeps what was asked for, in full.
struct EngineScript {
    struct Answer {
        unsigned status = 200;
        std::string body;
    };
    std::vector<std::pair<std::string, Answer>> answers;
    std::vector<std::string> asked;
    std::string api_version = "1.45";

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
        for (const auto& [call, said] : answers) {
            if (call != request.method + " " + path) continue;
            response.status = said.status;
            response.body = said.body;
        }
        return response;
    }
};

class ScriptedClient : public protocol::http::Client {
  public:
    explicit ScriptedClient(EngineScript& script) : script_(script) {}

    base::Task<base::Result<protocol::http::Response>> send(
        protocol::http::Request request) override {
        co_return script_.answer(request);
    }
    base::Task<base::Result<std::unique_ptr<protocol::http::StreamingResponse>>> open(
        protocol::http::Request) override {
        co_return base::make_error(base::ErrorKind::kInternal, "not scripted");
    }
    base::Task<base::Result<std::unique_ptr<protocol::http::ByteStream>>> upgrade(
        protocol::http::Request) override {
        co_return base::make_error(base::ErrorKind::kInternal, "not scripted");
    }
    void close_idle() override {}
    [[nodiscard]] std::string peer_ca_chain() const override { return {}; }

  private:
    EngineScript& script_;
};

inline EngineApi scripted_api(EngineScript& script) {
    EngineEndpoint endpoint;
    endpoint.shown = "the test's engine";
    return EngineApi(endpoint, std::make_unique<ScriptedClient>(script));
}

}  // namespace executors::docker
