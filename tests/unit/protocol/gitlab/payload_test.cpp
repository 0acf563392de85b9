#include "protocol/gitlab/payload.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.hpp"
#include "base/json.hpp"

namespace {

using nlohmann::json;
using protocol::gitlab::decode_identity;
using protocol::gitlab::decode_payload;
using protocol::gitlab::JobPayload;
using Words = std::vector<std::string>;

json sample(const std::string& name) {
    const auto text = base::read_file(RUNNER_SOURCE_DIR "/tests/data/gitlab/" + name + ".json");
    return json::parse(*text);
}

JobPayload decoded(const json& payload) {
    auto result = decode_payload(payload.dump());
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
    return result ? std::move(*result) : JobPayload();
}

/// The paths of all values of a tree, except the root.
std::vector<json::json_pointer> places_in(const json& tree) {
    std::vector<json::json_pointer> places;
    const json flat = tree.flatten();
    for (const auto& item : flat.items()) {
        for (json::json_pointer place(item.key()); !place.empty(); place = place.parent_pointer()) {
            if (std::find(places.begin(), places.end(), place) == places.end()) {
                places.push_back(place);
            }
        }
    }
    return places;
}

bool is_entry(const json::json_pointer& place) {
    return place.back().find_first_not_of("0123456789") == std::string::npos;
}

/// The values that must not be missing: id and token of a job, the content of an input.
bool is_refused(const json& payload) {
    const json::json_pointer content("/inputs/0/value/content");
    const bool has_input =
        payload.contains("inputs") && !payload["inputs"].is_null() && !payload["inputs"].empty();
    if (has_input && (!payload.contains(content) || payload.at(content).is_null())) return true;
    return payload.value("id", json()).is_null() || payload.value("token", json()).is_null();
}

/// "/services/0/name" → "services[0].name", the form in error messages.
std::string shown(const json::json_pointer& place) {
    if (place.empty()) return {};
    const std::string before = shown(place.parent_pointer());
    if (is_entry(place)) return before + "[" + place.back() + "]";
    return before.empty() ? place.back() : before + "." + place.back();
}

std::string first_of(json::json_pointer place) {
    while (!place.parent_pointer().empty()) place = place.parent_pointer();
    return place.back();
}

TEST(Payload, AcceptsTheMinimalPayload) {
    const JobPayload payload = decoded(sample("minimal_payload"));
    EXPECT_EQ(payload.id, 1);
    EXPECT_EQ(payload.token.reveal(), "glcbt-64_abc");
    EXPECT_TRUE(payload.allow_git_fetch);
    EXPECT_EQ(payload.timeout_seconds, 3600);
    EXPECT_FALSE(payload.image.has_value());
    EXPECT_TRUE(payload.services.empty());
    EXPECT_TRUE(payload.artifacts.empty());
    EXPECT_EQ(payload.run, "");
    EXPECT_TRUE(payload.inputs.empty());
    EXPECT_TRUE(payload.secrets.empty());
    EXPECT_EQ(payload.git_info.is_protected, false);
    ASSERT_EQ(payload.steps.size(), 1U);
    EXPECT_EQ(payload.steps[0].script, Words{"echo hi"});
}

TEST(Payload, ReadsJobAndSource) {
    const JobPayload payload = decoded(sample("full_payload"));
    EXPECT_EQ(payload.id, 4711);
    EXPECT_EQ(payload.timeout_seconds, 600);
    EXPECT_EQ(payload.job_info.name, "build");
    EXPECT_EQ(payload.job_info.stage, "package");
    EXPECT_EQ(payload.job_info.pipeline_id, 99);
    EXPECT_EQ(payload.job_info.project_id, 7);
    EXPECT_EQ(payload.job_info.project_name, "app");
    EXPECT_EQ(payload.job_info.project_full_path, "team/app");
    EXPECT_EQ(payload.job_info.time_in_queue_seconds, 1.25);
    EXPECT_EQ(payload.job_info.project_jobs_running_on_instance_runners_count, "+Inf");
    EXPECT_EQ(payload.job_info.queue_size, 3);
    EXPECT_EQ(payload.job_info.queue_depth, 2);
    EXPECT_EQ(payload.git_info.repo_object_format, "sha256");
    EXPECT_EQ(payload.git_info.ref, "v1");
    EXPECT_EQ(payload.git_info.ref_type, "tag");
    EXPECT_EQ(payload.git_info.sha.substr(0, 4), "1111");
    EXPECT_EQ(payload.git_info.before_sha.substr(0, 4), "0000");
    EXPECT_EQ(payload.git_info.refspecs.size(), 2U);
    EXPECT_EQ(payload.git_info.depth, 50);
    EXPECT_EQ(payload.git_info.is_protected, true);
    const auto& variable = payload.variables.at(0);
    EXPECT_EQ(variable.key + "=" + variable.value, "CA=pem");
    EXPECT_TRUE(variable.is_public && variable.masked && variable.file && variable.raw);
    const auto& after = payload.steps.at(1);
    EXPECT_EQ(after.name, "after_script");
    EXPECT_EQ(after.timeout, 300);
    EXPECT_EQ(after.when, "always");
    EXPECT_TRUE(after.allow_failure);
    EXPECT_EQ(payload.hooks.at(0).name, "pre_get_sources_script");
    EXPECT_EQ(payload.hooks.at(0).script, Words{"echo pre"});
    EXPECT_EQ(payload.run, R"([{"name":"hello","script":"echo hi"}])");
    EXPECT_EQ(payload.secrets.size(), 6U);
    const auto& input = payload.inputs.at(0);
    EXPECT_EQ(input.key + "=" + input.json, "k=\"v\"");
    EXPECT_FALSE(input.sensitive);
}

TEST(Payload, ReadsWhatTheJobNeeds) {
    const JobPayload payload = decoded(sample("full_payload"));
    EXPECT_EQ(payload.image->name, "docker:29-dind");
    EXPECT_EQ(payload.image->entrypoint, (Words{"/bin/sh", "-c"}));
    EXPECT_EQ(payload.image->pull_policy, Words{"if-not-present"});
    EXPECT_EQ(payload.image->docker_platform, "linux/arm64");
    EXPECT_EQ(payload.image->docker_user, "1000");
    EXPECT_TRUE(payload.image->unsupported_options.empty());
    const auto& service = payload.services.at(0);
    EXPECT_EQ(service.alias, "db database");
    EXPECT_EQ(service.command, (Words{"postgres", "-d"}));
    EXPECT_EQ(service.variables.at(0).key, "POSTGRES_DB");
    EXPECT_EQ(service.docker_user, "app");
    EXPECT_EQ(service.ports.at(0).number, 5432);
    EXPECT_EQ(service.ports.at(0).protocol, "http");
    EXPECT_EQ(service.ports.at(0).name, "default_port");
    const auto& artifact = payload.artifacts.at(0);
    EXPECT_EQ(artifact.name, "dist");
    EXPECT_TRUE(artifact.untracked);
    EXPECT_EQ(artifact.paths, Words{"out/**"});
    EXPECT_EQ(artifact.exclude, Words{"out/*.tmp"});
    EXPECT_EQ(artifact.when, "always");
    EXPECT_EQ(artifact.expire_in, "1 week");
    EXPECT_EQ(artifact.artifact_type, "archive");
    EXPECT_EQ(artifact.artifact_format, "zip");
    const auto& cache = payload.cache.at(0);
    EXPECT_EQ(cache.key, "deps-non_protected");
    EXPECT_TRUE(cache.untracked);
    EXPECT_EQ(cache.paths, Words{"vendor/"});
    EXPECT_EQ(cache.policy, "pull");
    EXPECT_EQ(cache.when, "on_failure");
    EXPECT_EQ(cache.fallback_keys, Words{"deps"});
    const auto& credential = payload.credentials.at(0);
    EXPECT_EQ(credential.type + " " + credential.url, "registry registry.example.com");
    EXPECT_EQ(credential.username, "gitlab-ci-token");
    EXPECT_EQ(credential.password.reveal(), "secret");
    const auto& dependency = payload.dependencies.at(0);
    EXPECT_EQ(dependency.id, 4700);
    EXPECT_EQ(dependency.name, "compile");
    EXPECT_EQ(dependency.token.reveal(), "dep");
    EXPECT_EQ(dependency.artifact_filename, "artifacts.zip");
    EXPECT_EQ(dependency.artifact_size, 12);
    EXPECT_TRUE(payload.features.trace_sections);
    EXPECT_EQ(payload.features.token_mask_prefixes, Words{"glpat-"});
    EXPECT_EQ(payload.features.failure_reasons, Words{"script_failure"});
}

TEST(Payload, NeedsOnlyIdAndToken) {
    const json full = sample("full_payload");
    for (const auto& place : places_in(full)) {
        json missing = full;
        json& parent = missing.at(place.parent_pointer());
        if (parent.is_array()) {
            parent.erase(std::stoul(place.back()));
        } else {
            parent.erase(place.back());
        }
        json null = full;
        null.at(place) = nullptr;
        for (const json& payload : {missing, null}) {
            const auto result = decode_payload(payload.dump());
            EXPECT_EQ(result.has_value(), !is_refused(payload)) << place;
            if (result) continue;
            EXPECT_TRUE(result.error().is(base::ErrorKind::kProtocol));
            EXPECT_NE(result.error().message.find('`' + first_of(place)), std::string::npos)
                << result.error().message;
        }
    }
}

TEST(Payload, NamesTheFieldOfAWrongType) {
    const json full = sample("full_payload");
    // Values that are not read may have any type; a count may also be a number.
    const Words free{"/secrets/OTHER/",
                     "/auth_mount",
                     "/jwt",
                     "/role",
                     "/gcp_secret_manager/version",
                     "/project_number",
                     "/inputs/",
                     "/kubernetes/user",
                     "/project_jobs_running_on_instance_runners_count",
                     "/docker/user"};
    int tried = 0;
    for (const auto& place : places_in(full)) {
        const std::string name = place.to_string();
        const bool is_free = std::any_of(free.begin(), free.end(), [&](const auto& part) {
            return name.find(part) != std::string::npos;
        });
        if (is_free) continue;
        ++tried;
        json wrong = full;
        json& value = wrong.at(place);
        value = value.is_structured() ? json(true) : json::array({json::array()});
        const auto result = decode_payload(wrong.dump());
        EXPECT_FALSE(result.has_value()) << name;
        if (result) continue;
        EXPECT_TRUE(result.error().is(base::ErrorKind::kProtocol));
        EXPECT_NE(result.error().message.find("`" + shown(place) + "`"), std::string::npos)
            << result.error().message;
    }
    EXPECT_GT(tried, 80);
}

TEST(Payload, IgnoresFieldsThatItDoesNotKnow) {
    const json full = sample("full_payload");
    json extended = full;
    extended["suspend_options"] = {{"suspend_on_success", true}};
    for (const auto& place : places_in(full)) {
        // Options of executors have their own test.
        if (place.to_string().find("executor_opts") != std::string::npos) continue;
        json& value = extended.at(place);
        // Its keys are the names of variables.
        if (place == json::json_pointer("/secrets")) continue;
        if (value.is_object()) value["x_unknown"] = json::array({1, "two", nullptr});
    }
    const JobPayload payload = decoded(extended);
    EXPECT_EQ(payload.id, 4711);
    EXPECT_EQ(payload.services.at(0).name, "postgres:15");
    EXPECT_TRUE(payload.image->unsupported_options.empty());
}

TEST(Payload, ReportsUnknownExecutorOptions) {
    json payload = sample("full_payload");
    payload["image"]["executor_opts"] = json::parse(
        R"({"docker": {"platform": "p", "cpus": 1}, "kubernetes": {"platform": "p"}, "vm": {}})");
    EXPECT_EQ(decoded(payload).image->unsupported_options,
              (Words{"docker.cpus", "kubernetes.platform", "vm"}));
}

TEST(Payload, HasTheDocumentedDefaults) {
    const JobPayload payload = decoded({{"id", 1}, {"token", "t"}});
    EXPECT_EQ(payload.timeout_seconds, 7200);
    EXPECT_EQ(payload.git_info.repo_object_format, "sha1");
    EXPECT_FALSE(payload.git_info.is_protected.has_value());
    for (const int timeout : {0, -1}) {
        const json body = {{"id", 1}, {"token", "t"}, {"runner_info", {{"timeout", timeout}}}};
        EXPECT_EQ(decoded(body).timeout_seconds, 7200);
    }
    const json bare = {{"id", 1},
                       {"token", "t"},
                       {"variables", {{{"key", "A"}}}},
                       {"image", {{"name", "i"}, {"entrypoint", json::array()}}}};
    const JobPayload read = decoded(bare);
    const auto& variable = read.variables.at(0);
    EXPECT_FALSE(variable.is_public || variable.masked || variable.file || variable.raw);
    EXPECT_EQ(read.image->entrypoint, Words());
}

TEST(Payload, KeepsVariablesInTheirOrder) {
    const json body = {{"id", 1},
                       {"token", "t"},
                       {"variables",
                        {{{"key", "A"}, {"value", "1"}},
                         {{"key", "B"}, {"value", "2"}},
                         {{"key", "A"}, {"value", "3"}}}}};
    const JobPayload payload = decoded(body);
    std::string order;
    for (const auto& variable : payload.variables) order += variable.key + variable.value;
    EXPECT_EQ(order, "A1B2A3");
}

TEST(Payload, RunsCiStepsByTheProgramOfTheImage) {
    json body = {{"id", 1}, {"token", "t"}, {"run", "[{}]"}, {"steps", json::array()}};
    const JobPayload payload = decoded(body);
    EXPECT_EQ(payload.run, "");
    EXPECT_EQ(payload.steps.at(0).name, "script");
    EXPECT_EQ(payload.steps.at(0).script, Words{"step-runner ci"});
    EXPECT_EQ(payload.steps.at(0).timeout, 3600);
    EXPECT_EQ(payload.variables.at(0).key + payload.variables.at(0).value, "STEPS[{}]");
    EXPECT_TRUE(payload.variables.at(0).raw);
    // They are not run when there is a script, or a variable STEPS.
    body["variables"] = json::array({{{"key", "STEPS"}}});
    EXPECT_EQ(decoded(body).run, "[{}]");
    EXPECT_TRUE(decoded(body).steps.empty());
}

TEST(Payload, TakesNumbersInTheFormsThatServersUse) {
    for (const char* id : {"12", "12.0", "\"12\""}) {
        const auto result = decode_payload("{\"token\":\"t\",\"id\":" + std::string(id) + "}");
        ASSERT_TRUE(result.has_value()) << id;
        EXPECT_EQ(result->id, 12);
    }
    for (const char* id :
         {"0", "-1", "1.5", "1e30", "18446744073709551615", "\"x\"", "\"\"", "true"}) {
        EXPECT_FALSE(decode_payload("{\"token\":\"t\",\"id\":" + std::string(id) + "}").has_value())
            << id;
    }
}

TEST(Payload, RefusesValuesThatAreNotObjects) {
    for (const char* text :
         {"", "null", "[]", "\"x\"", "1", "{\"id\":1", "{\"id\":1,\"token\":\"\"}", "<html></html>",
          "{\"id\":1,\"token\":\"\xff\"}"}) {
        const auto result = decode_payload(text);
        ASSERT_FALSE(result.has_value()) << text;
        EXPECT_TRUE(result.error().is(base::ErrorKind::kProtocol));
        EXPECT_FALSE(decode_identity(text).has_value()) << text;
    }
}

TEST(Identity, IsFoundInAPayloadThatIsBrokenElsewhere) {
    const auto found = decode_identity(R"({"id": 5, "token": "t", "steps": 1, "image": []})");
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->id, 5);
    EXPECT_EQ(found->token.reveal(), "t");
    EXPECT_FALSE(decode_identity(R"({"id": 5})").has_value());
    EXPECT_FALSE(decode_identity(R"({"token": "t"})").has_value());
}

TEST(Identity, HasTheNumberInTheFormsThatServersUse) {
    for (const char* id : {"12", "12.0", "\"12\""}) {
        const auto found = decode_identity("{\"token\":\"t\",\"id\":" + std::string(id) + "}");
        ASSERT_TRUE(found.has_value()) << id;
        EXPECT_EQ(found->id, 12);
    }
    for (const char* id : {"0", "-1", "1.5", "1e30", "18446744073709551615", "\"x\"", "true"}) {
        EXPECT_FALSE(decode_identity("{\"token\":\"t\",\"id\":" + std::string(id) + "}")) << id;
    }
}

TEST(Identity, IsThatOfTheJobAndNotOfAPartOfIt) {
    const auto found = decode_identity(
        R"({"dependencies": [{"id": 1, "token": "of another job"}], "image": {"id": 2},
            "id": 5, "token": "t"})");
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->id, 5);
    EXPECT_EQ(found->token.reveal(), "t");
}

TEST(Identity, IsFoundInTheBeginningOfAPayload) {
    const auto found = decode_identity(R"({"id": 5, "token": "t", "variables": [{"key": "A)");
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->id, 5);
    EXPECT_FALSE(decode_identity(R"({"id": 5, "tok)").has_value());
}

TEST(Payload, IsRefusedWhenItIsTooLarge) {
    const std::string begin = R"({"id": 5, "token": "t", "x": ")";
    const auto large = [&](std::size_t bytes) {
        return begin + std::string(bytes - begin.size() - 2, 'x') + "\"}";
    };
    EXPECT_TRUE(decode_payload(large(protocol::gitlab::kMaxPayloadBytes)).has_value());
    const std::string text = large(protocol::gitlab::kMaxPayloadBytes + 1);
    const auto result = decode_payload(text);
    ASSERT_FALSE(result.has_value());
    EXPECT_NE(result.error().message.find("more than 8 MiB"), std::string::npos);
    EXPECT_EQ(decode_identity(text)->id, 5);
}

// Without the check this ends the process: the value is written by recursion.
TEST(Payload, IsRefusedWhenItIsNestedTooDeeply) {
    const std::string deep(2'000'000, '[');
    const std::string text =
        R"({"id": 5, "token": "t", "inputs": [{"key": "A", "value": {"content": )" + deep +
        std::string(deep.size(), ']') + "}}]}";
    const auto result = decode_payload(text);
    ASSERT_FALSE(result.has_value());
    EXPECT_NE(result.error().message.find("nested"), std::string::npos);
    EXPECT_EQ(decode_identity(text)->id, 5);
    EXPECT_TRUE(decode_payload(R"({"id":5,"token":"t","x":")" + deep + "\\\"[[\"}").has_value())
        << "brackets in a string";
}

TEST(Payload, LimitsTheTimeout) {
    const auto timeout = [](const std::string& value) {
        return decode_payload(R"({"id":5,"token":"t","runner_info":{"timeout":)" + value + "}}")
            ->timeout_seconds;
    };
    EXPECT_EQ(timeout("1000000000000000000"), protocol::gitlab::kMaxTimeoutSeconds);
    EXPECT_EQ(timeout("9223372036854775807"), protocol::gitlab::kMaxTimeoutSeconds);
    EXPECT_EQ(timeout("-1000000000000000000"), 7200);
    EXPECT_EQ(timeout("3600"), 3600);
}

}  // namespace
