#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "protocol/http/client.hpp"
#include "protocol/http/url.hpp"
#include "runner/commands/blocking_calls.hpp"

namespace runner::commands {

/// The last answer or failure of an address, and how often it was asked.
struct Attempted {
    base::Result<protocol::http::Response> answer;
    unsigned attempts = 0;
};

/// Sends GET requests to any server, with the limits that GitLab sets for configuration files: 10 s
/// to connect; 30 s for one answer, and for all answers together, counted from the first request;
/// three tries for failures that may be temporary. Connections are reused. Every call blocks.
class WebFetch {
  public:
    static constexpr std::chrono::seconds kTotal{30};

    /// `ca_file`: more certificates to trust, "" for the system's only.
    WebFetch(BlockingCalls& calls, std::string ca_file);

    Attempted get(const std::string& address, const protocol::http::Headers& headers = {});
    /// Whether the time for all requests together is over.
    [[nodiscard]] bool out_of_time() const;

  private:
    base::Result<protocol::http::Client*> client_for(const protocol::http::Origin& origin);
    [[nodiscard]] std::chrono::nanoseconds time_left() const;

    BlockingCalls& calls_;
    std::string ca_file_;
    std::map<std::string, std::unique_ptr<protocol::http::Client>> clients_;
    std::chrono::steady_clock::time_point end_{};
};

}  // namespace runner::commands
