#include "protocol/http/message.hpp"

#include <gtest/gtest.h>

namespace {

using protocol::http::Headers;
using protocol::http::Request;

TEST(Headers, AreFoundWithoutCase) {
    Headers headers;
    headers.add("Content-Type", "text/plain");
    EXPECT_EQ(headers.get("content-type"), "text/plain");
    EXPECT_TRUE(headers.has("CONTENT-TYPE"));
    EXPECT_EQ(headers.get("Content"), "");
    EXPECT_FALSE(headers.has("Content-Type2"));
}

TEST(Headers, KeepOrderAndDoubles) {
    Headers headers;
    headers.add("A", "1");
    headers.add("B", "2");
    headers.add("a", "3");
    EXPECT_EQ(headers.get("a"), "1");
    ASSERT_EQ(headers.all().size(), 3U);
    EXPECT_EQ(headers.all()[2].second, "3");
}

TEST(Headers, SetReplacesAndRemoveTakesAll) {
    Headers headers;
    headers.add("A", "1");
    headers.add("B", "2");
    headers.add("a", "3");
    headers.set("A", "4");
    ASSERT_EQ(headers.all().size(), 2U);
    EXPECT_EQ(headers.get("a"), "4");
    headers.remove("b");
    EXPECT_FALSE(headers.has("B"));
    headers.remove("none");
    EXPECT_EQ(headers.all().size(), 1U);
    headers.add("Empty", "");
    EXPECT_TRUE(headers.has("empty"));
}

TEST(Request, TheFileCountsBeforeTheBody) {
    Request request;
    EXPECT_EQ(request.content_length(), 0U);
    request.body = "own";
    EXPECT_EQ(request.content_length(), 3U);
    request.file = base::FilePart{1, 2, 40};
    EXPECT_EQ(request.content_length(), 40U);
}

}  // namespace
