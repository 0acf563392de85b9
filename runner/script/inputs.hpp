#pragma once

#include "base/result.hpp"
#include "protocol/gitlab/payload.hpp"

/// Job inputs: evaluates the expressions `${{ … }}` of a payload, in which `job.inputs.NAME` is the
/// value of an input (runner-protocol.md, "2.7.12 `inputs[]`"; runner/moa has the language). Pure.
namespace runner::script {

struct InputsExpansion {
    enum class Problem { kNone, kParse, kEvaluation, kSensitive };
    int count = 0;  ///< expressions that were replaced
    Problem problem = Problem::kNone;
    std::string message;  ///< with a problem: what is wrong, and in which field
};

/// In a payload without inputs "${{" has no meaning, and nothing changes. When there is a problem,
/// a part of the payload may have been changed.
InputsExpansion expand_inputs(protocol::gitlab::JobPayload& payload);

}  // namespace runner::script
