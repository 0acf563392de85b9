#include "runner/secrets/json_strings.hpp"

#include <gmock/gmock.h>

#include "base/json.hpp"

namespace runner::secrets {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(JsonStrings, AreThoseThatAScriptCanTakeOutOfAValue) {
    EXPECT_THAT(strings_in_json(R"({"password": "correct horse", "user": "operator",
        "hosts": ["db.example.com", {"replica": "db2.example.com"}]})"),
                ElementsAre("correct horse", "operator", "db.example.com", "db2.example.com"));
    EXPECT_THAT(strings_in_json(R"(["first of two", "second of two"])"),
                ElementsAre("first of two", "second of two"));
    EXPECT_THAT(strings_in_json(R"("a quoted text")"), ElementsAre("a quoted text"));
    EXPECT_THAT(strings_in_json(R"({"a": "line\n\"quoted\" \u00e9"})"),
                ElementsAre("line\n\"quoted\" \xc3\xa9"));
}

TEST(JsonStrings, AreNotShort) {
    EXPECT_THAT(strings_in_json(R"({"a": "1234567", "b": "12345678", "c": " 1234567 ", "d": ""})"),
                ElementsAre("12345678"));
    EXPECT_THAT(strings_in_json(R"({"a": "  12345678\n"})"), ElementsAre("12345678"));
}

TEST(JsonStrings, AreNeitherNamesNorNumbers) {
    EXPECT_THAT(strings_in_json(R"({"name_of_a_member": 1234567890, "truth": true, "no": null})"),
                IsEmpty());
}

TEST(JsonStrings, AreNotInWhatIsNoJson) {
    for (const char* text : {"", "correct horse battery staple", "{\"a\": \"not closed text\"",
                             "{'a': 'single quotes'}", "12345678", "\xff\xfe"})
        EXPECT_THAT(strings_in_json(text), IsEmpty()) << text;
}

TEST(JsonStrings, AreOfThreeLevels) {
    EXPECT_THAT(strings_in_json(R"({"a": {"b": {"c": {"d": "fourth level"}, "d": "third level"},
        "e": "second level"}, "f": "first level"})"),
                ElementsAre("first level", "second level", "third level"));
    std::string deep = "\"at the bottom\"";
    for (int i = 0; i < 5000; ++i) deep = "[" + deep + "]";
    EXPECT_THAT(strings_in_json(deep), IsEmpty());
}

TEST(JsonStrings, AreAThousandAtMost) {
    json many = json::array({"short"});
    for (int i = 0; i < 1500; ++i) many.push_back("string number " + std::to_string(i));
    const auto strings = strings_in_json(many.dump());
    ASSERT_EQ(strings.size(), kMostStrings);
    EXPECT_EQ(strings.front(), "string number 0");
    EXPECT_EQ(strings.back(), "string number 999");
}

}  // namespace
}  // namespace runner::secrets
