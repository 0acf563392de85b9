#include "protocol/gitlab/request_bodies.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace protocol::gitlab {
namespace {

TEST(RunnerBody, LeavesOutEmptyTextsAndKeepsFlags) {
    EXPECT_EQ(base::dump_json(runner_body({})),
              R"({"locked":true,"paused":false,"run_untagged":true})");
    RunnerDescription full;
    full.description = "d";
    full.maintenance_note = "n";
    full.tag_list = "a,b";
    full.access_level = "ref_protected";
    full.maximum_timeout = 600;
    EXPECT_EQ(runner_body(full)["maximum_timeout"], 600);
    EXPECT_EQ(runner_body(full)["tag_list"], "a,b");
    EXPECT_EQ(runner_body(full)["access_level"], "ref_protected");
}

TEST(UpdateBody, NamesTheReasonOfAFailureOnly) {
    JobUpdate update;
    update.failure_reason = "script_failure";
    const JobCredentials job{1, base::Secret("tok")};
    EXPECT_FALSE(update_body(job, update).contains("failure_reason"));
    update.state = JobState::kFailed;
    update.exit_code = 3;
    const auto body = update_body(job, update);
    EXPECT_EQ(body["state"], "failed");
    EXPECT_EQ(body["failure_reason"], "script_failure");
    EXPECT_EQ(body["exit_code"], 3);
    EXPECT_EQ(body["token"], "tok");
}

TEST(UpdateBody, HasChecksumAndSizeOnceThereIsALog) {
    JobUpdate update;
    const JobCredentials job{1, base::Secret("tok")};
    const auto without = update_body(job, update);
    EXPECT_FALSE(without.contains("checksum"));
    EXPECT_EQ(without["output"], nlohmann::json::object());
    update.checksum = "crc32:00000001";
    update.bytesize = 7;
    const auto with = update_body(job, update);
    EXPECT_EQ(with["checksum"], "crc32:00000001");
    EXPECT_EQ(with["output"]["checksum"], "crc32:00000001");
    EXPECT_EQ(with["output"]["bytesize"], 7);
}

TEST(RequestBody, HasTheQueueKeyAndTheSessionWhenTheyAreKnown) {
    JobRequest request;
    request.token = base::Secret("tok");
    const auto plain = request_body(request, "");
    EXPECT_FALSE(plain.contains("last_update"));
    EXPECT_FALSE(plain.contains("system_id"));
    request.system_id = "s_1";
    const auto full = request_body(request, "key");
    EXPECT_EQ(full["last_update"], "key");
    EXPECT_EQ(full["system_id"], "s_1");
    EXPECT_FALSE(full.contains("session"));
    request.session = SessionInfo{"https://a:1/session/x", "PEM", base::Secret("authorization")};
    EXPECT_EQ(
        base::dump_json(request_body(request, "")["session"]),
        R"({"authorization":"authorization","certificate":"PEM","url":"https://a:1/session/x"})");
}

}  // namespace
}  // namespace protocol::gitlab
