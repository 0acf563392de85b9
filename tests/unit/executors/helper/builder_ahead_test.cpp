#include "executors/helper/builder_ahead.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/executors/helper/listening_engine.hpp"

namespace executors::helper {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kRemoval = "DELETE /containers/buildx_buildkit_runner0?force=1";
/// A boot asks this first; the engine of these tests has no builder and no image, so it ends there.
constexpr const char* kLook = "GET /containers/buildx_buildkit_runner0/json";
constexpr const char* kLookForImage = "GET /images/kit/json";

class BuilderAheadTest : public testing::Test {
  protected:
    void SetUp() override {
        std::filesystem::create_directory(dir_.path() / "instances");
        write("instances/runner", "options");
        write("hosts", "names");
        boot_.container->image = "kit";
        boot_.container->network = "host";
    }
    void write(const std::string& file, const std::string& text) const {
        std::ofstream(dir_.path() / file) << text;
    }
    [[nodiscard]] std::string text_of(const std::string& file) const {
        std::ifstream stream(dir_.path() / file);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    [[nodiscard]] bool exists(const std::string& file) const {
        return std::filesystem::exists(dir_.path() / file);
    }
    [[nodiscard]] BuilderAhead ahead() const {
        return {dir_.path().string(), boot_, dir_.path() / "hosts"};
    }
    void note_boot() const {
        write("runner-boots-with", "options\nnames");
        write("runner-has-booted", "");
    }
    /// What take() asks the engine for.
    Words asked() {
        ahead().take();
        return engine_.lines();
    }

    tests::TempDir dir_;
    tests::ListeningEngine engine_{dir_.path(), {}};
    BuilderBoot boot_{.buildx = "",
                      .builder = "runner",
                      .image = "kit",
                      .socket = engine_.socket(),
                      .container = BuilderContainer()};
};

TEST_F(BuilderAheadTest, ABuilderStaysWhenABootWouldTakeTheSame) {
    note_boot();
    EXPECT_EQ(asked(), Words{});
    EXPECT_FALSE(exists("runner-has-booted"));
}

TEST_F(BuilderAheadTest, ABuilderGoesWhenAScriptHasChangedItsOptions) {
    note_boot();
    write("instances/runner", "other options");
    EXPECT_EQ(asked(), Words{kRemoval});
}

TEST_F(BuilderAheadTest, ABuilderGoesWhenAScriptHasAddedNames) {
    note_boot();
    write("hosts", "names and more");
    EXPECT_EQ(asked(), Words{kRemoval});
}

TEST_F(BuilderAheadTest, OneThatTheScriptHasBootedStays) {
    write("hosts", "names and more");
    EXPECT_EQ(asked(), Words{});
}

TEST_F(BuilderAheadTest, AnEarlyBootStaysWhenBuildxWouldMakeTheSame) {
    boot_.container->files["buildkitd.toml"] = "a = 1";
    ahead().start_early();
    ahead().wait();
    // buildx writes the configuration in its own words.
    boot_.container->files["buildkitd.toml"] = "a=1";
    ahead().confirm();
    EXPECT_EQ(engine_.lines(), (Words{kLook, kLookForImage}));
    EXPECT_EQ(text_of("runner-boots-with"), "options\nnames");
}

TEST_F(BuilderAheadTest, AnEarlyBootOfAnotherContainerGoes) {
    const auto same = *boot_.container;
    std::vector<std::optional<BuilderContainer>> others(5, same);
    others[0]->image = "other";
    others[1]->network = "";
    others[2]->environment["A"] = "b";
    others[3]->flags = {"--debug"};
    others[4] = std::nullopt;
    for (const auto& other : others) {
        boot_.container = same;
        ahead().start_early();
        ahead().wait();
        write("runner-has-booted", "");
        const auto before = engine_.lines().size();
        boot_.container = other;
        ahead().confirm();
        ahead().wait();
        auto lines = engine_.lines();
        lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(before));
        EXPECT_EQ(lines, (Words{kRemoval, kLook, kLookForImage}));
        EXPECT_FALSE(exists("runner-has-booted"));
        EXPECT_EQ(text_of("runner-boots-with"), "options\nnames");
    }
}

TEST_F(BuilderAheadTest, WithoutAnEarlyBootItBootsWhenBuildxHasNotedIt) {
    ahead().confirm();
    ahead().wait();
    EXPECT_EQ(engine_.lines(), (Words{kLook, kLookForImage}));
    EXPECT_EQ(text_of("runner-boots-with"), "options\nnames");
}

TEST_F(BuilderAheadTest, OneThatOnlyBuildxCanMakeIsNotBootedEarly) {
    boot_.container = std::nullopt;
    ahead().start_early();
    ahead().wait();
    EXPECT_EQ(engine_.lines(), Words{});
    EXPECT_FALSE(exists("runner-boots-with"));
}

TEST_F(BuilderAheadTest, ABootThatIsUnderWayIsWaitedFor) {
    ahead().wait();  // nobody boots
    write("runner-boots", "");
    UniqueFd lock(::open((dir_.path() / "runner-boots").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
    std::atomic<bool> released{false};
    std::thread script([&] {
        ahead().wait();
        EXPECT_TRUE(released);
    });
    released = true;
    lock.reset();
    script.join();
}

}  // namespace
}  // namespace executors::helper
