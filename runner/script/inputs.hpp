#pragma once

#include "base/result.hpp"
#include "protocol/gitlab/payload.hpp"

/// Job inputs: `${{ job.inputs.NAME }}` in what the server sent becomes the input's value
/// (runner-protocol.md §2.7.12). Pure.
namespace runner::script {

struct InputsExpansion {
    enum class Problem { kNone, kParse, kEvaluation, kSensitive };
    int count = 0;  ///< expressions that were replaced
    Problem problem = Problem::kNone;
    std::string message;  ///< with a problem: what is wrong, and where
};

/// Changes nothing in a payload without inputs: there "${{" is text like any other. With a problem
/// the payload may be changed in part.
InputsExpansion expand_inputs(protocol::gitlab::JobPayload& payload);

}  // namespace runner::script
