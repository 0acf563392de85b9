#include "protocol/object_storage/error_body.hpp"

#include <gtest/gtest.h>

namespace {

using namespace protocol::object_storage;

TEST(ErrorBody, NamesCodeAndMessage) {
    struct Case {
        const char* document;
        const char* text;
    };
    const Case cases[] = {
        {"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Access "
         "Denied</Message></Error>",
         "AccessDenied: Access Denied"},
        {"<Error><Code>A</Code></Error>", "A"},
        {"<Error><Message>&lt;b&gt; &amp;amp; c</Message></Error>", "<b> &amp; c"},
        {"<Error><Code>AuthenticationFailed</Code><Message>No.\nRequestId:1\nTime:2</Message></"
         "Error>",
         "AuthenticationFailed: No."},
        {"<html>busy</html>", ""},
        {"<Code>cut", ""},
        {"", ""},
    };
    for (const Case& c : cases) EXPECT_EQ(error_text(c.document), c.text) << c.document;
}

TEST(ErrorBody, IsCutAtAWholeCharacter) {
    const std::string code(200, 'c');
    std::string message;
    for (int i = 0; i < 1000; ++i) message += "ä";
    const std::string text =
        error_text("<Code>" + code + "</Code><Message>" + message + "</Message>");
    EXPECT_EQ(text, code + ": " + message.substr(0, 98));
    EXPECT_EQ(error_text("<Code>" + std::string(1000, 'c') + "</Code>").size(), 300U);
}

TEST(Xml, EscapedTextIsReadBack) {
    const std::string text = "\"a\" <b> & 'c'";
    EXPECT_EQ(xml_text("<T>" + xml_escape(text) + "</T>", "T"), text);
}

TEST(XmlText, KnowsReferencesByNumber) {
    EXPECT_EQ(xml_text("<E>&#34;a&#x22;&#0;&#;&#34</E>", "E"), "\"a\"&#0;&#;&#34");
    EXPECT_EQ(xml_text("<E>a&#34;</E>", "E"), "a\"");
}

}  // namespace
