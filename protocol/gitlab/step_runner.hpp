#pragma once

#include "protocol/gitlab/payload.hpp"

namespace protocol::gitlab {

/// CI steps (`run`) are not supported natively: the program `step-runner` of the job's image runs
/// them (runner-protocol.md §2.7.5). JobPayload::run keeps those of a job with a script or with the
/// variable STEPS, which cannot be run. Pure.
void replace_run_by_a_script(JobPayload& payload);

}  // namespace protocol::gitlab
