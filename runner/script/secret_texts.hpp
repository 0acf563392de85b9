#pragma once

#include <vector>

#include "protocol/gitlab/secret.hpp"
#include "runner/script/text_expander.hpp"

namespace runner::script {

/// Replaces the variables in the fields of secrets, and gives roles of AWS the session's default
/// name (runner-protocol.md §2.7.13). Those of GitLab Secrets Manager stay as they are. Call it
/// once per payload.
void expand_secrets(std::vector<protocol::gitlab::Secret>& secrets, TextExpander& texts);

}  // namespace runner::script
