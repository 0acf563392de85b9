#include "runner/daemon/server_contacts.hpp"

#include <gtest/gtest.h>

namespace runner::daemon {
namespace {

using protocol::gitlab::JobRequestAnswer;
using protocol::gitlab::JobRequestOutcome;
using status::LastAnswer;

JobRequestAnswer answer(JobRequestOutcome outcome, unsigned status, const char* message = "") {
    JobRequestAnswer made;
    made.outcome = outcome;
    made.status = status;
    made.message = message;
    return made;
}

status::RunnerState after(const ServerContacts& contacts) {
    status::RunnerState runner;
    contacts.describe("key", runner);
    return runner;
}

TEST(ServerContacts, TellTheKindOfTheLastAnswer) {
    using Outcome = JobRequestOutcome;
    struct Case {
        JobRequestAnswer answer;
        LastAnswer kind;
        bool healthy;
    };
    JobRequestAnswer unusable = answer(Outcome::kForbidden, 0, "bad URL");
    unusable.unusable = true;
    for (const auto& [given, kind, healthy] : std::vector<Case>{
             {answer(Outcome::kJob, 201), LastAnswer::kJob, true},
             {answer(Outcome::kNone, 204), LastAnswer::kNoJob, true},
             {answer(Outcome::kConflict, 409), LastAnswer::kNoJob, true},
             {answer(Outcome::kForbidden, 403, "403 Forbidden"), LastAnswer::kRefused, false},
             {unusable, LastAnswer::kUnusable, false},
             {answer(Outcome::kFailed, 0, "refused"), LastAnswer::kNoServer, true},
             {answer(Outcome::kFailed, 502, "502"), LastAnswer::kError, true},
             {answer(Outcome::kCancelled, 0), LastAnswer::kNone, true},
         }) {
        ServerContacts contacts;
        contacts.note("key", given, 5);
        const auto runner = after(contacts);
        EXPECT_EQ(runner.last_kind, kind) << given.message;
        EXPECT_EQ(runner.healthy, healthy) << given.message;
    }
    EXPECT_EQ(after(ServerContacts()).last_kind, LastAnswer::kNone);
}

TEST(ServerContacts, AFailureLastsSinceItBegan) {
    ServerContacts contacts;
    contacts.note("key", answer(JobRequestOutcome::kNone, 204), 10);
    EXPECT_EQ(after(contacts).failing_since_unix_micros, 0);
    for (const int now : {20, 30, 40}) {
        contacts.note("key", answer(JobRequestOutcome::kFailed, 0, "refused"), now);
        EXPECT_EQ(after(contacts).failing_since_unix_micros, 20);
    }
    EXPECT_EQ(after(contacts).last_contact_unix_micros, 10);
    EXPECT_EQ(after(contacts).last_answer, "refused");
    contacts.note("key", answer(JobRequestOutcome::kForbidden, 403), 50);
    EXPECT_EQ(after(contacts).failing_since_unix_micros, 50) << "another failure";
    contacts.note("key", answer(JobRequestOutcome::kNone, 204), 60);
    EXPECT_EQ(after(contacts).failing_since_unix_micros, 0);
    EXPECT_EQ(after(contacts).last_contact_unix_micros, 60);
    contacts.note("other", answer(JobRequestOutcome::kFailed, 0), 70);
    EXPECT_EQ(after(contacts).failing_since_unix_micros, 0) << "another server";
}

}  // namespace
}  // namespace runner::daemon
