#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "protocol/gitlab/responses.hpp"
#include "protocol/gitlab/runner_state.hpp"
#include "runner/config/config.hpp"
#include "runner/doctor/finding.hpp"

/// Judges what a GitLab server answers. Pure.
namespace runner::doctor {

/// An answer to a request that needs no token; its status does not matter unless the server has
/// failed.
struct Contact {
    unsigned status = 0;
    std::optional<std::int64_t> date{};  ///< of the header Date, seconds since 1970
    std::int64_t sent = 0;               ///< by this machine's clock, seconds since 1970
    std::int64_t received = 0;           ///< the same; a slow answer is not a wrong clock
};

/// Whether the server answers. `through_proxy`: a proxy is used for this address.
Finding judge_contact(const std::string& url, const base::Result<Contact>& contact,
                      bool through_proxy);

/// The difference of this machine's clock and the server's.
Finding judge_clock(const std::string& url, const base::Result<Contact>& contact);

/// Whether GitLab knows the token, and how long it is valid. `now`: seconds since 1970.
Finding judge_token(const config::RunnerConfig& runner,
                    const base::Result<protocol::gitlab::TokenAnswer>& answer, std::int64_t now);

/// Whether GitLab gives jobs to the runner.
Finding judge_paused(const config::RunnerConfig& runner,
                     const base::Result<protocol::gitlab::RunnerState>& state);

/// "2 h 59 min", "40 s".
std::string readable_seconds(std::int64_t seconds);

}  // namespace runner::doctor
