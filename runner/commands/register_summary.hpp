#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "protocol/gitlab/client.hpp"
#include "runner/commands/arguments.hpp"

/// What `register` tells a person at its end.
namespace runner::commands {

struct RegisteredRunner {
    std::string name;
    std::string url;
    std::int64_t id = 0;
    std::string expires;  ///< of the token, RFC 3339; "" for never
    std::string executor;
    std::string image;  ///< "" for none
    base::Secret token;
    /// What GitLab was told and has accepted; nullopt for a runner that was made in GitLab's pages,
    /// whose tags and rights the API does not tell to a runner.
    std::optional<protocol::gitlab::RunnerDescription> told;
};

/// What is known of the runner, a line for each fact. Pure.
std::string registration_summary(const RegisteredRunner& runner);

/// Whether there is a daemon that takes the new entry up by itself.
enum class DaemonState { kRuns, kPaused, kServiceStopped, kNone };
/// Asks the daemon of the configuration, and systemd.
DaemonState daemon_state(const Values& values);
/// The command to type next, with a word about why. `config` is "" for the default one. Pure.
std::string next_step(DaemonState state, const std::string& config);

}  // namespace runner::commands
