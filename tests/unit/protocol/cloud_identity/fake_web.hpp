#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "protocol/cloud_identity/web_call.hpp"

namespace tests {

/// Services that give credentials, and the environment: each call gets the next answer of its
/// address, and an address without one is not reachable.
class FakeWeb {
  public:
    void answer(const std::string& url, std::string body, unsigned status = 200) {
        protocol::http::Response response;
        response.status = status;
        response.body = std::move(body);
        answers_[url].push_back(std::move(response));
    }
    void set(const std::string& name, std::string value) { variables_[name] = std::move(value); }
    protocol::cloud_identity::Surroundings surroundings() {
        return {[this](protocol::cloud_identity::WebCall call) { return take(std::move(call)); },
                [this](const std::string& name) {
                    const auto found = variables_.find(name);
                    return found == variables_.end() ? std::string() : found->second;
                }};
    }
    [[nodiscard]] std::vector<std::string> urls() const {
        std::vector<std::string> all;
        for (const auto& call : calls) all.push_back(call.request.method + " " + call.url);
        return all;
    }

    std::vector<protocol::cloud_identity::WebCall> calls;

  private:
    base::Task<base::Result<protocol::http::Response>> take(
        protocol::cloud_identity::WebCall call) {
        auto& waiting = answers_[call.url];
        calls.push_back(std::move(call));
        if (waiting.empty()) co_return base::make_error(base::ErrorKind::kUnavailable, "nobody");
        protocol::http::Response response = std::move(waiting.front());
        waiting.pop_front();
        if (response.status / 100 != 2) co_return protocol::cloud_identity::refused(response);
        co_return std::move(response);
    }

    std::map<std::string, std::deque<protocol::http::Response>> answers_;
    std::map<std::string, std::string> variables_;
};

}  // namespace tests
