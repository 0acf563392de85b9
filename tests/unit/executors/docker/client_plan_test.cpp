#include "executors/docker/client_plan.hpp"

#include <gtest/gtest.h>

namespace executors::docker {
namespace {

using Words = std::vector<std::string>;

/// Variables as "NAME=value", separated by spaces.
std::vector<EnvironmentVariable> variables(const std::string& text) {
    std::vector<EnvironmentVariable> all;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto end = std::min(text.find(' ', at), text.size());
        const std::string entry = text.substr(at, end - at);
        const auto equals = entry.find('=');
        all.push_back({entry.substr(0, equals), entry.substr(equals + 1)});
        at = end + 1;
    }
    return all;
}

std::string shown(const std::vector<EnvironmentVariable>& all) {
    std::string text;
    for (const auto& variable : all) {
        text += (text.empty() ? "" : " ") + variable.name + "=" + variable.value;
    }
    return text;
}

/// Questions about an engine in the job's own container.
class ClientPlanTest : public testing::Test {
  protected:
    ClientPlan plan(const std::string& text) {
        job_.client_environment = variables(text);
        return plan_client({.job = job_,
                            .image = image_,
                            .names = names_,
                            .has_socket = has_socket_,
                            .fixed_certificates = fixed_,
                            .default_certificates = "/certs"});
    }

    JobEnvironment job_;
    ImageInfo image_;
    Words names_{"docker", "localhost", "127.0.0.1", "::1"};
    bool has_socket_ = true;
    std::optional<std::string> fixed_;
};

struct Reached {
    std::string variables;
    bool open_port;
    std::string certificates;
    std::string added;
};

TEST_F(ClientPlanTest, TheEngineListensWhereConsistentVariablesSay) {
    const std::string tls = "DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=/certs/client";
    const std::vector<Reached> cases{
        {"", false, "", ""},
        {"DOCKER_HOST=", false, "", ""},
        {"DOCKER_HOST=unix:///var/run/docker.sock", false, "", ""},
        {"DOCKER_HOST=unix:///run/docker.sock", false, "", ""},
        {"DOCKER_HOST=unix:///var/run//./docker.sock", false, "", ""},
        {"DOCKER_TLS_CERTDIR=/certs", false, "/certs", ""},
        {"DOCKER_CONTEXT=default", false, "", ""},
        {"DOCKER_HOST=tcp://docker:2375 DOCKER_TLS_CERTDIR=", true, "", ""},
        {"DOCKER_HOST=tcp://docker:2375", true, "", ""},
        {"DOCKER_HOST=tcp://docker", true, "", ""},
        {"DOCKER_HOST=docker:2375", true, "", ""},
        {"DOCKER_HOST=tcp://Docker:2375/", true, "", ""},
        {"DOCKER_HOST=tcp://localhost:2375", true, "", ""},
        {"DOCKER_HOST=tcp://[::1]:2375", true, "", ""},
        {"DOCKER_HOST=tcp://docker:2376 DOCKER_TLS_CERTDIR=/certs", false, "/certs", tls},
        {"DOCKER_HOST=tcp://docker:2376", false, "/certs", tls},
        {"DOCKER_HOST=tcp://docker:2376 DOCKER_TLS_VERIFY=1", false, "/certs",
         "DOCKER_CERT_PATH=/certs/client"},
        {"DOCKER_HOST=tcp://docker:2376 DOCKER_CERT_PATH=/keys/client", false, "/keys",
         "DOCKER_TLS_VERIFY=1"},
        {"DOCKER_HOST=tcp://docker:2376 DOCKER_TLS_CERTDIR=/certs DOCKER_CERT_PATH=/certs//client/",
         false, "/certs", "DOCKER_TLS_VERIFY=1"},
        {"DOCKER_HOST=tcp://docker DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=/certs/client", false,
         "/certs", ""},
        {"DOCKER_TLS_VERIFY=1 DOCKER_TLS_CERTDIR=/certs", false, "/certs",
         "DOCKER_CERT_PATH=/certs/client DOCKER_HOST=tcp://docker:2376"}};
    for (const auto& entry : cases) {
        const auto made = plan(entry.variables);
        EXPECT_TRUE(made.reaches) << entry.variables << ": " << made.problem;
        EXPECT_EQ(made.problem, "") << entry.variables;
        EXPECT_EQ(made.open_port, entry.open_port) << entry.variables;
        EXPECT_EQ(made.certificates, entry.certificates) << entry.variables;
        EXPECT_EQ(shown(made.variables), entry.added) << entry.variables;
    }
}

TEST_F(ClientPlanTest, AContradictionNamesBothVariables) {
    struct Case {
        std::string variables;
        std::string first;
        std::string second;
        bool open_port;
    };
    const std::vector<Case> cases{
        {"DOCKER_HOST=tcp://docker:2375 DOCKER_TLS_CERTDIR=/certs",
         R"(DOCKER_HOST is "tcp://docker:2375")", R"(DOCKER_TLS_CERTDIR is "/certs")", false},
        {"DOCKER_HOST=tcp://docker:2376 DOCKER_TLS_CERTDIR=",
         R"(DOCKER_HOST is "tcp://docker:2376")", R"(DOCKER_TLS_CERTDIR is "")", true},
        {"DOCKER_HOST=tcp://docker:2375 DOCKER_TLS_VERIFY=1 DOCKER_TLS_CERTDIR=",
         R"(DOCKER_HOST is "tcp://docker:2375")", R"(DOCKER_TLS_VERIFY is "1")", true},
        {"DOCKER_HOST=tcp://docker:2376 DOCKER_TLS_VERIFY=", R"(DOCKER_HOST is )",
         R"(DOCKER_TLS_VERIFY is "")", false},
        {"DOCKER_HOST=unix:///var/run/docker.sock DOCKER_TLS_VERIFY=1", R"(DOCKER_HOST is )",
         R"(DOCKER_TLS_VERIFY is "1")", false},
        {"DOCKER_TLS_VERIFY=1 DOCKER_TLS_CERTDIR=", R"(DOCKER_TLS_VERIFY is "1")",
         R"(DOCKER_TLS_CERTDIR is "")", true},
        {"DOCKER_HOST=tcp://docker:2376 DOCKER_TLS_CERTDIR=/certs DOCKER_CERT_PATH=/certs",
         R"(DOCKER_CERT_PATH is "/certs")", R"(DOCKER_TLS_CERTDIR is "/certs")", false}};
    for (const auto& entry : cases) {
        const auto made = plan(entry.variables);
        EXPECT_FALSE(made.reaches) << entry.variables;
        EXPECT_TRUE(made.contradiction) << entry.variables;
        EXPECT_NE(made.problem.find(entry.first), std::string::npos) << made.problem;
        EXPECT_NE(made.problem.find(entry.second), std::string::npos) << made.problem;
        EXPECT_EQ(made.problem.find('\n'), std::string::npos) << made.problem;
        EXPECT_EQ(made.open_port, entry.open_port) << entry.variables;
        EXPECT_EQ(shown(made.variables), "") << entry.variables;
    }
}

TEST_F(ClientPlanTest, AnotherEngineIsNamed) {
    for (const std::string value :
         {"unix:///host/docker.sock", "unix://var/run/docker.sock", "tcp://172.17.0.1:2375",
          "tcp://docker.example.com:2376", "tcp://docker:2377", "tcp://docker:x", "ssh://me@docker",
          "nonsense://docker:2375"}) {
        const auto made = plan("DOCKER_HOST=" + value);
        EXPECT_FALSE(made.reaches) << value;
        EXPECT_FALSE(made.contradiction) << value;
        EXPECT_FALSE(made.open_port) << value;
        EXPECT_NE(made.problem.find("DOCKER_HOST is \"" + value + "\""), std::string::npos);
    }
    EXPECT_NE(plan("DOCKER_CONTEXT=remote").problem.find("DOCKER_CONTEXT is \"remote\""),
              std::string::npos);
    EXPECT_TRUE(plan("DOCKER_CONTEXT=remote DOCKER_HOST=tcp://docker:2375").reaches);
}

TEST_F(ClientPlanTest, VariablesOfTheImageCount) {
    image_.environment = {"DOCKER_HOST=tcp://localhost:2375", "DOCKER_TLS_CERTDIR=/certs"};
    EXPECT_TRUE(plan("").open_port) << "the job did not ask for certificates";
    EXPECT_FALSE(plan("DOCKER_HOST=unix:///var/run/docker.sock").open_port);
}

TEST_F(ClientPlanTest, AServiceDecidesAboutItsCertificates) {
    has_socket_ = false;
    names_ = {"docker", "dind"};
    fixed_ = "/certs";
    EXPECT_EQ(shown(plan("").variables),
              "DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=/certs/client DOCKER_HOST=tcp://docker:2376");
    EXPECT_EQ(shown(plan("DOCKER_HOST=tcp://dind:2376").variables),
              "DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=/certs/client");
    EXPECT_TRUE(plan("DOCKER_HOST=tcp://docker:2375").contradiction);
    EXPECT_FALSE(plan("DOCKER_HOST=unix:///var/run/docker.sock").reaches);
    fixed_ = "";
    EXPECT_EQ(shown(plan("").variables), "DOCKER_HOST=tcp://docker:2375");
    EXPECT_TRUE(plan("DOCKER_HOST=tcp://docker:2376").contradiction);
}

TEST_F(ClientPlanTest, KnowsWhenTheClientNamesTheDefaultAddress) {
    EXPECT_TRUE(plan("").by_default);
    EXPECT_TRUE(plan("DOCKER_HOST=unix:///var/run/docker.sock").by_default);
    EXPECT_FALSE(plan("DOCKER_HOST=unix:///run/docker.sock").by_default);
    EXPECT_FALSE(plan("DOCKER_TLS_VERIFY=1").by_default);
}

}  // namespace
}  // namespace executors::docker
