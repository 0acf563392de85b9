#include "executors/docker/pull_failures.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/manual_clock.hpp"

namespace executors::docker {
namespace {

using base::ErrorKind;
using base::PullFailure;

PullRequest request_with(const std::string& login, const std::string& mirror_login = "") {
    PullRequest request;
    request.image = "app";
    request.registry = "docker.io";
    request.tag = "latest";
    request.sources = {{"m.net/library/app", base::Secret(mirror_login), "m.net", ""},
                       {"app", base::Secret(login), "", ""}};
    request.job = 7;
    return request;
}

class PullFailuresTest : public testing::Test {
  protected:
    void fail(ErrorKind kind, PullFailure failure, const std::string& message) {
        base::Error error = base::make_error(kind, message);
        error.pull_failure = failure;
        const auto request = request_with("a");
        failures_.add(PullKeys(request), request, error, clock_.now());
    }
    /// What such a request would be told; "" when it pulls.
    [[nodiscard]] std::string told(const PullRequest& request) const {
        const auto* failure = failures_.find(PullKeys(request), clock_.now());
        return failure == nullptr ? "" : failure->error.message;
    }

    tests::ManualClock clock_;
    PullFailures failures_;
};

TEST_F(PullFailuresTest, AreThoseOfALoginOrOfAll) {
    struct Case {
        std::string message;
        PullFailure failure;
        std::string others;  ///< what they are told
    };
    const std::string connection = "the engine cannot connect to the registry docker.io";
    const std::string disk = "the engine has no space left on its disk";
    for (const auto& [message, failure, others] : std::vector<Case>{
             {"dial tcp 1.2.3.4:443: i/o timeout", PullFailure::kExternal, connection},
             {"net/http: TLS handshake timeout", PullFailure::kExternal, connection},
             {"x509: certificate signed by unknown authority", PullFailure::kOther, connection},
             {"write /usr/lib/secret: no space left on device", PullFailure::kOther, disk},
             // The registry knows who asks.
             {"manifest unknown", PullFailure::kConfiguration, ""},
             {"unauthorized", PullFailure::kConfiguration, ""},
             {"toomanyrequests", PullFailure::kOther, ""},
             {"503 Service Unavailable", PullFailure::kOther, ""},
             {"Client.Timeout exceeded while awaiting headers", PullFailure::kExternal, ""},
             {"connection reset by peer", PullFailure::kExternal, ""},
             {"anything", PullFailure::kOther, ""}}) {
        failures_ = {};
        fail(ErrorKind::kInternal, failure, message);
        EXPECT_EQ(told(request_with("a")), message);
        EXPECT_EQ(told(request_with("b")), others) << message;
        EXPECT_EQ(told(request_with("a", "m")), "") << "the mirror may know this login";
    }
}

TEST_F(PullFailuresTest, OfAnEngineThatDoesNotAnswerAreNotKept) {
    for (const auto kind : {ErrorKind::kUnavailable, ErrorKind::kTimeout, ErrorKind::kIo,
                            ErrorKind::kProtocol, ErrorKind::kConfiguration}) {
        fail(kind, PullFailure::kExternal, "dial tcp: connection refused");
        EXPECT_EQ(told(request_with("a")), "");
    }
}

TEST_F(PullFailuresTest, AreOldAfterTenSeconds) {
    fail(ErrorKind::kInternal, PullFailure::kExternal, "dial tcp");
    clock_.advance(std::chrono::milliseconds(9999));
    EXPECT_NE(told(request_with("a")), "");
    EXPECT_NE(told(request_with("b")), "");
    clock_.advance(std::chrono::milliseconds(1));
    EXPECT_EQ(told(request_with("a")), "");
    EXPECT_EQ(told(request_with("b")), "");
}

TEST_F(PullFailuresTest, AreForgottenAfterASuccess) {
    fail(ErrorKind::kInternal, PullFailure::kExternal, "dial tcp");
    failures_.forget(PullKeys(request_with("b")));
    EXPECT_EQ(told(request_with("b")), "");
    EXPECT_EQ(told(request_with("c")), "");
    EXPECT_NE(told(request_with("a")), "") << "its own failure";
}

TEST(PullKeys, HaveNoLoginInClear) {
    const PullKeys keys(request_with("c2VjcmV0", "bWlycm9y"));
    for (const auto& key : {keys.image, keys.route, keys.login}) {
        EXPECT_EQ(key.find("c2VjcmV0"), std::string::npos);
        EXPECT_EQ(key.find("bWlycm9y"), std::string::npos);
    }
}

}  // namespace
}  // namespace executors::docker
