#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "protocol/gitlab/client.hpp"
#include "runner/config/config.hpp"

namespace runner::commands {

/// Calls of one GitLab server, one after another, each awaited. SIGINT and SIGTERM end a call with
/// kCancelled; the next call works again, so that what was begun can be taken back.
class GitlabSession {
  public:
    using Answer = base::Result<protocol::gitlab::TokenAnswer>;

    /// `runner` gives address and TLS files. kInvalidInput when they cannot be used.
    static base::Result<std::unique_ptr<GitlabSession>> open(const config::RunnerConfig& runner);
    ~GitlabSession();
    GitlabSession(const GitlabSession&) = delete;
    GitlabSession& operator=(const GitlabSession&) = delete;

    Answer register_runner(const base::Secret& registration_token,
                           const protocol::gitlab::RunnerDescription& description,
                           const protocol::gitlab::RunnerInfo& info);
    Answer create_runner(const base::Secret& access_token,
                         const protocol::gitlab::RunnerScope& scope,
                         const protocol::gitlab::RunnerDescription& description);
    Answer verify(const base::Secret& token, const std::string& system_id,
                  const protocol::gitlab::RunnerInfo& info);
    /// The manager for a token that was made in GitLab (glrt-), else the whole runner.
    base::Result<void> unregister(const base::Secret& token, const std::string& system_id);
    /// The whole runner, whatever its token.
    base::Result<void> delete_runner(const base::Secret& token);
    Answer reset_token(const base::Secret& token);
    Answer reset_token_of(std::int64_t runner_id, const base::Secret& access_token);

  private:
    class Impl;
    explicit GitlabSession(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// A token that GitLab made in its pages or by POST /user/runners.
bool is_created_token(const base::Secret& token);

/// The server's date (ISO 8601) as TOML has it, whole seconds; "" for none or what is no date.
std::string toml_date(const std::string& iso);

}  // namespace runner::commands
