#include "executors/docker/git_mirrors.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fstream>
#include <memory>
#include <set>

#include "base/json.hpp"
#include "executors/docker/fill_containers.hpp"
#include "executors/docker/labels.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/executors/docker/scripted_engine.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

namespace executors::docker {
namespace {

using From = GitClone::From;
using std::chrono::milliseconds;

GitClone clone(From from, int ms, std::uint64_t bytes) { return {from, milliseconds(ms), bytes}; }

TEST(GitMirrors, AreFilledAfterACloneThatWasSlowAndLarge) {
    const auto after = [](GitClone done) { return filling_after(GitMirrorMode::kAuto, done, 0); };
    EXPECT_EQ(after(clone(From::kServer, 5000, 50'000'000)), MirrorFilling::kUpdate);
    EXPECT_EQ(after(clone(From::kServer, 4999, 50'000'000)), MirrorFilling::kNone);
    EXPECT_EQ(after(clone(From::kServer, 5000, 49'999'999)), MirrorFilling::kNone);
}

TEST(GitMirrors, AreFilledAfterEachCloneOrNeverWhenTheConfigurationSaysSo) {
    const auto small = clone(From::kServer, 1, 1);
    EXPECT_EQ(filling_after(GitMirrorMode::kOn, small, 0), MirrorFilling::kUpdate);
    const auto large = clone(From::kServer, 60000, 1'000'000'000);
    EXPECT_EQ(filling_after(GitMirrorMode::kOff, large, 0), MirrorFilling::kNone);
}

TEST(GitMirrors, AreUpdatedWhenTheyLackedMuch) {
    const auto mode = GitMirrorMode::kAuto;
    const auto done = clone(From::kMirror, 100, 110'000'000);
    EXPECT_EQ(filling_after(mode, done, 100'000'000), MirrorFilling::kUpdate);
    EXPECT_EQ(filling_after(mode, done, 100'000'001), MirrorFilling::kNone);
    EXPECT_EQ(filling_after(mode, done, 200'000'000), MirrorFilling::kNone);
    const auto damaged = clone(From::kDamagedMirror, 1, 1);
    EXPECT_EQ(filling_after(mode, damaged, 0), MirrorFilling::kRenew);
}

TEST(GitMirrors, HaveContainersWithTheNetworkOfTheConfiguration) {
    MirrorContainer container;
    container.image = "id";
    container.helper_volume = "programs";
    container.mirror_bind = "mirror:/.runner-mirror:ro";
    container.builds_bind = "builds:/.runner-builds:nocopy";
    container.limit = std::chrono::seconds(7);
    DockerSettings docker;
    docker.network_mode = "inside";
    docker.extra_hosts = {"git.test:10.0.0.1"};
    docker.privileged = true;
    const auto body = nlohmann::json::parse(mirror_container_body(container, docker));
    EXPECT_EQ(body["User"], "0");
    EXPECT_EQ(body["Cmd"], nlohmann::json({"mirror", "wait", "7"}));
    const auto& host = body["HostConfig"];
    EXPECT_EQ(host["NetworkMode"], "inside");
    EXPECT_EQ(host["ExtraHosts"], nlohmann::json({"git.test:10.0.0.1"}));
    EXPECT_FALSE(host.contains("Privileged"));
    EXPECT_EQ(body["Healthcheck"]["Test"], nlohmann::json::array({"NONE"}));
    EXPECT_EQ(host["Binds"], nlohmann::json({"programs:/.runner:ro", "mirror:/.runner-mirror:ro",
                                             "builds:/.runner-builds:nocopy"}));
    docker.network_mode = "container:other";
    const auto alone = nlohmann::json::parse(mirror_container_body(container, docker));
    EXPECT_FALSE(alone["HostConfig"].contains("NetworkMode"));
}

TEST(GitMirrors, HaveContainersWithoutFilesOfTheImage) {
    MirrorContainer container;
    container.helper_volume = "programs";
    container.mirror_bind = "mirror:/.runner-mirror:nocopy";
    container.image_volumes = {"/data", "/etc/ssl/", "/.runner/bin", "/x/../.runner-mirror", "etc"};
    const auto body = nlohmann::json::parse(mirror_container_body(container, DockerSettings()));
    std::set<std::string> hidden;
    for (const auto& item : body["HostConfig"]["Tmpfs"].items()) hidden.insert(item.key());
    EXPECT_EQ(hidden, (std::set<std::string>{"/etc", "/etc/ssl", "/data", "/.runner/bin"}));
    EXPECT_NE(body["HostConfig"]["Tmpfs"]["/etc"], body["HostConfig"]["Tmpfs"]["/data"])
        << "the engine writes hosts and resolv.conf";
}

TEST(GitMirrors, TellTheHelperOnOneLine) {
    GitMirrorSource source;
    source.url = "https://git.test/a/b.git";
    source.password = base::Secret("secret\n");
    source.depth = 20;
    const std::string text = mirror_request(source, true);
    EXPECT_EQ(text.find('\n'), text.size() - 1);
    const auto request = nlohmann::json::parse(text);
    EXPECT_EQ(request["password"], "secret\n");
    EXPECT_EQ(request["depth"], 20);
    EXPECT_EQ(request["renew"], true);
}

TEST(GitMirrors, ReadTheHelpersAnswer) {
    const auto answer = parse_mirror_answer("{\"bytes\":12,\"state\":\"done\"}\n");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->state, "done");
    EXPECT_EQ(answer->bytes, 12U);
    for (const char* text : {"", "[]", "{\"bytes\":1}", "killed"}) {
        EXPECT_FALSE(parse_mirror_answer(text)) << text;
    }
    const auto refused =
        parse_mirror_answer(R"({"state":"refused","reason":"fatal: no","proof_ms":5100})");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason, "fatal: no");
    EXPECT_EQ(refused->proof, std::chrono::milliseconds(5100));
}

/// A daemon that fills mirrors on a simulated engine.
class GitMirrorsTest : public testing::Test {
  protected:
    void SetUp() override {
        std::ofstream(dir_.path() / "runner-helper") << "helper";
        std::ofstream(dir_.path() / "runner-git-amd64.tar.gz") << "git";
        engine_.add_image("app", {{"Volumes", {{"/etc/ssl", nlohmann::json::object()}}}});
        engine_.on_start = [this](SimulatedEngine::Container& container) {
            started_.push_back(container.body);
        };
        engine_.exec_output = exec_frame('1', "{\"state\":\"done\",\"bytes\":7}");
        filling_.source.volume = "mirror";
        filling_.source.url = "https://git.test/a.git";
        filling_.image = "id-of-app";
        filling_.architecture = "x86_64";
        filling_.labels = labels_of_runner("token", "system");
    }
    void fill() {
        mirrors_.fill_later(filling_);
        EXPECT_TRUE(tests::run_to_end(context_, wait()).has_value());
    }
    base::Task<base::Result<void>> wait() {
        co_await background_.wait();
        co_return base::Result<void>();
    }

    tests::TempDir dir_;
    boost::asio::io_context context_{1};
    SimulatedEngine engine_;
    std::unique_ptr<EngineApi> api_ = simulated_api(engine_);
    RunnerVolume programs_{context_.get_executor(), *api_, dir_.path() / "runner-helper"};
    EngineUsage usage_;
    std::vector<nlohmann::json> started_;
    GitMirrors::Filling filling_;
    base::TaskGroup background_{context_.get_executor()};
    GitMirrors mirrors_{*api_, programs_, usage_, &background_};
};

TEST_F(GitMirrorsTest, AreFilledByAContainerThatIsRemoved) {
    fill();
    ASSERT_EQ(started_.size(), 1U);
    const auto& labels = started_[0]["Labels"];
    EXPECT_EQ(labels[label_name("runner.system_id")], "system");
    EXPECT_TRUE(labels.contains(kHelperLabel));
    EXPECT_TRUE(started_[0]["HostConfig"]["Tmpfs"].contains("/etc/ssl"));
    ASSERT_EQ(engine_.sent_to_execs.size(), 1U);
    EXPECT_NE(engine_.sent_to_execs[0].find("https://git.test/a.git"), std::string::npos);
    EXPECT_EQ(engine_.find("-fill-"), nullptr);
    EXPECT_TRUE(engine_.volumes.contains("mirror"));
    EXPECT_EQ(mirrors_.background().volume(), "");
}

TEST_F(GitMirrorsTest, AreNotFilledWhileADiskIsShort) {
    mirrors_.background().set_pressure([] { return std::string("1 of 100 MiB are free"); });
    fill();
    EXPECT_TRUE(engine_.requests.empty());
    EXPECT_FALSE(engine_.volumes.contains("mirror"));
}

TEST_F(GitMirrorsTest, AreFilledAlthoughAnOldContainerCannotBeRemoved) {
    engine_.containers["old"] =
        SimulatedEngine::Container{.name = "other-fill-1",
                                   .body = {{"Labels", {{kHelperLabel, "1"}}}},
                                   .running = false,
                                   .exit_code = 0,
                                   .log = {},
                                   .written = {}};
    // The version, the list of containers, then the removal.
    engine_.break_request(3, SimulatedEngine::Fault::kRefused);
    fill();
    ASSERT_GT(engine_.requests.size(), 2U);
    EXPECT_TRUE(engine_.requests[2].starts_with("DELETE ")) << engine_.requests[2];
    EXPECT_EQ(started_.size(), 1U);
}

/// A stop during any request: none of them is waited for, and nothing of the filling is left.
TEST_F(GitMirrorsTest, EndAtOnceWithADaemon) {
    fill();
    const auto count = static_cast<int>(engine_.requests.size());
    ASSERT_GT(count, 8);
    for (int number = 1; number <= count; ++number) {
        SimulatedEngine engine;
        engine.add_image("app");
        engine.exec_output = engine_.exec_output;
        const auto api = simulated_api(engine);
        RunnerVolume programs(context_.get_executor(), *api, dir_.path() / "runner-helper");
        base::TaskGroup background(context_.get_executor());
        GitMirrors mirrors(*api, programs, usage_, &background);
        engine.break_request(number, SimulatedEngine::Fault::kLate, [&] {
            boost::asio::post(context_, [&] {
                mirrors.background().stop();
                background.cancel_all();
            });
        });
        mirrors.fill_later(filling_);
        const auto wait = [](base::TaskGroup& group) -> base::Task<base::Result<void>> {
            co_await group.wait();
            co_return base::Result<void>();
        };
        EXPECT_TRUE(tests::run_to_end(context_, wait(background)).has_value());
        EXPECT_EQ(engine.find("-fill-"), nullptr) << number;
        EXPECT_EQ(mirrors.background().volume(), "") << number;
        const auto before = engine.requests.size();
        mirrors.fill_later(filling_);
        EXPECT_TRUE(tests::run_to_end(context_, wait(background)).has_value());
        EXPECT_EQ(engine.requests.size(), before) << "nothing begins after a stop";
    }
}

TEST_F(GitMirrorsTest, RememberAServerThatWasSilent) {
    EXPECT_FALSE(mirrors_.was_server_silent("mirror"));
    mirrors_.note_silent_server("mirror");
    EXPECT_TRUE(mirrors_.was_server_silent("mirror"));
    EXPECT_FALSE(mirrors_.was_server_silent("other"));
}

TEST_F(GitMirrorsTest, TellWhatTheHelperWroteWhenItGaveNoAnswer) {
    filling_.source.volume = "mirror";
    engine_.containers["c"] = SimulatedEngine::Container{
        .name = "c", .body = {}, .running = true, .exit_code = 0, .log = {}, .written = {}};
    const auto run = [this] {
        return tests::run_to_end(context_, run_mirror_helper(*api_, "c", {"seed"}, "{}\n"));
    };
    engine_.exec_output = exec_frame('2', "no room");
    engine_.exec_exit_code = 137;
    const auto killed = run();
    ASSERT_FALSE(killed);
    EXPECT_EQ(killed.error().message, "runner-helper failed (exit code 137): no room");
    engine_.exec_exit_code = 0;
    const auto silent = run();
    ASSERT_FALSE(silent);
    EXPECT_EQ(silent.error().message,
              "runner-helper did not say what became of the mirror (exit code 0): no room");
}

TEST(FillingPauses, GrowWithEachFailure) {
    FillingPauses pauses;
    using std::chrono::minutes;
    FillingPauses::Time now{};
    EXPECT_TRUE(pauses.may_begin("a", now));
    const auto pause_after = [&](bool failed) {
        pauses.note_begin("a", now);
        pauses.note_end("a", failed, now);
        const auto begin = now;
        while (!pauses.may_begin("a", now)) now += minutes(1);
        return (now - begin) / minutes(1);
    };
    EXPECT_EQ(pause_after(false), 10);
    for (const int wanted : {10, 20, 40, 80}) EXPECT_EQ(pause_after(true), wanted);
    for (int i = 0; i < 20; ++i) EXPECT_LE(pause_after(true), 24 * 60);
    EXPECT_EQ(pause_after(true), 24 * 60);
    EXPECT_TRUE(pauses.may_begin("b", now)) << "another volume is another matter";
    EXPECT_EQ(pause_after(false), 10);
    EXPECT_EQ(pause_after(true), 10);
}

}  // namespace
}  // namespace executors::docker
