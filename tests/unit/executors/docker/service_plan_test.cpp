#include "executors/docker/service_plan.hpp"

#include <gtest/gtest.h>

namespace {

using executors::JobEnvironment;
using executors::ServiceSpec;
using executors::docker::DockerSettings;
using executors::docker::health_ports;
using executors::docker::plan_services;
using Words = std::vector<std::string>;

ServiceSpec service(const std::string& image, Words aliases = {}, bool configured = false) {
    ServiceSpec spec;
    spec.image.name = image;
    spec.aliases = std::move(aliases);
    spec.from_configuration = configured;
    return spec;
}

TEST(ServicePlan, NamesContainersAndHosts) {
    JobEnvironment job;
    job.services = {service("docker:29-dind", {"engine"}), service("reg:5000/team/db:15"),
                    service("localhost:1")};
    const auto plan = plan_services(job, DockerSettings(), "base");
    ASSERT_TRUE(plan.has_value());
    ASSERT_EQ(plan->services.size(), 3U);
    EXPECT_TRUE(plan->warnings.empty());
    EXPECT_EQ(plan->services[0].container_name, "base-docker-0");
    EXPECT_EQ(plan->services[0].aliases, (Words{"docker", "engine"}));
    EXPECT_EQ(plan->services[0].slug, "docker");
    EXPECT_EQ(plan->services[0].version, "29-dind");
    EXPECT_EQ(plan->services[1].container_name, "base-reg__team__db-1");
    EXPECT_EQ(plan->services[1].aliases, (Words{"reg__team__db", "reg-team-db"}));
    EXPECT_EQ(plan->services[2].aliases, (Words{"localhost"}));
}

TEST(ServicePlan, GivesADuplicateNameToTheFirstServiceAndWarns) {
    JobEnvironment job;
    job.services = {service("redis:7", {"cache", "cache"}), service("redis:6", {"cache", "old"})};
    const auto plan = plan_services(job, DockerSettings(), "base");
    ASSERT_TRUE(plan.has_value());
    EXPECT_EQ(plan->services[0].aliases, (Words{"redis", "cache"}));
    EXPECT_EQ(plan->services[1].aliases, (Words{"old"}));
    EXPECT_NE(plan->services[0].container_name, plan->services[1].container_name);
    ASSERT_EQ(plan->warnings.size(), 2U);
    EXPECT_EQ(plan->warnings[0],
              "service \"redis:6\": the name \"redis\" is already taken by another service");
    EXPECT_NE(plan->warnings[1].find("\"cache\""), std::string::npos);
}

TEST(ServicePlan, RefusesWhatCannotBeAnImageName) {
    JobEnvironment job;
    for (const std::string& name : {std::string(), std::string("a b"), std::string(100'000, ':')}) {
        job.services = {service(name)};
        const auto refused = plan_services(job, DockerSettings(), "base");
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().kind, base::ErrorKind::kConfiguration);
    }
}

TEST(ServicePlan, CountsTheServicesOfJobAndConfiguration) {
    JobEnvironment job;
    job.services = {service("a", {}, true), service("b"), service("c")};
    DockerSettings settings;
    settings.services_limit = 3;
    EXPECT_TRUE(plan_services(job, settings, "base").has_value());
    settings.services_limit = 2;
    const auto refused = plan_services(job, settings, "base");
    ASSERT_FALSE(refused.has_value());
    EXPECT_TRUE(refused.error().is(base::ErrorKind::kConfiguration));
    EXPECT_EQ(refused.error().message.find("too many services requested: 3, only 2 allowed"), 0U);
    settings.services_limit = 0;
    EXPECT_FALSE(plan_services(job, settings, "base").has_value());
}

TEST(ServicePlan, LetsConfiguredServicesPassTheAllowList) {
    DockerSettings settings;
    settings.allowed_services = {"redis:*"};
    JobEnvironment job;
    job.services = {service("postgres:15", {}, true), service("redis:7")};
    EXPECT_TRUE(plan_services(job, settings, "base").has_value());
    // The same image, asked for by the job, passes as well.
    job.services.push_back(service("postgres:15"));
    EXPECT_TRUE(plan_services(job, settings, "base").has_value());
    job.services.push_back(service("postgres:14"));
    const auto refused = plan_services(job, settings, "base");
    ASSERT_FALSE(refused.has_value());
    EXPECT_TRUE(refused.error().is(base::ErrorKind::kConfiguration));
    EXPECT_NE(refused.error().message.find("\"postgres:14\""), std::string::npos);
}

TEST(ServicePlan, IsPrivilegedWhereSettingAndListAgree) {
    JobEnvironment job;
    job.services = {service("docker:29-dind"), service("redis:7")};
    DockerSettings settings;
    settings.privileged = true;
    const auto none = plan_services(job, settings, "base");
    EXPECT_FALSE(none->services[0].privileged);
    settings.services_privileged = true;
    const auto all = plan_services(job, settings, "base");
    EXPECT_TRUE(all->services[0].privileged);
    EXPECT_TRUE(all->services[1].privileged);
    settings.allowed_privileged_services = {"docker:*-dind"};
    const auto listed = plan_services(job, settings, "base");
    EXPECT_TRUE(listed->services[0].privileged);
    EXPECT_FALSE(listed->services[1].privileged);
}

TEST(HealthPorts, AreTheVariableElseTheExposedOnes) {
    struct Case {
        Words environment;
        Words exposed;
        std::vector<int> ports;
        std::string unusable;
    };
    const std::vector<Case> cases{
        {{}, {}, {}, ""},
        {{}, {"8080/tcp", "53/udp", "443"}, {443, 8080}, ""},
        {{"HEALTHCHECK_TCP_PORT=99"}, {"8080/tcp"}, {99}, ""},
        {{"Healthcheck_tcp_port=99"}, {"8080/tcp"}, {99}, ""},
        {{"HEALTHCHECK_TCP_PORT=x"}, {"8080/tcp"}, {8080}, "x"},
        {{"HEALTHCHECK_TCP_PORT=70000"}, {"8080/tcp"}, {8080}, "70000"},
        {{"HEALTHCHECK_TCP_PORT=80x"}, {"8080/tcp"}, {8080}, "80x"},
        {{"XHEALTHCHECK_TCP_PORT=99"}, {"0/tcp", "nonsense"}, {}, ""},
    };
    for (const auto& entry : cases) {
        const auto health = health_ports(entry.environment, entry.exposed);
        EXPECT_EQ(health.ports, entry.ports) << testing::PrintToString(entry.environment);
        EXPECT_EQ(health.unusable, entry.unusable);
    }
    Words many;
    for (int port = 40; port > 0; --port) many.push_back(std::to_string(port) + "/tcp");
    const auto first = health_ports({}, many).ports;
    ASSERT_EQ(first.size(), 20U);
    EXPECT_EQ(first.front(), 1);
    EXPECT_EQ(first.back(), 20);
}

}  // namespace
