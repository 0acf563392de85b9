#include "base/log.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace {

using base::log::Field;
using base::log::Format;
using base::log::Level;

std::string line(Format format, Level level, std::string_view message, std::vector<Field> fields) {
    return base::log::format_line(format, false, level, message, fields.data(), fields.size(),
                                  1767225600000000);
}

TEST(Log, RunnerFormatPadsTheMessage) {
    EXPECT_EQ(line(Format::kRunner, Level::kInfo, "Checking for jobs... received", {{"job", 7}}),
              "Checking for jobs... received                      job=7");
    EXPECT_EQ(line(Format::kRunner, Level::kWarning, "Careful", {}), "WARNING: Careful");
}

TEST(Log, TextFormatQuotesWhatNeedsIt) {
    EXPECT_EQ(line(Format::kText, Level::kError, "a \"b\"", {{"path", "/a b"}, {"n", 1}}),
              "time=\"2026-01-01T00:00:00Z\" level=error msg=\"a \\\"b\\\"\" path=\"/a b\" n=1");
}

TEST(Log, JsonFormatIsOneObject) {
    EXPECT_EQ(line(Format::kJson, Level::kInfo, "hi", {{"job", 1}}),
              R"({"job":1,"level":"info","msg":"hi","time":"2026-01-01T00:00:00Z"})");
}

TEST(Log, AValueNeverBreaksTheLine) {
    EXPECT_EQ(line(Format::kRunner, Level::kInfo, "x", {{"e", "a\nb"}}).find('\n'),
              std::string::npos);
}

TEST(Log, AValueCannotCommandATerminal) {
    for (const Format format : {Format::kRunner, Format::kText}) {
        const auto text = line(format, Level::kInfo, "x", {{"name", "a\x1b]0;b\x07"}});
        EXPECT_NE(text.find("a\\x1b]0;b\\x07"), std::string::npos) << text;
        EXPECT_EQ(text.find('\x07'), std::string::npos) << text;
    }
}

TEST(Log, UnknownNamesAreRefusedWithTheChoice) {
    EXPECT_FALSE(base::log::parse_level("loud"));
    EXPECT_EQ(base::log::parse_level("warning").value(), Level::kWarning);
    EXPECT_NE(base::log::parse_format("xml").error().message.find("json"), std::string::npos);
}

TEST(Log, JsonKeepsNumbersAndBooleans) {
    const auto json =
        nlohmann::json::parse(line(Format::kJson, Level::kInfo, "A job",
                                   {{"job", 101}, {"ok", true}, {"seconds", 1.5}, {"name", "7"}}));
    EXPECT_EQ(json["job"], 101);
    EXPECT_EQ(json["ok"], true);
    EXPECT_EQ(json["seconds"], 1.5);
    EXPECT_EQ(json["name"], "7");
}

TEST(Log, AScopeHasItsFieldsInFrontOfMore) {
    const base::log::Scope job({{"job", 7}, {"project", 5}});
    const base::log::Scope more = job.with({{"error", "full"}});
    std::string keys;
    for (const Field& field : more.fields())
        keys += std::string(field.key) + "=" + field.value + " ";
    EXPECT_EQ(keys, "job=7 project=5 error=full ");
    EXPECT_EQ(job.fields().size(), 2U) << "the scope itself is not changed";
}

}  // namespace
