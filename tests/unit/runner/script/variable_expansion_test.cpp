#include "runner/script/variable_expansion.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using runner::script::TextPieces;

/// The pieces of `text`; a reference is its name between "<" and ">".
std::string pieces_of(std::string_view text) {
    std::string out;
    TextPieces pieces(text);
    while (const auto piece = pieces.next()) {
        const std::string part(piece->text);
        out += piece->is_reference ? "<" + part + ">" : part;
    }
    return out;
}

TEST(VariableExpansion, FindsEveryFormOfReference) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"$A", "<A>"},
        {"${A}", "<A>"},
        {"$A_B", "<A_B>"},
        {"${A}_B", "<A>_B"},
        {"$A.x", "<A>.x"},
        {"$$A", "$A"},
        {"$$$A", "$<A>"},
        {"$", "$"},
        {"a$", "a$"},
        {"${a-b}", "<a-b>"},
        {"${A:-x}", "<A:-x>"},
        {"${}", "<>"},
        {"$1 x", " x"},
        {"$* x", " x"},
        {"${", ""},
        {"${A", "A"},
        {"$A${B", "<A>B"},
        {"$-", ""},
        {"$/x", "$/x"},
        {"100% $A%", "100% <A>%"},
        {"%A%", "%A%"},
        {"", ""},
    };
    for (const auto& [text, expected] : cases) EXPECT_EQ(pieces_of(text), expected) << text;
}

TEST(VariableExpansion, KeepsTheReferenceAsItIsWritten) {
    TextPieces pieces("${A}$B");
    EXPECT_EQ(pieces.next()->written, "${A}");
    EXPECT_EQ(pieces.next()->written, "$B");
}

// Looking for each "}" anew would take hours.
TEST(VariableExpansion, TakesLinearTimeForReferencesWithoutEnd) {
    std::string text;
    for (int i = 0; i < 5'000'000; ++i) text += "${";
    EXPECT_EQ(pieces_of(text), "");
}

}  // namespace
