#include "protocol/gitlab/responses.hpp"

#include <gtest/gtest.h>

namespace {

using base::ErrorKind;
using base::make_error;
using protocol::gitlab::describe;
using protocol::gitlab::JobRequestOutcome;
using protocol::gitlab::PatchOutcome;
using protocol::gitlab::read_job_request;
using protocol::gitlab::read_patch;
using protocol::gitlab::read_signals;
using protocol::gitlab::read_token;
using protocol::gitlab::read_update;
using protocol::gitlab::reason_in;
using protocol::gitlab::status_error;
using protocol::gitlab::UpdateOutcome;
using protocol::http::Response;
using Fields = std::vector<std::pair<std::string, std::string>>;

Response answer(unsigned status, const Fields& fields = {}, std::string body = "") {
    Response response;
    response.status = status;
    response.body = std::move(body);
    for (const auto& [name, value] : fields) response.headers.add(name, value);
    return response;
}

Response with_json(unsigned status, std::string body) {
    return answer(status, {{"Content-Type", "application/json; charset=utf-8"}}, std::move(body));
}

TEST(JobRequest, FollowsTheTableOfStatuses) {
    using O = JobRequestOutcome;
    const std::vector<std::pair<unsigned, O>> cases{
        {204, O::kNone},   {400, O::kFailed},   {401, O::kFailed}, {403, O::kForbidden},
        {404, O::kFailed}, {409, O::kConflict}, {413, O::kFailed}, {422, O::kFailed},
        {429, O::kFailed}, {500, O::kFailed},   {502, O::kFailed}, {503, O::kFailed},
        {200, O::kFailed}, {201, O::kFailed},   {302, O::kFailed}};
    for (const auto& [status, outcome] : cases) {
        const auto read = read_job_request(answer(status));
        EXPECT_EQ(read.outcome, outcome) << status;
        EXPECT_EQ(read.status, status);
        EXPECT_EQ(read.healthy(), status != 403) << status;
        const bool silent = outcome == O::kNone || outcome == O::kConflict;
        EXPECT_EQ(read.message.empty(), silent) << status;
    }
    EXPECT_EQ(read_job_request(with_json(201, "{}")).outcome, O::kJob);
    EXPECT_EQ(read_job_request(answer(201, {{"Content-Type", "text/html"}}, "{}")).outcome,
              O::kFailed);
}

TEST(JobRequest, OnlyAnUnusableClientIsUnhealthyWithoutAnAnswer) {
    const auto down = read_job_request(make_error(ErrorKind::kUnavailable, "refused"));
    EXPECT_EQ(down.outcome, JobRequestOutcome::kFailed);
    EXPECT_TRUE(down.healthy());
    EXPECT_EQ(down.message, "refused");
    const auto stopped = read_job_request(make_error(ErrorKind::kCancelled, "stopped"));
    EXPECT_EQ(stopped.outcome, JobRequestOutcome::kCancelled);
    EXPECT_TRUE(stopped.healthy());
    const auto unusable = read_job_request(make_error(ErrorKind::kInvalidInput, "bad URL"));
    EXPECT_FALSE(unusable.healthy());
    EXPECT_TRUE(unusable.unusable);
}

struct Update {
    unsigned status;
    std::string job_status;
    UpdateOutcome outcome;
};

TEST(JobUpdate, FollowsTheRulesInTheirOrder) {
    using O = UpdateOutcome;
    const std::vector<Update> cases{
        {200, "", O::kOk},
        {200, "running", O::kOk},
        {200, "success", O::kOk},
        {200, "canceling", O::kOk},
        {202, "", O::kAccepted},
        {202, "canceling", O::kAccepted},
        {412, "running", O::kReset},
        // The state of the job decides, whatever the status is.
        {200, "canceled", O::kAborted},
        {202, "failed", O::kAborted},
        {412, "failed", O::kAborted},
        {500, "canceled", O::kAborted},
        {403, "", O::kAborted},
        {403, "running", O::kAborted},
        {404, "", O::kAborted},
        {400, "", O::kFailed},
        {409, "", O::kFailed},
        {429, "", O::kFailed},
        {500, "", O::kFailed},
        {503, "canceling", O::kFailed},
        {201, "", O::kFailed},
    };
    for (const auto& entry : cases) {
        const auto read = read_update(answer(entry.status, {{"Job-Status", entry.job_status}}));
        EXPECT_EQ(read.outcome, entry.outcome) << entry.status << " " << entry.job_status;
        EXPECT_EQ(read.status, entry.status);
        EXPECT_EQ(read.signals.cancel_requested, entry.job_status == "canceling");
        const bool silent = entry.outcome == O::kOk || entry.outcome == O::kAccepted;
        EXPECT_EQ(read.message.empty(), silent) << entry.status;
    }
    EXPECT_EQ(read_update(make_error(ErrorKind::kTimeout, "x")).outcome, O::kFailed);
    EXPECT_EQ(read_update(make_error(ErrorKind::kUnavailable, "x")).outcome, O::kFailed);
    EXPECT_EQ(read_update(make_error(ErrorKind::kCancelled, "x")).outcome, O::kCancelled);
    EXPECT_EQ(read_update(make_error(ErrorKind::kInvalidInput, "x")).outcome, O::kAborted);
}

struct Patch {
    unsigned status;
    Fields fields;
    PatchOutcome outcome;
    std::uint64_t offset;
};

TEST(TracePatch, FollowsTheTableOfStatuses) {
    using O = PatchOutcome;
    const std::vector<Patch> cases{
        {202, {}, O::kOk, 100},
        // After a success the Range header is not used.
        {202, {{"Range", "0-7"}}, O::kOk, 100},
        {202, {{"Job-Status", "canceling"}}, O::kOk, 100},
        {202, {{"Job-Status", "canceled"}}, O::kAborted, 0},
        {416, {{"Range", "0-42"}}, O::kRangeMismatch, 42},
        {416, {{"range", "0-0"}}, O::kRangeMismatch, 0},
        {416, {}, O::kRangeMismatch, 0},
        {416, {{"Range", "42"}}, O::kRangeMismatch, 0},
        {416, {{"Range", "0-"}}, O::kRangeMismatch, 0},
        {416, {{"Range", "0-x"}}, O::kRangeMismatch, 0},
        {416, {{"Range", "0-99999999999999999999"}}, O::kRangeMismatch, 0},
        {416, {{"Range", "0-42"}, {"Job-Status", "failed"}}, O::kAborted, 0},
        {403, {}, O::kAborted, 0},
        {404, {}, O::kNotFound, 0},
        {413, {}, O::kTooLarge, 0},
        {413, {{"Job-Status", "canceled"}}, O::kAborted, 0},
        {400, {}, O::kRefused, 0},
        {401, {}, O::kRefused, 0},
        {405, {}, O::kRefused, 0},
        {411, {}, O::kRefused, 0},
        {422, {}, O::kRefused, 0},
        {501, {}, O::kRefused, 0},
        {408, {}, O::kFailed, 0},
        {409, {}, O::kFailed, 0},
        {429, {}, O::kFailed, 0},
        {500, {}, O::kFailed, 0},
        {200, {}, O::kFailed, 0},
    };
    for (const auto& entry : cases) {
        const auto read = read_patch(answer(entry.status, entry.fields), 100);
        EXPECT_EQ(read.outcome, entry.outcome) << entry.status;
        EXPECT_EQ(read.offset, entry.offset) << entry.status;
        EXPECT_EQ(read.message.empty(), entry.outcome == O::kOk) << entry.status;
    }
    EXPECT_EQ(read_patch(make_error(ErrorKind::kUnavailable, "x")).outcome, O::kFailed);
    EXPECT_EQ(read_patch(make_error(ErrorKind::kCancelled, "x")).outcome, O::kCancelled);
    EXPECT_EQ(read_patch(make_error(ErrorKind::kInvalidInput, "x")).outcome, O::kAborted);
}

TEST(JobSignals, LimitTheInterval) {
    const std::vector<std::pair<std::string, std::int64_t>> cases{
        {"3", 3},   {" 60 ", 60}, {"900", 900}, {"901", 900}, {"99999999999", 900}, {"0", -1},
        {"-3", -1}, {"", -1},     {"soon", -1}, {"3s", -1},   {"1.5", -1}};
    for (const auto& [text, seconds] : cases) {
        const auto signals = read_signals(answer(200, {{"X-GitLab-Trace-Update-Interval", text}}));
        EXPECT_EQ(signals.update_interval ? signals.update_interval->count() : -1, seconds) << text;
    }
    EXPECT_FALSE(read_signals(answer(200)).update_interval.has_value());
    EXPECT_FALSE(read_signals(answer(200)).cancel_requested);
    EXPECT_EQ(read_signals(answer(200, {{"job-status", " canceling "}})).job_status, "canceling");
}

TEST(TokenAnswer, NeedsJson) {
    const auto full = read_token(with_json(
        201, R"({"id":7,"token":"glrt-x","token_expires_at":"2030-01-01T00:00:00.000Z"})"));
    ASSERT_TRUE(full.has_value());
    EXPECT_EQ(full->id, 7);
    EXPECT_EQ(full->token.reveal(), "glrt-x");
    EXPECT_EQ(full->token_expires_at, "2030-01-01T00:00:00.000Z");
    const auto bare =
        read_token(with_json(200, R"({"id":"7","token":null,"token_expires_at":null})"));
    ASSERT_TRUE(bare.has_value());
    EXPECT_EQ(bare->id, 0);
    EXPECT_TRUE(bare->token.empty());
    EXPECT_EQ(bare->token_expires_at, "");
    for (const auto& wrong : {with_json(200, "[]"), with_json(200, "{"), with_json(200, ""),
                              answer(200, {{"Content-Type", "text/plain"}}, "{}"),
                              answer(200, {}, R"({"id":7,"token":"x"})")}) {
        const auto read = read_token(wrong);
        ASSERT_FALSE(read.has_value()) << wrong.body;
        EXPECT_TRUE(read.error().is(ErrorKind::kProtocol));
    }
}

TEST(Reason, IsReadFromEveryFormOfABody) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({"message":"403 Forbidden - expired"})", "403 Forbidden - expired"},
        {R"({"error":"token is missing"})", "token is missing"},
        {R"({"message":null,"error":"e"})", "e"},
        {R"({"message":{"tags_list":["can't be blank","is long"]}})",
         "tags_list: can't be blank, is long"},
        {R"({"message":["a","b"]})", "a, b"},
        {R"({"message":7})", "7"},
        {R"({"message":"two\nlines\u001b[31m"})", "two lines [31m"},
        {R"({"other":"x"})", ""},
        {"[]", ""},
        {"not json", ""},
    };
    for (const auto& [body, reason] : cases) EXPECT_EQ(reason_in(with_json(400, body)), reason);
    EXPECT_EQ(reason_in(answer(403, {{"Content-Type", "application/xml"}},
                               "<Error><Code>AccessDenied</Code><Message>No</Message></Error>")),
              "AccessDenied: No");
    EXPECT_EQ(reason_in(answer(403, {{"Content-Type", "text/xml; charset=x"}},
                               "<Error><Code>AccessDenied</Code>")),
              "AccessDenied");
    EXPECT_EQ(reason_in(answer(403, {{"Content-Type", "text/html"}}, R"({"message":"m"})")), "");
    const std::string longest =
        reason_in(with_json(400, R"({"message":")" + std::string(5000, 'x') + "\"}"));
    EXPECT_EQ(longest.size(), 1000U);
}

TEST(Reason, IsCutBetweenCharacters) {
    // 999 bytes, then characters of two bytes each.
    std::string text(999, 'x');
    for (int i = 0; i < 20; ++i) text += "\xc3\xa9";
    EXPECT_EQ(reason_in(with_json(400, R"({"message":")" + text + "\"}")), std::string(999, 'x'));
}

TEST(StatusError, StandsForTheStatus) {
    const std::vector<std::pair<unsigned, ErrorKind>> cases{
        {400, ErrorKind::kInvalidInput}, {401, ErrorKind::kUnauthorized},
        {403, ErrorKind::kForbidden},    {404, ErrorKind::kNotFound},
        {408, ErrorKind::kUnavailable},  {409, ErrorKind::kConflict},
        {410, ErrorKind::kInvalidInput}, {413, ErrorKind::kInvalidInput},
        {422, ErrorKind::kInvalidInput}, {429, ErrorKind::kUnavailable},
        {500, ErrorKind::kUnavailable},  {503, ErrorKind::kUnavailable},
        {200, ErrorKind::kProtocol},     {302, ErrorKind::kProtocol}};
    for (const auto& [status, kind] : cases) {
        EXPECT_EQ(status_error("GET x", answer(status)).kind, kind) << status;
    }
    Response forbidden = with_json(403, R"({"message":"why"})");
    forbidden.reason = "Forbidden";
    EXPECT_EQ(describe(forbidden), "403 Forbidden (why)");
    EXPECT_EQ(status_error("GET http://x/y", forbidden).message,
              "GET http://x/y: 403 Forbidden (why)");
}

}  // namespace
