#include "protocol/gitlab/retry.hpp"

#include <gtest/gtest.h>

namespace {

using protocol::gitlab::is_retriable;
using protocol::gitlab::parse_http_date;
using protocol::gitlab::RetryPolicy;
using protocol::gitlab::UploadPolicy;
using protocol::http::Response;
using Fields = std::vector<std::pair<std::string, std::string>>;

// Mon, 02 Jan 2006 15:04:05 GMT
constexpr std::int64_t kNow = 1136214245;

Response respond(unsigned status, const Fields& fields = {}) {
    Response response;
    response.status = status;
    for (const auto& [name, value] : fields) response.headers.add(name, value);
    return response;
}

std::int64_t millis(const std::optional<std::chrono::milliseconds>& delay) {
    return delay ? delay->count() : -1;
}

TEST(Retriable, AreTheStatusesOfAnOverloadedServer) {
    for (unsigned status = 100; status < 600; ++status) {
        const bool named =
            status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
        EXPECT_EQ(is_retriable(status), named || status >= 512) << status;
    }
}

TEST(RetryPolicy, GivesUpAfterFiveAttempts) {
    for (unsigned attempt = 1; attempt < 5; ++attempt) {
        EXPECT_NE(millis(RetryPolicy::next_delay(attempt, respond(503), kNow, 0)), -1) << attempt;
    }
    EXPECT_EQ(millis(RetryPolicy::next_delay(5, respond(503), kNow, 0)), -1);
    EXPECT_EQ(millis(RetryPolicy::next_delay(6, respond(503), kNow, 0)), -1);
    for (const unsigned status : {200U, 204U, 403U, 409U, 501U}) {
        const auto told = respond(status, {{"Retry-After", "3"}});
        EXPECT_EQ(millis(RetryPolicy::next_delay(1, told, kNow, 0)), -1) << status;
    }
}

TEST(RetryPolicy, DoublesTheWaitUpToAMinute) {
    const std::vector<std::pair<unsigned, std::int64_t>> cases{
        {0, 100},   {1, 100},    {2, 200},    {3, 400},     {4, 800},
        {9, 25600}, {10, 51200}, {11, 60000}, {100, 60000}, {4'000'000'000U, 60000}};
    for (const auto& [attempt, longest] : cases) {
        EXPECT_EQ(RetryPolicy::backoff(attempt, 0).count(), longest / 2) << attempt;
        EXPECT_EQ(RetryPolicy::backoff(attempt, 0.5).count(), longest * 3 / 4) << attempt;
        EXPECT_GE(RetryPolicy::backoff(attempt, 0.999).count(), longest * 99 / 100) << attempt;
        EXPECT_LE(RetryPolicy::backoff(attempt, 0.999).count(), longest) << attempt;
    }
}

TEST(RetryPolicy, WaitsAsLongAsTheServerAsks) {
    const std::string in_10 = "Mon, 02 Jan 2006 15:04:15 GMT";
    const std::string past = "Mon, 02 Jan 2006 15:04:04 GMT";
    const std::vector<std::pair<Fields, std::int64_t>> cases{
        {{{"Retry-After", "7"}}, 7000},
        {{{"retry-after", " 7 "}}, 7000},
        {{{"RateLimit-ResetTime", in_10}}, 10'000},
        {{{"RateLimit-ResetTime", in_10}, {"Retry-After", "7"}}, 10'000},
        {{{"RateLimit-ResetTime", past}, {"Retry-After", "7"}}, 7000},
        {{{"RateLimit-ResetTime", "soon"}, {"Retry-After", "7"}}, 7000},
        {{{"Retry-After", "99999999"}}, 3'600'000},
        {{{"RateLimit-ResetTime", past}}, -1},
        {{{"Retry-After", "0"}}, -1},
        {{{"Retry-After", "-5"}}, -1},
        {{{"Retry-After", "1.5"}}, -1},
        {{{"Retry-After", "99999999999999999999"}}, -1},
        // Retry-After with a date is not supported.
        {{{"Retry-After", in_10}}, -1},
        {{}, -1},
    };
    for (const auto& [fields, wish] : cases) {
        const auto told = respond(429, fields);
        EXPECT_EQ(millis(RetryPolicy::requested_delay(told, kNow)), wish);
        EXPECT_EQ(millis(RetryPolicy::next_delay(1, told, kNow, 0)), wish == -1 ? 50 : wish);
    }
}

struct Upload {
    unsigned status;  ///< 0: no answer
    std::vector<std::int64_t> waits;
};

TEST(UploadPolicy, FollowsTheTableOfStatuses) {
    const std::vector<Upload> cases{
        {403, {}},           {413, {}},
        {0, {1000, 2000}},   {400, {1000, 2000}},
        {401, {1000, 2000}}, {404, {1000, 2000}},
        {405, {1000, 2000}}, {429, {1000, 2000}},
        {500, {1000, 2000}}, {503, {1000, 2000, 4000, 5000, 5000}},
    };
    for (const auto& entry : cases) {
        const Response told = respond(entry.status);
        std::vector<std::int64_t> waits;
        for (unsigned attempt = 1; attempt < 20; ++attempt) {
            const Response* given = entry.status == 0 ? nullptr : &told;
            const auto delay = UploadPolicy::next_delay(attempt, given, kNow);
            if (!delay) break;
            waits.push_back(delay->count());
        }
        EXPECT_EQ(waits, entry.waits) << entry.status;
    }
}

TEST(UploadPolicy, WaitsLongerWhenTheServerAsks) {
    const auto wait = [](const char* seconds) {
        const auto told = respond(429, {{"Retry-After", seconds}});
        return millis(UploadPolicy::next_delay(2, &told, kNow));
    };
    EXPECT_EQ(wait("1"), 2000);
    EXPECT_EQ(wait("30"), 30'000);
    EXPECT_EQ(wait("600"), 60'000);
}

TEST(HttpDate, IsTheFormOfRfc1123) {
    EXPECT_EQ(parse_http_date("Mon, 02 Jan 2006 15:04:05 GMT"), kNow);
    EXPECT_EQ(parse_http_date(" Thu, 29 Feb 2024 00:00:00 UTC "), 1709164800);
    for (const char* text : {"", "Mon, 02 Jan 2006 15:04:05", "Mon, 02 Jan 2006 15:04:05 +0200",
                             "Mon, 02 Foo 2006 15:04:05 GMT", "2006-01-02T15:04:05Z", "1136214245",
                             "Mon, 02 Jan 2006 25:04:05 GMT"}) {
        EXPECT_FALSE(parse_http_date(text).has_value()) << text;
    }
}

}  // namespace
