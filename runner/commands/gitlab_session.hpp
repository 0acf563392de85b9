#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "protocol/gitlab/client.hpp"
#include "runner/config/config.hpp"

namespace runner::commands {

/// Calls one GitLab server. Every call blocks. SIGINT and SIGTERM end a call with kCancelled; the
/// next call works again, so that a command can undo what it has begun.
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
    /// Removes the runner manager of a token that was made in GitLab (glrt-), else the runner.
    base::Result<void> unregister(const base::Secret& token, const std::string& system_id);
    /// Removes the runner, whatever kind of token it has.
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

/// A date of the server (ISO 8601) as TOML writes it, in whole seconds; "" for none, or for a text
/// that is no date.
std::string toml_date(const std::string& iso);

}  // namespace runner::commands
