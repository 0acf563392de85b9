#include "runner/local/job_end.hpp"

namespace runner::local {

using pipeline::state::Status;

JobEnd job_end_of(const journal::Outcome& outcome) {
    if (outcome.success()) return {};
    const journal::Failure& failure = *outcome.failure;
    JobEnd end;
    end.status =
        failure.reason == journal::FailureReason::kCanceled ? Status::kCanceled : Status::kFailed;
    end.reason = journal::to_string(failure.reason);
    if (failure.reason == journal::FailureReason::kScriptFailure) end.exit_code = failure.exit_code;
    end.note = note_of(failure.message);
    return end;
}

/// A message such as "The container is gone: code 1. Its last words:" goes on in the next lines;
/// the sentence that announces them is left out.
std::string note_of(const std::string& message) {
    std::string line = message.substr(0, message.find('\n'));
    if (!line.ends_with(':')) return line;
    const auto sentence = line.rfind(". ");
    line.resize(sentence == std::string::npos ? line.size() - 1 : sentence);
    return line;
}

}  // namespace runner::local
