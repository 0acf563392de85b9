#include "executors/docker/platforms.hpp"

#include <gtest/gtest.h>

#include "tests/support/run_to_end.hpp"
#include "tests/unit/executors/docker/recorded_uses.hpp"
#include "tests/unit/executors/docker/scripted_engine.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

namespace {

using executors::docker::DindSettings;
using executors::docker::EngineApi;
using executors::docker::EngineConnection;
using executors::docker::EngineScript;
using executors::docker::exec_frame;
using executors::docker::PlatformSearch;
using executors::docker::report_platforms;
using executors::docker::scripted_api;

class Lines : public executors::JobLog {
  public:
    void print(std::string_view text) override { lines.emplace_back(text); }
    void notice(std::string_view) override {}
    void heading(std::string_view) override {}
    void warning(std::string_view text) override {
        lines.push_back("WARNING: " + std::string(text));
    }
    void error(std::string_view) override {}

    std::vector<std::string> lines;
};

base::Task<bool> tell(boost::asio::any_io_executor executor, EngineConnection& engine,
                      const DindSettings& dind, Lines& log) {
    const std::vector<executors::docker::RegistrySettings> none;
    PlatformSearch search{engine, dind, none, "job", "helper", {}};
    auto reported = co_await report_platforms(executor, std::move(search), log);
    co_return reported.has_value();
}

struct Told {
    std::vector<std::string> lines;
    std::vector<std::string> asked;
};

Told told(EngineScript script, const std::string& known) {
    script.answers.push_back(
        {"POST /containers/job/exec", {201, script.exec_stream.empty() ? "" : R"({"Id": "e"})"}});
    script.answers.push_back({"GET /exec/e/json", {200, R"({"Running": false, "ExitCode": 0})"}});
    boost::asio::io_context context;
    auto api = std::make_unique<EngineApi>(scripted_api(script));
    EngineConnection engine(context.get_executor(), std::move(api), "/helper");
    engine.platforms() = known;
    Lines log;
    DindSettings dind;
    dind.platforms = executors::docker::Platforms::kHost;
    tests::run_to_end(context, tell(context.get_executor(), engine, dind, log));
    return {log.lines, script.asked};
}

TEST(Platforms, AreAskedOfAnEngineOnce) {
    const Told told_again = told({}, "linux/amd64, linux/arm64");
    EXPECT_EQ(told_again.lines,
              std::vector<std::string>{"Available platforms: linux/amd64, linux/arm64"});
    EXPECT_TRUE(told_again.asked.empty());
}

TEST(Platforms, ThatCannotBeFoundAreAWarningNotAFailure) {
    const Told failed = told({}, "");
    ASSERT_EQ(failed.lines.size(), 1U);
    EXPECT_EQ(failed.lines[0].find("WARNING: The platforms of the engine's machine could not be"),
              0U);
}

TEST(Platforms, OfOneProcessorOnlyAreShownWithTheReason) {
    const std::string alone = " (no interpreter for others is registered on the engine's machine)";
    const std::vector<std::pair<std::string, std::string>> cases{
        {"linux/amd64\nlinux/arm64\n", "linux/amd64, linux/arm64"},
        {"linux/arm64\nlinux/amd64\n", "linux/arm64, linux/amd64"},
        {"linux/amd64\nlinux/386\n", "linux/amd64, linux/386" + alone},
        {"linux/arm64\n", "linux/arm64" + alone},
        {"a word\nlinux/amd64\n xlinux/arm64\n", "linux/amd64" + alone},
    };
    for (const auto& [output, shown] : cases) {
        EngineScript script;
        script.exec_stream = exec_frame('1', output) + exec_frame('2', "linux/arm64\n");
        const Told found = told(script, "");
        EXPECT_EQ(found.lines, std::vector<std::string>{"Available platforms: " + shown});
    }
}

/// As every pull: it is in the queue, and the image can be removed when nobody uses it any more.
TEST(Platforms, AreRegisteredFromAnImageThatIsPulledAsThoseOfJobs) {
    executors::docker::SimulatedEngine simulated;
    simulated.registry = {"team/interpreters"};
    simulated.short_lived = {"team/interpreters:1"};
    simulated.exec_output = exec_frame('1', "linux/amd64\n");
    simulated.containers["job"] = {
        .name = "job", .body = {}, .running = true, .log = {}, .written = {}};
    boost::asio::io_context context;
    EngineConnection engine(context.get_executor(), executors::docker::simulated_api(simulated),
                            "");
    const auto uses = std::make_shared<executors::docker::RecordedUses>();
    engine.usage().record_to(uses);
    engine.usage().set_engine("e");
    Lines log;
    DindSettings dind;
    dind.platforms = executors::docker::Platforms::kAuto;
    dind.platforms_image = "team/interpreters:1";
    tests::run_to_end(context, tell(context.get_executor(), engine, dind, log));
    EXPECT_EQ(simulated.pulled, std::vector<std::string>{"team/interpreters:1"});
    EXPECT_EQ(uses->pulled,
              std::vector<std::string>{"id-of-team/interpreters is docker.io/team/interpreters:1"});
    EXPECT_EQ(log.lines.front(), "Pulling docker image team/interpreters:1 ...");
}

}  // namespace
