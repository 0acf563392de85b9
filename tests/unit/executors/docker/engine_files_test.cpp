#include "executors/docker/engine_files.hpp"

#include <gtest/gtest.h>

namespace executors::docker {
namespace {

/// The client's files in a job's container.
class ClientFilesTest : public testing::Test {
  protected:
    /// The archive's bytes; names and small texts are in it as they are.
    std::string archive() {
        TarBuilder tar;
        const EngineFilesInput input{dind_, registries_, auth_, image_, files_, home_, false, 0};
        EXPECT_TRUE(add_client_files(tar, input).has_value());
        return tar.finish();
    }
    static std::size_t count(const std::string& text, const std::string& part) {
        std::size_t found = 0;
        for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
            ++found;
        }
        return found;
    }

    DindSettings dind_;
    std::vector<DeclaredRegistry> registries_;
    RegistryAuth auth_;
    ImageInfo image_;
    ImageFiles files_;
    ClientHome home_{"/root/.docker", "/root/.docker/buildx", false, {}};
};

TEST_F(ClientFilesTest, ABuilderOfTheScriptKnowsTheRegistriesByDefault) {
    EXPECT_EQ(count(archive(), "buildkitd.default.toml"), 0U);
    DeclaredRegistry plain;
    plain.settings.host = "plain.net";
    plain.settings.http = true;
    registries_ = {plain};
    EXPECT_EQ(count(archive(), "root/.docker/buildx/buildkitd.default.toml"), 1U);
    EXPECT_EQ(count(archive(), "plain.net"), 2U);  // in the prepared builder's file, too
    files_.contents["/root/.docker/buildx/buildkitd.default.toml"] = "debug = true\n";
    EXPECT_EQ(count(archive(), "debug = true"), 1U);
    EXPECT_EQ(count(archive(), "plain.net"), 2U);
}

TEST_F(ClientFilesTest, TheDefaultIsWhereBuildxLooksForIt) {
    DeclaredRegistry plain;
    plain.settings.host = "plain.net";
    plain.settings.http = true;
    registries_ = {plain};
    home_.buildx = "/state";
    EXPECT_EQ(count(archive(), "state/buildkitd.default.toml"), 1U);
    EXPECT_EQ(count(archive(), ".docker/buildx/"), 0U);
    home_.late = true;  // get_sources would remove it
    EXPECT_EQ(count(archive(), "buildkitd.default.toml"), 0U);
}

}  // namespace
}  // namespace executors::docker
