#include "runner/daemon/server_contacts.hpp"

namespace runner::daemon {

namespace gitlab = protocol::gitlab;
using status::LastAnswer;

namespace {

LastAnswer kind_of(const gitlab::JobRequestAnswer& answer) {
    switch (answer.outcome) {
        case gitlab::JobRequestOutcome::kJob: return LastAnswer::kJob;
        case gitlab::JobRequestOutcome::kNone:
        case gitlab::JobRequestOutcome::kConflict: return LastAnswer::kNoJob;
        case gitlab::JobRequestOutcome::kForbidden:
            return answer.unusable ? LastAnswer::kUnusable : LastAnswer::kRefused;
        case gitlab::JobRequestOutcome::kFailed:
            return answer.status == 0 ? LastAnswer::kNoServer : LastAnswer::kError;
        case gitlab::JobRequestOutcome::kCancelled: break;
    }
    return LastAnswer::kNone;
}

std::string describe_answer(const gitlab::JobRequestAnswer& answer) {
    if (!answer.message.empty()) return answer.message;
    return answer.status == 0 ? "no answer" : std::to_string(answer.status);
}

}  // namespace

void ServerContacts::note(const std::string& key, const gitlab::JobRequestAnswer& answer,
                          std::int64_t now_unix_micros) {
    const LastAnswer kind = kind_of(answer);
    if (kind == LastAnswer::kNone) return;
    Contact& contact = contacts_[key];
    const bool good = kind == LastAnswer::kJob || kind == LastAnswer::kNoJob;
    if (answer.status != 0) contact.unix_micros = now_unix_micros;
    if (good) contact.failing_since = 0;
    // Another failure is another matter: since when this one lasts is what helps.
    if (!good && contact.kind != kind) contact.failing_since = now_unix_micros;
    contact.answer = describe_answer(answer);
    contact.kind = kind;
}

void ServerContacts::describe(const std::string& key, status::RunnerState& runner) const {
    const auto found = contacts_.find(key);
    if (found == contacts_.end()) return;
    const Contact& contact = found->second;
    runner.healthy = contact.kind != LastAnswer::kRefused && contact.kind != LastAnswer::kUnusable;
    runner.last_contact_unix_micros = contact.unix_micros;
    runner.last_answer = contact.answer;
    runner.last_kind = contact.kind;
    runner.failing_since_unix_micros = contact.failing_since;
}

}  // namespace runner::daemon
