#pragma once

#include "protocol/gitlab/payload.hpp"
#include "runner/script/text_expander.hpp"

namespace runner::script {

/// Replaces the variables in the texts of a payload that the writers of scripts read: keys,
/// fallback keys and policies of caches, and the lines of the release step (job-runtime.md §2.2).
/// Measures the texts that the job's shell expands. Call it once per payload.
void expand_texts(protocol::gitlab::JobPayload& payload, TextExpander& texts);

}  // namespace runner::script
