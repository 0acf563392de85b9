#include "runner/config/edit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "base/files.hpp"
#include "runner/config/config.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace runner::config;
using testing::HasSubstr;

Node runner_named(const std::string& name) {
    Node runner = Node::table();
    runner.set_at("docker.image", Node::string("alpine"));
    runner.set("executor", Node::string("docker"));
    runner.set("token", Node::string("t-" + name));
    runner.set("name", Node::string(name));
    runner.set("url", Node::string("https://g"));
    return runner;
}

constexpr const char* kCommented = R"(# our runners
concurrent = 4   # two per core

# the one for images
[[runners]]
  name = "one" # first
  url = "https://g"
  token = "t-one"   # do not share
  token_expires_at = 0001-01-01T00:00:00Z
  executor = "docker"
  # volumes = ["x"]
  [runners.docker]
    image = "alpine"
    # trailing remark

# the fast one
[[runners]]
  name = "two"
  url = "https://g"
  token = """
# not a comment
t-two"""
  executor = "shell"

[session_server]
  session_timeout = 1800 # half an hour
)";

TEST(EditConfig, WritesAnEntryInTheOrderOfTheSchema) {
    Node runner = runner_named("a");
    runner.set_at("dind.mode", Node::string("on"));
    runner.set_at("docker.privileged", Node::of_boolean(true));
    runner.set("own", Node::of_integer(1));
    Node registry = Node::table();
    registry.set("host", Node::string("r:5000"));
    runner.set("registry", Node::array({registry, registry}));
    EXPECT_EQ(format_runner(runner), R"([[runners]]
  name = "a"
  url = "https://g"
  token = "t-a"
  executor = "docker"
  own = 1
  [runners.docker]
    image = "alpine"
    privileged = true
  [runners.dind]
    mode = "on"
  [[runners.registry]]
    host = "r:5000"
  [[runners.registry]]
    host = "r:5000"
)");
}

TEST(EditConfig, AppendsWithoutOtherChanges) {
    const auto text = append_runner(kCommented, runner_named("three"));
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(*text, std::string(kCommented) + "\n" + format_runner(runner_named("three")));
    const auto unfinished = append_runner("concurrent = 1", runner_named("x"));
    ASSERT_TRUE(unfinished);
    EXPECT_THAT(*unfinished, testing::StartsWith("concurrent = 1\n\n[[runners]]\n"));
}

TEST(EditConfig, RemovesAnEntryWithItsOwnComments) {
    const auto text = remove_runner(kCommented, 0);
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(*text, R"(# our runners
concurrent = 4   # two per core

# the fast one
[[runners]]
  name = "two"
  url = "https://g"
  token = """
# not a comment
t-two"""
  executor = "shell"

[session_server]
  session_timeout = 1800 # half an hour
)");
    const auto second = remove_runner(kCommented, 1);
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_THAT(*second, HasSubstr("    # trailing remark\n\n[session_server]\n"));
    EXPECT_THAT(*second, testing::Not(HasSubstr("fast one")));
}

TEST(EditConfig, RemovesAnEntryWhoseTablesAreScattered) {
    const auto text = remove_runner(
        "[[runners]]\nname=\"a\"\n[session_server]\nsession_timeout=1\n"
        "[runners.docker]\nimage=\"x\"\n[[runners]]\nname=\"b\"\n[runners.docker]\n",
        0);
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(*text,
              "[session_server]\nsession_timeout=1\n[[runners]]\nname=\"b\"\n[runners.docker]\n");
}

TEST(EditConfig, AppendThenRemoveRestoresTheFile) {
    const auto with = append_runner(kCommented, runner_named("three"));
    ASSERT_TRUE(with);
    const auto without = remove_runner(*with, 2);
    ASSERT_TRUE(without);
    EXPECT_EQ(*without, kCommented);
}

TEST(EditConfig, ReplacesTheTokenInPlace) {
    const auto text = replace_token(kCommented, 0, base::Secret("new\"one"),
                                    {"2026-05-01T10:00:00Z", "2027-01-01T00:00:00Z"});
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_THAT(*text, HasSubstr("  token = \"new\\\"one\"   # do not share\n"
                                 "  token_obtained_at = 2026-05-01T10:00:00Z\n"
                                 "  token_expires_at = 2027-01-01T00:00:00Z\n"));
    EXPECT_THAT(*text, HasSubstr("t-two"));
}

TEST(EditConfig, ReplacesATokenOfSeveralLinesAndAddsItsDates) {
    const auto text =
        replace_token(kCommented, 1, base::Secret("new"), {"2026-05-01T10:00:00Z", ""});
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_THAT(*text, HasSubstr("  token = \"new\"\n"
                                 "  token_obtained_at = 2026-05-01T10:00:00Z\n"
                                 "  token_expires_at = 0001-01-01T00:00:00Z\n"
                                 "  executor = \"shell\"\n"));
}

TEST(EditConfig, ReplacesATokenAtTheEndOfAFileWithoutEndOfLine) {
    const auto text = replace_token("[[runners]]\n\ttoken = 'a'", 0, base::Secret("b"),
                                    {"2026-05-01T10:00:00Z", ""});
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(*text,
              "[[runners]]\n\ttoken = \"b\"\n\ttoken_obtained_at = 2026-05-01T10:00:00Z\n"
              "\ttoken_expires_at = 0001-01-01T00:00:00Z\n");
}

TEST(EditConfig, ReportsFormsThatItCannotChange) {
    const auto text = append_runner("runners = [{ name = \"a\" }]\n", runner_named("b"));
    ASSERT_FALSE(text);
    EXPECT_TRUE(text.error().is(base::ErrorKind::kConflict));
    EXPECT_THAT(text.error().message, HasSubstr("write them as [[runners]] tables"));
    const auto none = remove_runner("concurrent = 1\n", 0);
    ASSERT_FALSE(none);
    EXPECT_TRUE(none.error().is(base::ErrorKind::kNotFound));
}

class EditFile : public testing::Test {
  protected:
    static mode_t mode_of(const std::filesystem::path& path) {
        struct stat about {};
        EXPECT_EQ(::stat(path.c_str(), &about), 0);
        return about.st_mode & 07777U;
    }
    tests::TempDir dir_;
};

TEST_F(EditFile, MakesANewFileForItsOwnerOnly) {
    const auto path = dir_.path() / "deep" / "er" / "config.toml";
    const auto done = edit_config(
        path, true, [](const std::string& text) { return append_runner(text, runner_named("a")); });
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(mode_of(path), 0600U);
    EXPECT_EQ(mode_of(path.parent_path()), 0700U);
    const auto text = base::read_file(path);
    ASSERT_TRUE(text);
    EXPECT_EQ(*text, new_config_text() + "\n" + format_runner(runner_named("a")));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}), 1);
}

TEST_F(EditFile, AMissingFileIsNotMadeUnlessAskedFor) {
    const auto done =
        edit_config(dir_.path() / "x" / "config.toml", false,
                    [](const std::string& text) -> base::Result<std::string> { return text; });
    ASSERT_FALSE(done);
    EXPECT_TRUE(done.error().is(base::ErrorKind::kNotFound));
}

TEST_F(EditFile, AFailedEditLeavesTheFile) {
    const auto path = dir_.path() / "config.toml";
    std::ofstream(path) << "broken = = \n";
    const auto done = edit_config(
        path, true, [](const std::string& text) { return append_runner(text, runner_named("a")); });
    EXPECT_FALSE(done);
    EXPECT_EQ(*base::read_file(path), "broken = = \n");
}

TEST_F(EditFile, ReplacesTheTargetOfALink) {
    const auto real = dir_.path() / "real.toml";
    const auto link = dir_.path() / "config.toml";
    std::ofstream(real) << "concurrent = 2\n";
    std::filesystem::create_symlink(real, link);
    ASSERT_TRUE(edit_config(link, false, [](const std::string& text) -> base::Result<std::string> {
        return text + "# more\n";
    }));
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_EQ(*base::read_file(real), "concurrent = 2\n# more\n");
}

TEST_F(EditFile, EditsAtTheSameTimeAreAllKept) {
    const auto path = dir_.path() / "config.toml";
    constexpr int kWriters = 8;
    std::vector<std::thread> writers;
    for (int i = 0; i < kWriters; ++i) {
        writers.emplace_back([&path, i] {
            const auto done = edit_config(path, true, [i](const std::string& text) {
                return append_runner(text, runner_named(std::to_string(i)));
            });
            EXPECT_TRUE(done);
        });
    }
    for (auto& writer : writers) writer.join();
    const auto config = load_config(path);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->runners.size(), static_cast<std::size_t>(kWriters));
}

TEST(EditConfig, RefusesFormsThatItCannotChange) {
    const std::string inline_tables =
        "runners = [{name = \"a\"}, {name = \"b\"}]\nconcurrent = 2\n";
    const auto replaced =
        replace_token(inline_tables, 0, base::Secret("new"), {"2020-01-01T00:00:00Z", ""});
    ASSERT_FALSE(replaced.has_value());
    EXPECT_TRUE(replaced.error().is(base::ErrorKind::kConflict));
    EXPECT_THAT(replaced.error().message, HasSubstr("write them as [[runners]] tables"));
}

TEST(EditConfig, FindsEntriesWhateverTheirCase) {
    const auto fewer = remove_runner("[[Runners]]\nname = \"a\"\n[[RUNNERS]]\nname = \"b\"\n", 1);
    ASSERT_TRUE(fewer.has_value()) << fewer.error().message;
    EXPECT_EQ(*fewer, "[[Runners]]\nname = \"a\"\n");
}

}  // namespace
