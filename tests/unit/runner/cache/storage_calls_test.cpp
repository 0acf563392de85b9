#include "runner/cache/storage_calls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runner/cache/object_cache.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/runner/cache/fake_storage.hpp"

namespace {

using namespace runner::cache;
using base::ErrorKind;
using testing::ElementsAre;

/// Credentials that are others after each doubt; or there are none.
class ChangingKeys final : public Provider {
  public:
    explicit ChangingKeys(int& signatures, std::optional<base::Error> failure = std::nullopt)
        : signatures_(signatures), failure_(std::move(failure)) {}
    [[nodiscard]] Request request(const std::string&) const override { return {}; }
    [[nodiscard]] protocol::object_storage::Fields object_headers(const std::string&,
                                                                  Sending) const override {
        return {};
    }
    base::Task<base::Result<Request>> authorise(Request request, Purpose, std::string) override {
        ++signatures_;
        if (failure_) co_return *failure_;
        request.headers.emplace_back("authorization", key_);
        co_return std::move(request);
    }
    base::Task<base::Result<SignedUrl>> sign_url(Request, Purpose, std::string) override {
        co_return SignedUrl{};
    }
    bool doubt_credentials(Purpose) override {
        key_ += "'";
        return true;
    }

  private:
    int& signatures_;
    std::optional<base::Error> failure_;
    std::string key_ = "key";
};

class CredentialsOfACache : public testing::Test {
  protected:
    ObjectCache cache(std::optional<base::Error> failure = std::nullopt) {
        return {std::make_unique<ChangingKeys>(signatures_, std::move(failure)),
                tests::storage_clients(script_),
                [](std::chrono::nanoseconds) -> base::Task<bool> { co_return true; }};
    }
    std::vector<std::string> keys() const {
        std::vector<std::string> all;
        for (const auto& request : script_.requests)
            all.emplace_back(request.headers.get("authorization"));
        return all;
    }

    boost::asio::io_context context_{1};
    tests::StorageScript script_;
    int signatures_ = 0;
};

TEST_F(CredentialsOfACache, AreRenewedOnceWhenTheStorageRefusesThem) {
    auto renewed = cache();
    script_.answers = {{401, {}, "", {}}, {200, {}, "", {}}, {403, {}, "", {}}, {200, {}, "c", {}}};
    EXPECT_TRUE(tests::run_to_end(context_, renewed.look("o")));
    EXPECT_TRUE(tests::run_to_end(context_, renewed.fetch("o", {"", 1})));
    EXPECT_THAT(keys(), ElementsAre("key", "key'", "key'", "key''"));
    script_.answers = {{403, {}, "", {}}, {403, {}, "", {}}};
    const auto fetched = tests::run_to_end(context_, renewed.fetch("o", {"", 1}));
    EXPECT_TRUE(fetched.error().is(ErrorKind::kForbidden));
    EXPECT_TRUE(script_.answers.empty());
}

TEST_F(CredentialsOfACache, ThatCannotBeHadAreNotAskedForAgain) {
    auto without = cache(base::make_error(ErrorKind::kTimeout, "no answer"));
    const auto found = tests::run_to_end(context_, without.look("o"));
    EXPECT_TRUE(found.error().is(ErrorKind::kConfiguration));
    EXPECT_EQ(signatures_, 1);
    EXPECT_FALSE(tests::run_to_end(context_, without.fetch("o", {"", 1})));
    EXPECT_EQ(signatures_, 2);
}

}  // namespace
