#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "protocol/gitlab/client.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::daemon {

/// When the servers were heard last, and what they said to the last requests for jobs, by
/// RunnerEntry::key. Pure: the time comes from the caller.
class ServerContacts {
  public:
    void note(const std::string& key, const protocol::gitlab::JobRequestAnswer& answer,
              std::int64_t now_unix_micros);
    /// The server has answered another request of the runner.
    void heard(const std::string& key, std::int64_t now_unix_micros) {
        contacts_[key].unix_micros = now_unix_micros;
    }
    /// Sets the fields of `runner` that are about the server.
    void describe(const std::string& key, status::RunnerState& runner) const;

  private:
    struct Contact {
        std::int64_t unix_micros = 0;
        std::int64_t failing_since = 0;
        std::string answer;
        status::LastAnswer kind = status::LastAnswer::kNone;
    };
    std::map<std::string, Contact> contacts_;
};

}  // namespace runner::daemon
