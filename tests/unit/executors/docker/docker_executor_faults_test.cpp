#include <algorithm>
#include <utility>
#include <vector>

#include "tests/unit/executors/docker/docker_executor_fixture.hpp"

/// What becomes of a preparation when one request to the engine fails.
namespace executors::docker {
namespace {

using base::ErrorKind;

class DockerExecutorFaults : public DockerExecutorTest {};

INSTANTIATE_TEST_SUITE_P(Images, DockerExecutorFaults, all_scenarios(), scenario_name);

/// Requests whose failure a preparation survives: it answers them by a warning or not at all.
bool is_optional(const std::string& request) {
    return request.find("/images/buildkit/json") != std::string::npos ||
           request.find("/networks/bridge") != std::string::npos ||
           request.find("/exec") != std::string::npos || request.ends_with("/containers/json");
}

TEST_P(DockerExecutorFaults, EveryRequestMayFail) {
    const int count = count_requests();
    ASSERT_GT(count, 15);
    for (int number = 1; number <= count; ++number) {
        const auto prepared = prepare_with_fault(number, Fault::kRefused);
        const std::string request = engine_.requests[static_cast<std::size_t>(number) - 1];
        EXPECT_TRUE(!prepared.has_value() || is_optional(request)) << request;
        if (!prepared) {
            EXPECT_NE(prepared.error().message.find("the test refuses this request"),
                      std::string::npos)
                << request << ": " << prepared.error().message;
            EXPECT_NE(prepared.error().kind, ErrorKind::kCancelled) << request;
        }
    }
}

TEST_P(DockerExecutorFaults, EveryAnswerMayBeLost) {
    const int count = count_requests();
    for (int number = 1; number <= count; ++number) {
        const auto prepared = prepare_with_fault(number, Fault::kLost);
        const std::string request = engine_.requests[static_cast<std::size_t>(number) - 1];
        EXPECT_TRUE(!prepared.has_value() || is_optional(request)) << request;
    }
}

TEST_P(DockerExecutorFaults, ADaemonThatDiesAtEveryRequestLeavesNothingToTheNextOne) {
    // The builder's image is copied after the preparation: its requests are not part of it.
    dind_.builder = false;
    const int count = count_requests();
    for (int number = 1; number <= count; ++number) {
        start_engine();
        job_.taken_up = false;
        auto killed = make();
        engine_.break_request(number, Fault::kLost);
        static_cast<void>(prepare(*killed));
        const std::string request = engine_.requests[static_cast<std::size_t>(number) - 1];
        killed.reset();
        job_.taken_up = true;
        auto next = make();
        const auto prepared = prepare(*next);
        EXPECT_TRUE(prepared.has_value()) << request << ": " << prepared.error().message;
        EXPECT_TRUE(cleanup(*next).has_value()) << request;
        expect_clean(request);
    }
}

TEST_P(DockerExecutorFaults, AStopDuringEveryRequestAnswersCancelled) {
    // The builder's image is copied after the preparation: its requests are not part of it.
    dind_.builder = false;
    const int count = count_requests();
    for (int number = 1; number <= count; ++number) {
        const auto prepared = prepare_with_fault(number, Fault::kLate);
        const std::string request = engine_.requests[static_cast<std::size_t>(number) - 1];
        ASSERT_FALSE(prepared.has_value()) << request;
        EXPECT_EQ(prepared.error().kind, ErrorKind::kCancelled)
            << request << ": " << prepared.error().message;
    }
}

TEST_P(DockerExecutorFaults, AFailureNamesWhatWasTried) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"POST /v1.45/networks/create", "make the job's network: "},
        {"GET /v1.45/images/app/json", "failed to pull image \"app\""},
        {"POST /v1.45/images/create", "failed to pull image \"db\""}};
    const int count = count_requests();
    for (const auto& [wanted, context] : cases) {
        bool seen = false;
        for (int number = 1; number <= count && !seen; ++number) {
            const auto prepared = prepare_with_fault(number, Fault::kRefused);
            if (engine_.requests[static_cast<std::size_t>(number) - 1] != wanted) continue;
            seen = true;
            ASSERT_FALSE(prepared.has_value()) << wanted;
            EXPECT_EQ(prepared.error().message.substr(0, context.size()), context);
        }
        EXPECT_TRUE(seen) << wanted;
    }
}

}  // namespace
}  // namespace executors::docker
