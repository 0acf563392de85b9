#include "executors/docker/job_network.hpp"

#include <gtest/gtest.h>

#include "tests/support/job_log_lines.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/executors/docker/scripted_engine.hpp"

namespace executors::docker {
namespace {

/// A job that is to have a network of its own.
class JobNetworkTest : public testing::Test {
  protected:
    base::Result<void> make(unsigned status, const std::string& message) {
        EngineScript script;
        script.answers = {
            {"POST /networks/create", {status, "{\"message\": \"" + message + "\"}"}}};
        EngineConnection engine(io_.get_executor(),
                                std::make_unique<EngineApi>(scripted_api(script)), "");
        job_.network_per_build = true;
        PreparationSteps steps(nullptr);
        const PreparationContext context{engine, docker_, dind_,    registries_,
                                         job_,   log_,    objects_, steps};
        JobNetwork network(context);
        return tests::run_to_end(io_, network.make());
    }

    boost::asio::io_context io_{1};
    DockerSettings docker_;
    DindSettings dind_;
    std::vector<RegistrySettings> registries_;
    JobEnvironment job_;
    tests::JobLogLines log_;
    JobObjects objects_;
};

TEST_F(JobNetworkTest, AnEngineWithoutAddressesGetsAHint) {
    struct Case {
        bool ipv6;
        unsigned status;
        const char* hint;  ///< "": none
    };
    for (const auto& [ipv6, status, hint] :
         {Case{true, 404, "enable_ipv6 = true in [runners.docker] needs a pool of IPv6 addresses"},
          Case{false, 404, "docker network prune"}, Case{false, 400, "docker network prune"},
          Case{true, 400, "docker network prune"}, Case{true, 500, ""}, Case{false, 409, ""}}) {
        docker_.enable_ipv6 = ipv6;
        const auto made = make(status, "no pool");
        ASSERT_FALSE(made.has_value());
        const std::string& message = made.error().message;
        const std::string said = "make the job's network: Error response from daemon: no pool";
        EXPECT_EQ(message.find(said), 0U) << message;
        EXPECT_NE(message.find(hint), std::string::npos) << message;
        EXPECT_EQ(message.find("default-address-pools") != std::string::npos, *hint != '\0');
    }
}

TEST_F(JobNetworkTest, NamesAreResolvedOnNetworksThatSomebodyMade) {
    EngineScript script;
    EngineConnection engine(io_.get_executor(), std::make_unique<EngineApi>(scripted_api(script)),
                            "");
    PreparationSteps steps(nullptr);
    const PreparationContext context{engine, docker_, dind_,    registries_,
                                     job_,   log_,    objects_, steps};
    for (const std::string mode : {"", "bridge", "default", "host", "none", "container:x"}) {
        docker_.network_mode = mode;
        EXPECT_FALSE(JobNetwork(context).has_names()) << mode;
    }
    docker_.network_mode = "databases";
    EXPECT_TRUE(JobNetwork(context).has_names());
}

}  // namespace
}  // namespace executors::docker
