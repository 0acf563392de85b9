#pragma once

#include <optional>

#include "base/secret.hpp"
#include "protocol/http/message.hpp"
#include "runner/status/allowed_hosts.hpp"

namespace runner::status {

/// Who may read the pages over TCP, and what browsers may do with them. Pure.
class Access {
  public:
    Access() : hosts_({}, {}) {}
    /// `token`: empty for none.
    Access(AllowedHosts hosts, base::Secret token)
        : hosts_(std::move(hosts)), token_(std::move(token)) {}

    /// The refusal of a request; nullopt when it may be answered. The files of the page for people
    /// hold no data and need no token, because a browser cannot send one before it has them; the
    /// health pages need none, because the programs that ask them have none.
    [[nodiscard]] std::optional<protocol::http::Response> refuse(
        const protocol::http::Request& request) const;

  private:
    [[nodiscard]] bool has_token(const protocol::http::Request& request) const;

    AllowedHosts hosts_;
    base::Secret token_;
};

/// The headers that keep browsers from running, framing, sniffing or caching what they should not.
void add_browser_rules(protocol::http::Response& response);

}  // namespace runner::status
