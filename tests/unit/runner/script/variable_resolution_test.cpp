#include "runner/script/variable_resolution.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using runner::script::Resolution;
using runner::script::ResolutionRules;
using runner::script::resolve_variables;
using runner::script::VariableList;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kLimit = 1000;

VariableList::Variable plain(std::string key, std::string value) {
    VariableList::Variable variable;
    variable.key = std::move(key);
    variable.value = std::move(value);
    return variable;
}

VariableList list_of(const std::vector<std::pair<std::string, std::string>>& entries) {
    VariableList list;
    for (const auto& [key, value] : entries) list.add(plain(key, value));
    return list;
}

ResolutionRules rules(std::size_t limit = kLimit) {
    return {.limit_bytes = limit,
            .path_of = [](std::string_view key) { return "/tmp/" + std::string(key); }};
}

TEST(VariableResolution, FollowsChains) {
    const auto list = list_of({{"A", "<$B>"}, {"B", "[${C}]"}, {"C", "deep"}, {"D", "$C $NOT."}});
    EXPECT_THAT(resolve_variables(list, rules()).values,
                ElementsAre("<[deep]>", "[deep]", "deep", "deep ."));
}

TEST(VariableResolution, ReadsNoValueTwice) {
    auto list = list_of({{"A", "$B $C"}, {"B", "x$$D"}, {"D", "d"}});
    auto raw = plain("C", "$D $$");
    raw.raw = true;
    list.add(raw);
    EXPECT_EQ(resolve_variables(list, rules()).values[0], "x$D $D $$");
}

TEST(VariableResolution, UsesPathsOfFiles) {
    auto list = list_of({{"A", "cat $F"}, {"B", "b"}});
    auto file = plain("F", "content with $B and $F");
    file.file = true;
    list.add(file);
    EXPECT_THAT(resolve_variables(list, rules()).values,
                ElementsAre("cat /tmp/F", "b", "content with b and /tmp/F"));
}

TEST(VariableResolution, LeavesReferencesToThemselvesAsTheyAreWritten) {
    EXPECT_THAT(resolve_variables(list_of({{"P", "$P:/x"}}), rules()).values, ElementsAre("$P:/x"));
    EXPECT_THAT(resolve_variables(list_of({{"A", "a$B"}, {"B", "b${A}"}}), rules()).values,
                ElementsAre("ab${A}", "b${A}"));
}

TEST(VariableResolution, AsksOutsideForWhatTheListDoesNotHave) {
    auto asking = rules();
    asking.outer = [](std::string_view key) -> std::optional<std::string_view> {
        if (key == "OUT") return "outer";
        return std::nullopt;
    };
    const auto list = list_of({{"A", "$OUT $NOT."}, {"OUT", "$OUT-in"}});
    EXPECT_THAT(resolve_variables(list, asking).values, ElementsAre("outer-in .", "outer-in"));
}

TEST(VariableResolution, StopsAtTheLimitBeforeAValueIsMade) {
    std::vector<std::pair<std::string, std::string>> entries{{"V0", "0123456789"}};
    for (int i = 1; i <= 60; ++i) {
        const std::string former = "$V" + std::to_string(i - 1);
        entries.emplace_back("V" + std::to_string(i), former + former);
    }
    const Resolution resolution = resolve_variables(list_of(entries), rules());
    EXPECT_EQ(resolution.too_large, "V6") << "10 + 20 + 40 + … bytes, and 1000 are allowed";
    EXPECT_THAT(resolution.values, IsEmpty());
}

// The list is in the order that needs the deepest stack.
TEST(VariableResolution, FollowsAChainOfAnyLength) {
    constexpr int kLength = 100'000;
    VariableList list;
    for (int i = 0; i < kLength; ++i) {
        list.add(plain("V" + std::to_string(i), "$V" + std::to_string(i + 1)));
    }
    list.add(plain("V" + std::to_string(kLength), "x"));
    EXPECT_EQ(resolve_variables(list, rules(kLength + 1)).values.front(), "x");
}

}  // namespace
