#include "runner/config/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/files.hpp"

namespace {

using namespace runner::config;
using testing::ElementsAre;
using testing::HasSubstr;

const Key& key_of(const char* section, const char* name) {
    return *find_key(*find_section(section), name);
}
std::vector<std::string> flags(const char* section, const char* name) {
    return flag_names(*find_section(section), key_of(section, name));
}
std::string env(const char* section, const char* name) {
    return env_name(*find_section(section), key_of(section, name));
}

TEST(Schema, EveryPathIsUnique) {
    std::set<std::string> paths;
    for (const auto& section : sections()) {
        for (const auto& key : section.keys) {
            EXPECT_TRUE(paths.insert(full_path(section, key)).second) << full_path(section, key);
        }
    }
    EXPECT_GT(paths.size(), 300U);
}

TEST(Schema, EveryFlagBelongsToOneKey) {
    std::set<std::string> names;
    for (const auto& section : sections()) {
        for (const auto& key : section.keys) {
            for (const auto& name : flag_names(section, key))
                EXPECT_TRUE(names.insert(name).second) << name;
        }
    }
}

TEST(Schema, EveryTableHasItsParent) {
    for (const auto& section : sections()) {
        if (section.path.empty()) continue;
        const std::string path(section.path);
        const auto dot = path.rfind('.');
        EXPECT_NE(find_section(dot == std::string::npos ? "" : path.substr(0, dot)), nullptr)
            << path;
    }
}

TEST(Schema, NamesFlagsAsTheOfficialProgram) {
    EXPECT_THAT(flags("runners", "name"), ElementsAre("name", "description"));
    EXPECT_THAT(flags("runners", "tls-ca-file"), ElementsAre("tls-ca-file"));
    EXPECT_THAT(flags("runners", "environment"), ElementsAre("env"));
    EXPECT_THAT(flags("runners", "pre_get_sources_script"), ElementsAre("pre-get-sources-script"));
    EXPECT_THAT(flags("runners.docker", "image"), ElementsAre("docker-image"));
    EXPECT_THAT(flags("runners.docker", "tls_cert_path"), ElementsAre("docker-cert-path"));
    EXPECT_THAT(flags("runners.docker", "tls_verify"), ElementsAre("docker-tlsverify"));
    EXPECT_THAT(flags("runners.docker", "services_privileged"),
                ElementsAre("docker-services_privileged"));
    EXPECT_THAT(flags("runners.docker", "userns_mode"), ElementsAre("docker-userns"));
    EXPECT_THAT(flags("runners.cache.s3", "ServerAddress"), ElementsAre("cache-s3-server-address"));
    EXPECT_THAT(flags("runners.cache.s3", "ServerSideEncryptionKeyID"),
                ElementsAre("cache-s3-server-side-encryption-key-id"));
    EXPECT_THAT(flags("runners.machine", "MaxGrowthRate"), ElementsAre("machine-max-growth-rate"));
    EXPECT_THAT(flags("runners.custom_build_dir", "enabled"),
                ElementsAre("custom_build_dir-enabled"));
    EXPECT_THAT(flags("runners.kubernetes", "namespace"), ElementsAre("kubernetes-namespace"));
    EXPECT_THAT(flags("", "concurrent"), ElementsAre());
    EXPECT_THAT(flags("runners", "id"), ElementsAre());
    EXPECT_THAT(flags("runners.docker.services", "name"), ElementsAre());
}

TEST(Schema, NamesVariablesAsTheOfficialProgram) {
    EXPECT_EQ(env("runners", "name"), "RUNNER_NAME");
    EXPECT_EQ(env("runners", "url"), "CI_SERVER_URL");
    EXPECT_EQ(env("runners", "token"), "CI_SERVER_TOKEN");
    EXPECT_EQ(env("runners", "environment"), "RUNNER_ENV");
    EXPECT_EQ(env("runners", "clone_url"), "CLONE_URL");
    EXPECT_EQ(env("runners", "pre_build_script"), "RUNNER_PRE_BUILD_SCRIPT");
    EXPECT_EQ(env("runners", "feature_flags"), "FEATURE_FLAGS");
    EXPECT_EQ(env("runners", "unhealthy_interval"), "");
    EXPECT_EQ(env("runners.docker", "image"), "DOCKER_IMAGE");
    EXPECT_EQ(env("runners.docker", "tls_cert_path"), "DOCKER_CERT_PATH");
    EXPECT_EQ(env("runners.docker", "ipcmode"), "DOCKER_IPC_MODE");
    EXPECT_EQ(env("runners.docker", "container_labels"), "");
    EXPECT_EQ(env("runners.cache.s3", "BucketName"), "CACHE_S3_BUCKET_NAME");
    EXPECT_EQ(env("runners.cache", "MaxUploadedArchiveSize"),
              "CACHE_MAXIMUM_UPLOADED_ARCHIVE_SIZE");
}

TEST(Schema, FindsKeysInAnyCase) {
    EXPECT_EQ(find_key(*find_section("runners.cache"), "type")->name, "Type");
    EXPECT_EQ(find_child(*find_section("runners"), "Docker")->path, "runners.docker");
    EXPECT_EQ(find_key(*find_section("runners"), "nothing"), nullptr);
}

TEST(Schema, EveryKeyIsInTheDocumentation) {
    const auto text =
        base::read_file(std::filesystem::path(RUNNER_SOURCE_DIR) / "docs/configuration.md");
    ASSERT_TRUE(text) << text.error().message;
    for (const auto& section : sections()) {
        if (!section.path.empty()) {
            EXPECT_THAT(*text, HasSubstr("`" + std::string(section.path) + "`"));
        }
        for (const auto& key : section.keys) {
            EXPECT_THAT(*text, HasSubstr("`" + std::string(key.name) + "`"))
                << "of " << section.path;
        }
    }
}

}  // namespace
