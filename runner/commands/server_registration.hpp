#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "runner/commands/gitlab_session.hpp"
#include "runner/commands/register_plan.hpp"

namespace runner::commands {

/// GitLab's part of `register`: makes or verifies the runner there, and takes back what it made.
/// Every call blocks, and logs how it ended in the official program's words.
class ServerRegistration {
  public:
    using Answer = base::Result<protocol::gitlab::TokenAnswer>;

    /// What GitLab learns about this machine.
    struct Machine {
        std::string system_id;
        protocol::gitlab::RunnerInfo info;
    };

    /// `server` gives address and TLS files. kInvalidInput when they cannot be used.
    static base::Result<std::unique_ptr<ServerRegistration>> open(
        const config::RunnerConfig& server, Machine machine);

    /// An authentication token: answers the id and expiry of its runner. kProtocol for a GitLab
    /// that does not tell the id.
    Answer verify(const base::Secret& token);
    /// A registration token (legacy): makes a runner.
    Answer register_legacy(const base::Secret& token,
                           const protocol::gitlab::RunnerDescription& description);
    /// An access token: makes a runner, which is to be verified.
    Answer create(const base::Secret& access_token, const protocol::gitlab::RunnerScope& scope,
                  const protocol::gitlab::RunnerDescription& description);

    /// Removes at GitLab what was made there in the way `kind` says. A runner that only was
    /// verified stays.
    void take_back(Registration kind, const base::Secret& token);

  private:
    ServerRegistration(std::unique_ptr<GitlabSession> session, std::string url, Machine machine)
        : session_(std::move(session)), url_(std::move(url)), machine_(std::move(machine)) {}

    std::unique_ptr<GitlabSession> session_;
    std::string url_;  ///< for messages
    Machine machine_;
};

}  // namespace runner::commands
