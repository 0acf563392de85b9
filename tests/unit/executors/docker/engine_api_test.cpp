#include "executors/docker/engine_api.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/run_to_end.hpp"
#include "tests/unit/executors/docker/scripted_engine.hpp"

namespace {

using base::ErrorKind;
using executors::docker::EngineScript;
using executors::docker::scripted_api;
using tests::run_to_end;
using Words = std::vector<std::string>;

TEST(EngineApi, SpeaksTheNewestVersionThatBothKnow) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"1.24", "1.24"}, {"1.45", "1.45"}, {"1.47", "1.47"}, {"1.99", "1.47"}};
    for (const auto& [theirs, spoken] : cases) {
        EngineScript script;
        script.api_version = theirs;
        script.answers = {{"GET /info", {200, R"({"Name": "host"})"}}};
        auto api = scripted_api(script);
        const auto info = run_to_end(api.info());
        ASSERT_TRUE(info.has_value()) << theirs;
        EXPECT_EQ(info->api_version, spoken);
        EXPECT_EQ(script.asked, (Words{"GET /_ping", "GET /v" + spoken + "/info"}));
        EXPECT_EQ(api.at_least(45), theirs != "1.24");
    }
    for (const char* theirs : {"", "1.23", "2.0", "1.x", "1.45beta", "docker"}) {
        EngineScript script;
        script.api_version = theirs;
        auto api = scripted_api(script);
        const auto info = run_to_end(api.info());
        ASSERT_FALSE(info.has_value()) << theirs;
        EXPECT_TRUE(info.error().is(ErrorKind::kConfiguration));
        EXPECT_NE(info.error().message.find("the test's engine"), std::string::npos);
    }
}

/// Whichever call comes first after the version was forgotten, for example because another job
/// found the engine replaced, it asks for the version again.
TEST(EngineApi, EveryCallAsksForAForgottenVersion) {
    EngineScript script;
    auto api = scripted_api(script);
    const std::vector<std::pair<std::string, std::function<void()>>> calls{
        {"POST /v1.45/exec/e/start", [&] { static_cast<void>(run_to_end(api.start_exec("e"))); }},
        {"GET /v1.45/info", [&] { static_cast<void>(run_to_end(api.info())); }},
        {"POST /v1.45/images/create?fromImage=a&tag=b",
         [&] { static_cast<void>(run_to_end(api.pull_image("a", "b", "", {}))); }},
        {"GET /v1.45/images/get?names=a",
         [&] { static_cast<void>(run_to_end(api.save_image("a"))); }},
        {"DELETE /v1.45/volumes/v",
         [&] { static_cast<void>(run_to_end(api.remove_volume("v"))); }}};
    for (const auto& [request, call] : calls) {
        script.asked.clear();
        api.forget_version();
        call();
        EXPECT_EQ(script.asked, (Words{"GET /_ping", request}));
        script.asked.clear();
        call();
        EXPECT_EQ(script.asked, Words{request});
    }
}

TEST(EngineApi, AsksAgainForAVersionThatTheEngineRefuses) {
    EngineScript script;
    script.answers = {{"GET /info", {400, R"({"message": "client version 1.45 is too new"})"}},
                      {"GET /networks/n", {400, R"({"message": "bad parameter"})"}}};
    auto api = scripted_api(script);
    EXPECT_FALSE(run_to_end(api.info()).has_value());
    script.api_version = "1.41";
    script.asked.clear();
    EXPECT_FALSE(run_to_end(api.inspect_network("n")).has_value());
    EXPECT_FALSE(run_to_end(api.inspect_network("n")).has_value());
    EXPECT_EQ(script.asked,
              (Words{"GET /_ping", "GET /v1.41/networks/n", "GET /v1.41/networks/n"}));
}

TEST(EngineApi, ALogKeepsTheOrderOfBothStreams) {
    using executors::docker::exec_frame;
    EngineScript script;
    script.answers = {
        {"GET /containers/c/logs",
         {200, exec_frame('1', "one ") + exec_frame('2', "two ") + exec_frame('1', "three")}}};
    auto api = scripted_api(script);
    EXPECT_EQ(*run_to_end(api.container_log("c", 20)), "one two three");
    EXPECT_EQ(script.asked.back(), "GET /v1.45/containers/c/logs?stdout=1&stderr=1&tail=20");
    // A log that is cut within a frame is shown as far as it goes.
    script.answers[0].second.body.pop_back();
    EXPECT_EQ(*run_to_end(api.container_log("c", 20)), "one two thre");
}

TEST(EngineApi, ACreatedObjectHasAnId) {
    EngineScript script;
    script.answers = {{"POST /containers/create", {201, R"({"Id": "c"})"}},
                      {"POST /networks/create", {201, R"({"Id": "n"})"}},
                      {"POST /containers/c/exec", {201, R"({"Id": "e"})"}}};
    auto api = scripted_api(script);
    EXPECT_EQ(*run_to_end(api.create_container("name", "linux/arm64", "{}")), "c");
    EXPECT_EQ(script.asked.back(),
              "POST /v1.45/containers/create?name=name&platform=linux%2Farm64");
    EXPECT_EQ(*run_to_end(api.create_network("{}")), "n");
    EXPECT_EQ(*run_to_end(api.create_exec("c", {})), "e");
    for (auto& [call, said] : script.answers) said.body = R"({"Warnings": null})";
    for (const auto& made :
         {run_to_end(api.create_container("name", "", "{}")), run_to_end(api.create_network("{}")),
          run_to_end(api.create_exec("c", {}))}) {
        ASSERT_FALSE(made.has_value());
        EXPECT_TRUE(made.error().is(ErrorKind::kProtocol));
    }
}

TEST(EngineApi, RemovingAMissingObjectSucceeds) {
    EngineScript script;
    auto api = scripted_api(script);
    EXPECT_TRUE(run_to_end(api.remove_container("c", false)).has_value());
    EXPECT_EQ(script.asked.back(), "DELETE /v1.45/containers/c?force=1&v=1");
    EXPECT_TRUE(run_to_end(api.remove_container("c", true)).has_value());
    EXPECT_EQ(script.asked.back(), "DELETE /v1.45/containers/c?force=1");
    EXPECT_TRUE(run_to_end(api.remove_volume("v")).has_value());
    EXPECT_TRUE(run_to_end(api.remove_network("n")).has_value());
    EXPECT_TRUE(run_to_end(api.kill_container("c")).has_value());
    script.answers = {{"DELETE /containers/c", {409, R"({"message": "in progress"})"}},
                      {"DELETE /volumes/v", {409, R"({"message": "in use"})"}},
                      {"POST /containers/c/kill", {409, ""}}};
    EXPECT_TRUE(run_to_end(api.remove_container("c", false)).has_value());
    EXPECT_EQ(script.asked.back(), "POST /v1.45/containers/c/wait?condition=removed")
        << "until then it holds its volumes";
    EXPECT_TRUE(run_to_end(api.kill_container("c")).has_value());
    EXPECT_FALSE(run_to_end(api.remove_volume("v")).has_value());
}

TEST(EngineApi, ListsObjectsWithALabel) {
    EngineScript script;
    script.answers = {
        {"GET /containers/json",
         {200, R"([{"Id": "1", "Names": ["/a"], "Labels": {"k": "v"}}, {"Id": "2"}, null])"}},
        {"GET /volumes", {200, R"({"Volumes": [{"Name": "vol", "Labels": null}]})"}},
        {"GET /networks", {200, R"({"not": "a list"})"}}};
    auto api = scripted_api(script);
    const auto containers = run_to_end(api.list_containers({{"k", "v"}}));
    ASSERT_TRUE(containers.has_value());
    ASSERT_GE(containers->size(), 2U);
    EXPECT_EQ((*containers)[0].name, "a");
    EXPECT_EQ((*containers)[0].labels.at("k"), "v");
    EXPECT_EQ(script.asked.back(),
              "GET /v1.45/containers/json?all=1&filters=%7B%22label%22%3A%5B%22k%3Dv%22%5D%7D");
    EXPECT_EQ(run_to_end(api.list_volumes({}))->at(0).id, "vol");
    EXPECT_TRUE(run_to_end(api.list_networks({}))->empty());
    script.answers = {{"GET /volumes", {200, R"({"Volumes": null})"}}};
    EXPECT_TRUE(run_to_end(api.list_volumes({}))->empty());
}

TEST(EngineApi, ReadsTheMtuOfANetwork) {
    const std::vector<std::pair<std::string, int>> cases{
        {R"({"Id": "n", "Options": {"com.docker.network.driver.mtu": "1400"}})", 1400},
        {R"({"Id": "n", "Options": {"com.docker.network.driver.mtu": "big"}})", 0},
        {R"({"Id": "n", "Options": null})", 0}};
    for (const auto& [body, mtu] : cases) {
        EngineScript script;
        script.answers = {{"GET /networks/bridge", {200, body}}};
        auto api = scripted_api(script);
        EXPECT_EQ(run_to_end(api.inspect_network("bridge"))->mtu, mtu) << body;
    }
}

}  // namespace
