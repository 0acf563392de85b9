#include "runner/commands/gc_text.hpp"

#include <gmock/gmock.h>

namespace runner::commands {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kPlan = R"({"dry_run": true, "places": [
  {"place": "state directory /var/lib/runner", "path": "/var/lib/runner", "free_bytes": 512,
   "bytes": 1024, "free_inodes": 1, "inodes": 4, "problem": "", "removed": 0, "removed_bytes": 0,
   "items": []},
  {"place": "unix:///run/docker.sock", "path": "/var/lib/docker", "free_bytes": 0, "bytes": 0,
   "free_inodes": 0, "inodes": 0, "problem": "elsewhere", "removed": 0, "removed_bytes": 0,
   "items": [
    {"kind": "volume", "name": "runner-1", "title": "cache\u001b", "bytes": 2048,
     "last_used": "2026-01-01T00:00:00Z", "action": "remove", "reason": "unused"},
    {"kind": "image", "name": "sha256:0123456789abcdef", "title": "alpine:3", "bytes": null,
     "last_used": null, "action": "remove", "reason": "unused"}]}]})";

TEST(GcText, ShowsThePlanOfEachPlace) {
    const auto text = gc_text(json::parse(kPlan));
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_THAT(*text, testing::StartsWith(
                           "state directory /var/lib/runner: 512 B of 1.0 KiB free (50.0 %), 1 of "
                           "4 inodes (25.0 %)\nnothing of the runner is there that could go\n\n"
                           "unix:///run/docker.sock (/var/lib/docker)\nproblem: elsewhere\n"));
    EXPECT_THAT(*text, ContainsRegex("remove +volume +cache[^ ]* +2\\.0 KiB +2026-01-01T00:00:00Z +"
                                     "unused +runner-1\n"));
    EXPECT_THAT(*text, ContainsRegex("remove +image +alpine:3 +\\? +[^ ]* *unused +0123456789ab\n"))
        << "a size that is not known is no size";
    EXPECT_THAT(*text, HasSubstr("0123456789ab\n"));
    EXPECT_THAT(*text, HasSubstr("would remove 2 of 2: 2.0 KiB and what is not known\n"));
    EXPECT_THAT(*text, Not(HasSubstr("\x1b")));
}

TEST(GcText, SaysWhatWasDoneAndWhetherAllOfItWorked) {
    json answer = json::parse(kPlan);
    EXPECT_TRUE(gc_succeeded(answer));
    answer["dry_run"] = false;
    answer["places"][1]["removed"] = 1;
    answer["places"][1]["removed_bytes"] = 1024U;
    answer["places"][1]["items"][0]["action"] = "failed";
    EXPECT_THAT(*gc_text(answer), HasSubstr("removed 1 of 2: 1.0 KiB\n"));
    EXPECT_FALSE(gc_succeeded(answer));
    answer = json::parse(kPlan);
    answer["places"][0]["failed"] = true;
    EXPECT_FALSE(gc_succeeded(answer)) << "it is not known what is there";
}

TEST(GcText, RefusesAnAnswerOfSomethingElse) {
    for (const char* text : {"{}", "[]", "{\"places\": 1}", "{\"places\": [{}]}"}) {
        const auto shown = gc_text(json::parse(text));
        ASSERT_FALSE(shown) << text;
        EXPECT_EQ(shown.error().kind, base::ErrorKind::kProtocol);
    }
}

}  // namespace
}  // namespace runner::commands
