#include "runner/config/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using runner::config::Node;
using runner::config::parse_toml;
using testing::HasSubstr;
using testing::Not;

TEST(Document, KeepsTheOrderOfTheFile) {
    const auto root = parse_toml("zebra = 1\nape = 2\n[m]\nx = 1\n[a]\n", "f");
    ASSERT_TRUE(root);
    ASSERT_EQ(root->entries.size(), 4U);
    EXPECT_EQ(root->entries[0].key, "zebra");
    EXPECT_EQ(root->entries[1].key, "ape");
    EXPECT_EQ(root->entries[2].key, "m");
    EXPECT_EQ(root->entries[3].key, "a");
}

TEST(Document, CountsColumnsInBytes) {
    const std::string text = "t = { \"äöü\" = 1, b = \"x\" }\n";
    const auto root = parse_toml(text, "f");
    ASSERT_TRUE(root);
    const Node* b = root->at("t.b");
    ASSERT_NE(b, nullptr);
    EXPECT_EQ(text.substr(static_cast<std::size_t>(b->begin.column) - 1, 3), "\"x\"");
}

TEST(Document, KeepsADateAsItIsWritten) {
    const auto root = parse_toml("a = 2026-01-31 12:00:00Z # c\nb = 0001-01-01T00:00:00Z\n", "f");
    ASSERT_TRUE(root);
    EXPECT_EQ(root->at("a")->text, "2026-01-31T12:00:00Z");
    EXPECT_EQ(root->at("b")->text, "0001-01-01T00:00:00Z");
}

TEST(Document, NamesThePlaceOfASyntaxError) {
    const auto root = parse_toml("a = 1\nconcurrent = = 4\n", "/etc/c.toml");
    ASSERT_FALSE(root);
    EXPECT_TRUE(root.error().is(base::ErrorKind::kInvalidInput));
    EXPECT_THAT(root.error().message, HasSubstr("/etc/c.toml:2:14: not valid TOML"));
}

TEST(Document, ASyntaxErrorRepeatsNoToken) {
    for (const char* text : {"token = \"glrt-verysecret\" x\n", "token = \"glrt-verysecret\n",
                             "token = glrt-verysecret\n", "token = “glrt-verysecret”\n",
                             "environment = [\"A=it's verysecret\"] oops\n",
                             "environment = [\"A=a\\\"verysecret\"] oops\n",
                             "PrivateKey = \"\"\"\nMIIverysecret\\q=\n\"\"\"\n"}) {
        const auto root = parse_toml(text, "f");
        ASSERT_FALSE(root) << text;
        EXPECT_THAT(root.error().message, Not(HasSubstr("verysecret"))) << text;
    }
}

TEST(Document, WritesValuesThatReadBackAsTheSame) {
    const std::string odd = "a \"quote\" \\ back\nline\ttab \x01 \x7f é";
    Node table = Node::table();
    table.set("text", Node::string(odd));
    table.set("key with space", Node::of_number(2));
    table.set("list", Node::strings({"a", "b"}));
    const auto again = parse_toml("v = " + runner::config::to_toml(table) + "\n", "f");
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->at("v.text")->text, odd);
    EXPECT_EQ(again->find("v")->find("key with space")->number, 2.0);
    EXPECT_EQ(again->at("v.list")->items.size(), 2U);
}

}  // namespace
