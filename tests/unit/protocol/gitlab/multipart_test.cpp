#include "protocol/gitlab/multipart.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "tests/support/run_to_end.hpp"

namespace {

using base::Result;
using base::Task;
using protocol::gitlab::multipart_file;
using protocol::gitlab::quote_file_name;
using protocol::http::BodySource;
using Pieces = std::vector<std::string>;

struct Script {
    Pieces pieces;
    std::size_t next = 0;
    bool fails = false;
};

Task<Result<std::string>> next_piece(std::shared_ptr<Script> script) {
    if (script->next < script->pieces.size()) co_return script->pieces[script->next++];
    if (script->fails) co_return base::make_error(base::ErrorKind::kIo, "the disk is gone");
    co_return std::string();
}

BodySource source(const Pieces& pieces, bool fails = false) {
    auto script = std::make_shared<Script>(Script{pieces, 0, fails});
    return [script] { return next_piece(script); };
}

Task<Result<std::string>> read_all(BodySource body) {
    std::string text;
    while (true) {
        auto piece = co_await body();
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        text += *piece;
    }
    // After the end there is no further piece.
    auto after = co_await body();
    if (!after || !after->empty()) co_return text + " and more";
    co_return text;
}

TEST(Multipart, WrapsTheContentAsThePartNamedFile) {
    const std::string head =
        "--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n";
    for (const Pieces& pieces : {Pieces{}, Pieces{"one"}, Pieces{"one", "\r\n--", "three"}}) {
        std::string content;
        for (const auto& piece : pieces) content += piece;
        const auto body =
            tests::run_to_end(read_all(multipart_file("b0", "a.zip", source(pieces))));
        ASSERT_TRUE(body.has_value());
        EXPECT_EQ(*body, head + content + "\r\n--b0--\r\n");
    }
}

TEST(Multipart, PassesAFailureOfTheContentOn) {
    const auto body =
        tests::run_to_end(read_all(multipart_file("b", "a.zip", source({"one"}, true))));
    ASSERT_FALSE(body.has_value());
    EXPECT_EQ(body.error().message, "the disk is gone");
}

TEST(FileName, CannotEndTheQuotedString) {
    EXPECT_EQ(quote_file_name("a b.zip"), "\"a b.zip\"");
    EXPECT_EQ(quote_file_name("a\"; x=\"b"), "\"a%22; x=%22b\"");
    EXPECT_EQ(quote_file_name("a\r\nX: y"), "\"a%0D%0AX: y\"");
    EXPECT_EQ(quote_file_name(std::string("a\0b", 3)), "\"ab\"");
    EXPECT_EQ(quote_file_name("\xc3\xa9"), "\"\xc3\xa9\"");
}

}  // namespace
