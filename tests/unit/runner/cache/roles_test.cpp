#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <algorithm>
#include <utility>
#include <vector>

#include "runner/cache/s3_provider.hpp"
#include "tests/unit/runner/cache/link_fixture.hpp"

namespace {

using namespace runner::cache;
using base::ErrorKind;
using testing::HasSubstr;

/// What the roles of an entry are told to have done.
class Roles final : public RoleObserver {
  public:
    void on_role_requests(int in_flight) override { most = std::max(most, in_flight); }
    void on_role_begin(std::chrono::nanoseconds) override { ++misses; }
    void on_role_end(std::chrono::nanoseconds, bool taken) override { failures += taken ? 0 : 1; }
    void on_role_hit() override { ++hits; }
    int most = 0;
    int misses = 0;
    int hits = 0;
    int failures = 0;
};

class RolesOfAnEntry : public tests::LinkFixture {
  protected:
    RolesOfAnEntry() {
        auto& s3 = runner_.cache.s3;
        s3.bucket_name = "b";
        s3.access_key = base::Secret("AK");
        s3.secret_key = base::Secret("SK");
        s3.role_arn = "arn:download";
        identities_.observe_roles(roles_);
    }
    void sts_will_give(const std::string& access_key) {
        web_.answer("https://sts.us-east-1.amazonaws.com",
                    "<r><AccessKeyId>" + access_key +
                        "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
                        "</SessionToken><Expiration>2099-01-02T03:04:05Z</Expiration></r>");
    }
    std::string signed_with(ObjectCache& storage, LinkPurpose purpose) {
        const auto made = link(storage, purpose);
        if (!made) return made.error().message;
        const auto begin = made->url.find("X-Amz-Credential=") + 17;
        return made->url.substr(begin, made->url.find("%2F", begin) - begin);
    }
    /// A request that fails when `gate` opens.
    static base::Task<base::Result<protocol::http::Response>> held(int& asked,
                                                                   base::Notifier& gate) {
        ++asked;
        co_await gate.wait();
        co_return base::make_error(ErrorKind::kForbidden, "no");
    }
    ObjectCache s3() { return cache(make_s3_provider(runner_, identities_)); }

    Roles roles_;
};

TEST_F(RolesOfAnEntry, AreTakenOnceForAllJobs) {
    sts_will_give("ASIA1");
    auto first = s3();
    auto second = s3();
    EXPECT_EQ(identities_.roles_held(), 0U);
    EXPECT_EQ(signed_with(first, LinkPurpose::kRead), "ASIA1");
    EXPECT_EQ(signed_with(first, LinkPurpose::kWrite), "ASIA1");
    EXPECT_EQ(signed_with(second, LinkPurpose::kRead), "ASIA1");
    EXPECT_EQ(roles_.misses, 1);
    EXPECT_EQ(roles_.hits, 2);
    EXPECT_EQ(roles_.most, 1);
    EXPECT_EQ(identities_.roles_held(), 1U);
}

TEST_F(RolesOfAnEntry, MayBeAnotherOneForUploads) {
    runner_.cache.s3.upload_role_arn = "arn:upload";
    sts_will_give("ASIA1");
    sts_will_give("ASIA2");
    auto storage = s3();
    EXPECT_EQ(signed_with(storage, LinkPurpose::kRead), "ASIA1");
    EXPECT_EQ(signed_with(storage, LinkPurpose::kWrite), "ASIA2");
    EXPECT_THAT(web_.calls[0].request.body, HasSubstr("RoleArn=arn%3Adownload"));
    EXPECT_THAT(web_.calls[1].request.body, HasSubstr("RoleArn=arn%3Aupload"));
    EXPECT_EQ(identities_.roles_held(), 2U);
}

TEST_F(RolesOfAnEntry, AreTakenAnewForEachJobWhereTheConfigurationSaysSo) {
    runner_.cache.s3.fresh_role_for_each_job = true;
    sts_will_give("ASIA1");
    sts_will_give("ASIA2");
    auto first = s3();
    EXPECT_EQ(signed_with(first, LinkPurpose::kRead), "ASIA1");
    EXPECT_EQ(signed_with(first, LinkPurpose::kRead), "ASIA1");
    auto second = s3();
    EXPECT_EQ(signed_with(second, LinkPurpose::kRead), "ASIA2");
    EXPECT_EQ(roles_.misses, 2);
    EXPECT_EQ(roles_.hits, 0);
    EXPECT_EQ(identities_.roles_held(), 0U);
}

TEST_F(RolesOfAnEntry, AreLimitedAsTheConfigurationSays) {
    base::Notifier gate(context_.get_executor());
    int asked = 0;
    Identities identities(
        context_.get_executor(),
        [&](const runner::config::RunnerConfig&) -> protocol::cloud_identity::Sender {
            return [&](const protocol::cloud_identity::WebCall&) { return held(asked, gate); };
        },
        web_.surroundings().variable);
    const std::vector<std::pair<int, int>> cases{{2, 2}, {0, 5}, {-1, 8}};
    for (const auto& [configured, at_once] : cases) {
        asked = 0;
        runner_.cache.s3.roles_at_once = configured;
        int ended = 0;
        for (int i = 0; i < 8; ++i) {
            runner_.cache.s3.role_arn = "arn:" + std::to_string(i) + std::to_string(configured);
            boost::asio::co_spawn(context_, identities.aws(runner_, Purpose::kDownload)->get(),
                                  [&](const std::exception_ptr&, const auto&) { ++ended; });
        }
        context_.restart();
        context_.poll();
        EXPECT_EQ(asked, at_once) << configured;
        for (int i = 0; i < 8 && ended < 8; ++i) {
            gate.notify_all();
            context_.restart();
            context_.poll();
        }
        EXPECT_EQ(ended, 8);
    }
}

TEST_F(RolesOfAnEntry, ThatAreRefusedAreCounted) {
    web_.answer("https://sts.us-east-1.amazonaws.com", "<Error><Code>AccessDenied</Code></Error>",
                403);
    auto storage = s3();
    EXPECT_THAT(signed_with(storage, LinkPurpose::kRead), HasSubstr("AccessDenied"));
    EXPECT_EQ(roles_.failures, 1);
    EXPECT_EQ(identities_.roles_held(), 0U);
}

}  // namespace
