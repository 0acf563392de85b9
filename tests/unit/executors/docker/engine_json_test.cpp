#include "executors/docker/engine_json.hpp"

#include <gtest/gtest.h>

namespace {

using base::ErrorKind;
using executors::docker::encode_query;
using executors::docker::engine_error;
using executors::docker::flag_at;
using executors::docker::keys_at;
using executors::docker::labels_at;
using executors::docker::number_at;
using executors::docker::object_at;
using executors::docker::parse_engine_json;
using executors::docker::text_at;
using executors::docker::texts_at;
using nlohmann::json;
using Words = std::vector<std::string>;

TEST(EngineJson, ReadsPresentFields) {
    const json value = json::parse(R"({"t": "x", "f": true, "n": -3, "o": {"a": 1, "b": {}},
        "l": ["p", 1, null, "q"], "one": "single", "labels": {"k": "v", "n": 1}})");
    EXPECT_EQ(text_at(value, "t"), "x");
    EXPECT_TRUE(flag_at(value, "f"));
    EXPECT_EQ(number_at(value, "n"), -3);
    EXPECT_EQ(object_at(value, "o").size(), 2U);
    EXPECT_EQ(texts_at(value, "l"), (Words{"p", "q"}));
    EXPECT_EQ(texts_at(value, "one"), Words{"single"});
    EXPECT_EQ(keys_at(value, "o"), (Words{"a", "b"}));
    EXPECT_EQ(labels_at(value, "labels"), (std::map<std::string, std::string>{{"k", "v"}}));
}

TEST(EngineJson, TakesNullMissingAndWrongTypesAsNothing) {
    const json holder = json::parse(R"({"null": null, "number": 1.5, "list": [[]], "text": "x"})");
    for (const json& value : {holder, json(), json("x"), json(1), json::array({1})}) {
        for (const char* key : {"null", "missing", "number", "list"}) {
            EXPECT_EQ(text_at(value, key), "") << value << key;
            EXPECT_FALSE(flag_at(value, key)) << value << key;
            EXPECT_EQ(number_at(value, key), 0) << value << key;
            EXPECT_TRUE(object_at(value, key).empty()) << value << key;
            EXPECT_TRUE(texts_at(value, key).empty()) << value << key;
            EXPECT_TRUE(keys_at(value, key).empty()) << value << key;
            EXPECT_TRUE(labels_at(value, key).empty()) << value << key;
        }
        EXPECT_FALSE(flag_at(value, "text"));
        EXPECT_EQ(number_at(value, "text"), 0);
        EXPECT_TRUE(object_at(value, "text").empty());
    }
}

TEST(EngineJson, RefusesAnAnswerThatIsNotJson) {
    for (const char* body : {"", "<html>", "{", "{\"a\":\"\xff\"}"}) {
        const auto parsed = parse_engine_json(body, "an image");
        ASSERT_FALSE(parsed.has_value()) << body;
        EXPECT_TRUE(parsed.error().is(ErrorKind::kProtocol));
        EXPECT_NE(parsed.error().message.find("an image"), std::string::npos);
    }
    EXPECT_TRUE(parse_engine_json("null", "x").has_value());
}

TEST(EngineError, KeepsTheEnginesMessage) {
    const std::vector<std::pair<unsigned, ErrorKind>> kinds{
        {400, ErrorKind::kInvalidInput}, {401, ErrorKind::kUnauthorized},
        {403, ErrorKind::kForbidden},    {404, ErrorKind::kNotFound},
        {409, ErrorKind::kConflict},     {500, ErrorKind::kInternal},
        {502, ErrorKind::kUnavailable},  {503, ErrorKind::kUnavailable},
        {504, ErrorKind::kUnavailable},  {418, ErrorKind::kInternal}};
    for (const auto& [status, kind] : kinds) {
        EXPECT_EQ(engine_error(status, "{}").kind, kind) << status;
    }
    const std::string head = "Error response from daemon: ";
    EXPECT_EQ(engine_error(404, R"({"message":"No such image: x"})").message,
              head + "No such image: x");
    EXPECT_EQ(engine_error(502, " bad gateway\n").message, head + "bad gateway");
    EXPECT_EQ(engine_error(500, "").message, head + "status 500");
    EXPECT_EQ(engine_error(500, R"({"message":1})").message, head + R"({"message":1})");
    EXPECT_EQ(engine_error(500, std::string(9000, 'x')).message.size(), head.size() + 500);
}

TEST(EncodeQuery, LeavesUnreservedCharacters) {
    EXPECT_EQ(encode_query("aZ09-_.~"), "aZ09-_.~");
    EXPECT_EQ(encode_query("a b/c:d&e=\xc3\xa9"), "a%20b%2Fc%3Ad%26e%3D%C3%A9");
}

}  // namespace
