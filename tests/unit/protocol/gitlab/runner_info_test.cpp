#include "protocol/gitlab/runner_info.hpp"

#include <gtest/gtest.h>

#include <regex>

#include "base/json.hpp"

namespace {

using nlohmann::json;
using protocol::gitlab::architecture;
using protocol::gitlab::Features;
using protocol::gitlab::RunnerInfo;
using protocol::gitlab::to_json;
using protocol::gitlab::user_agent;

struct Feature {
    const char* name;
    bool Features::*member;
};

const std::vector<Feature> kFeatures{
    {"artifacts", &Features::artifacts},
    {"artifacts_exclude", &Features::artifacts_exclude},
    {"cache", &Features::cache},
    {"cancel_gracefully", &Features::cancel_gracefully},
    {"cancelable", &Features::cancelable},
    {"fallback_cache_keys", &Features::fallback_cache_keys},
    {"image", &Features::image},
    {"image_executor_opts", &Features::image_executor_opts},
    {"job_inputs", &Features::job_inputs},
    {"masking", &Features::masking},
    {"multi_build_steps", &Features::multi_build_steps},
    {"native_steps_integration", &Features::native_steps_integration},
    {"proxy", &Features::proxy},
    {"raw_variables", &Features::raw_variables},
    {"refspecs", &Features::refspecs},
    {"return_exit_code", &Features::return_exit_code},
    {"service_executor_opts", &Features::service_executor_opts},
    {"service_multiple_aliases", &Features::service_multiple_aliases},
    {"service_variables", &Features::service_variables},
    {"services", &Features::services},
    {"session", &Features::session},
    {"shared", &Features::shared},
    {"terminal", &Features::terminal},
    {"trace_checksum", &Features::trace_checksum},
    {"trace_reset", &Features::trace_reset},
    {"trace_size", &Features::trace_size},
    {"two_phase_job_commit", &Features::two_phase_job_commit},
    {"upload_multiple_artifacts", &Features::upload_multiple_artifacts},
    {"upload_raw_artifacts", &Features::upload_raw_artifacts},
    {"variables", &Features::variables},
    {"vault_secrets", &Features::vault_secrets},
};

TEST(Features, AreAllSentUnderTheirNames) {
    const json none = to_json(Features());
    EXPECT_EQ(none.size(), kFeatures.size());
    for (const Feature& feature : kFeatures) {
        Features features;
        features.*feature.member = true;
        json expected = none;
        expected.at(feature.name) = true;
        EXPECT_EQ(to_json(features), expected) << feature.name;
        EXPECT_EQ(none.at(feature.name), false) << feature.name;
    }
}

TEST(RunnerInfo, TakesMissingValuesFromTheBuild) {
    const json info = to_json(RunnerInfo());
    EXPECT_EQ(info.at("name"), "gitlab-runner");
    EXPECT_EQ(info.at("platform"), "linux");
    EXPECT_EQ(info.at("architecture"), architecture());
    EXPECT_TRUE(
        std::regex_match(info.at("version").get<std::string>(), std::regex(R"(\d+\.\d+\.\d+)")));
    EXPECT_NE(info.at("revision"), "");
    EXPECT_EQ(info.at("config"), json({{"gpus", ""}}));
    for (const char* absent : {"executor", "shell", "labels"}) {
        EXPECT_FALSE(info.contains(absent)) << absent;
    }
}

TEST(RunnerInfo, SendsTheGivenValues) {
    RunnerInfo given;
    given.name = "n";
    given.version = "1.2.3";
    given.revision = "abc";
    given.platform = "freebsd";
    given.architecture = "arm";
    given.executor = "docker";
    given.shell = "bash";
    given.gpus = "all";
    given.labels = {{"zone", "a"}};
    json expected = {{"name", "n"},           {"version", "1.2.3"},    {"revision", "abc"},
                     {"platform", "freebsd"}, {"architecture", "arm"}, {"executor", "docker"},
                     {"shell", "bash"}};
    expected["features"] = to_json(Features());
    expected["config"]["gpus"] = "all";
    expected["labels"]["zone"] = "a";
    EXPECT_EQ(to_json(given), expected);
}

TEST(UserAgent, HasTheShapeOfTheOfficialOne) {
    const std::regex shape(R"(gitlab-runner \d+\.\d+\.\d+ \([^;()]+; [^;()]+; linux/\w+\))");
    EXPECT_TRUE(std::regex_match(user_agent(), shape)) << user_agent();
    EXPECT_NE(user_agent().find(to_json(RunnerInfo()).at("version").get<std::string>()),
              std::string::npos);
}

}  // namespace
