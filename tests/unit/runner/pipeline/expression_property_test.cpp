// Random conditions are printed and read again; their value must be that of the tree they came
// from, worked out by the plainest reading of the reference's table.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <regex>
#include <string>

#include "runner/pipeline/expression/expression.hpp"
#include "tests/unit/runner/pipeline/dice.hpp"

namespace runner::pipeline::expression {
namespace {

using tests::Dice;

/// What an operand is worth: nothing (null), a text, or one of the two booleans.
struct Worth {
    std::optional<std::string> text;
    std::optional<bool> flag;

    [[nodiscard]] bool is_null() const { return !text && !flag; }
    [[nodiscard]] bool is_kept() const { return flag ? *flag : text.has_value(); }
    [[nodiscard]] bool is_present() const {
        return flag ? *flag : text && text->find_first_not_of(' ') != std::string::npos;
    }
    [[nodiscard]] std::string shown() const {
        if (flag) return *flag ? "true" : "false";
        return text.value_or("");
    }
};

Worth truth(bool value) { return {{}, value}; }

struct Tree {
    std::string leaf;  // as it is written; "" for an operator
    Worth worth;       // of a leaf
    std::string op;
    std::unique_ptr<Tree> left;  // null for "!"
    std::unique_ptr<Tree> right;
};
using TreePtr = std::unique_ptr<Tree>;

struct Leaf {
    const char* written;
    Worth worth;
};

const std::array<Leaf, 12> kLeaves{{
    {"$TEXT", {"abc", {}}},
    {"$EMPTY", {"", {}}},
    {"$BLANK", {"  ", {}}},
    {"$FALSE", {"false", {}}},
    {"$PATTERN", {"/^AB/i", {}}},
    {"$MISSING", {}},
    {"null", {}},
    {"true", truth(true)},
    {"false", truth(false)},
    {"\"abc\"", {"abc", {}}},
    {"'b \"c\"'", {"b \"c\"", {}}},
    {"\"true\"", {"true", {}}},
}};

const std::array<Leaf, 4> kRegexes{{
    {"/^ab/", {"/^ab/", {}}},
    {"/BC$/i", {"/BC$/i", {}}},
    {"/^$/", {"/^$/", {}}},
    {"/a\\/b|tr/", {"/a\\/b|tr/", {}}},
}};

std::optional<std::string_view> look_up_leaf(std::string_view name, bool) {
    for (const Leaf& leaf : kLeaves) {
        if (std::string_view(leaf.written) == "$" + std::string(name) && leaf.worth.text) {
            return *leaf.worth.text;
        }
    }
    return std::nullopt;
}

TreePtr leaf_of(const Leaf& leaf) {
    auto tree = std::make_unique<Tree>();
    tree->leaf = leaf.written;
    tree->worth = leaf.worth;
    return tree;
}

TreePtr any_tree(Dice& dice, int depth) {
    constexpr std::array<const char*, 7> kOperators{"==", "!=", "=~", "!~", "&&", "||", "!"};
    if (depth == 0 || dice.one_in(4)) return leaf_of(dice.of(kLeaves));
    auto tree = std::make_unique<Tree>();
    tree->op = dice.of(kOperators);
    if (tree->op != "!") tree->left = any_tree(dice, depth - 1);
    const bool match = tree->op == "=~" || tree->op == "!~";
    if (!match) tree->right = any_tree(dice, depth - 1);
    // What a boolean means as a pattern is written nowhere.
    else
        tree->right = dice.one_in(2) ? leaf_of(dice.of(kRegexes)) : leaf_of(kLeaves[dice.below(7)]);
    return tree;
}

int strength(const Tree& tree) {
    if (!tree.leaf.empty() || tree.op == "!") return 4;
    return tree.op == "&&" ? 2 : tree.op == "||" ? 1 : 3;
}

std::string print(const Tree& tree, Dice& dice);

std::string print_part(const Tree& tree, bool closed, Dice& dice) {
    const std::string text = print(tree, dice);
    return closed || dice.one_in(6) ? "(" + text + ")" : text;
}

std::string print(const Tree& tree, Dice& dice) {
    if (!tree.leaf.empty()) return tree.leaf;
    const auto blank = [&] { return std::string(dice.below(3), dice.one_in(5) ? '\t' : ' '); };
    const int own = strength(tree);
    if (!tree.left)
        return "!" + blank() + print_part(*tree.right, strength(*tree.right) < own, dice);
    // A regex in brackets is still one, but its tokens must stay together.
    return print_part(*tree.left, strength(*tree.left) < own, dice) + blank() + tree.op + blank() +
           print_part(*tree.right, strength(*tree.right) <= own, dice);
}

bool found_in(const std::string& text, const std::string& pattern) {
    const std::size_t slash = pattern.rfind('/');
    if (!pattern.starts_with('/') || slash < 2) return pattern.find(text) != std::string::npos;
    const bool fold = pattern.substr(slash + 1) == "i";
    const auto flags = fold ? std::regex::ECMAScript | std::regex::icase : std::regex::ECMAScript;
    return std::regex_search(text, std::regex(pattern.substr(1, slash - 1), flags));
}

Worth value_of(const Tree& tree) {
    if (!tree.leaf.empty()) return tree.worth;
    const Worth right = value_of(*tree.right);
    if (tree.op == "!") return truth(!right.is_present());
    const Worth left = value_of(*tree.left);
    if (tree.op == "&&") return left.is_kept() ? right : left;
    if (tree.op == "||") return left.is_kept() ? left : right;
    const bool equal = left.is_null() || right.is_null() ? left.is_null() && right.is_null()
                                                         : left.shown() == right.shown();
    if (tree.op == "==") return truth(equal);
    if (tree.op == "!=") return truth(!equal);
    const bool found = !right.is_null() && found_in(left.shown(), right.shown());
    return truth(tree.op == "=~" ? found : !found);
}

TEST(ExpressionProperty, HasTheValueOfItsTree) {
    for (std::uint64_t seed = 1; seed <= 6'000; ++seed) {
        Dice dice(seed);
        const TreePtr tree = any_tree(dice, 4);
        const std::string text = print(*tree, dice);
        const auto parsed = Expression::parse(text);
        ASSERT_TRUE(parsed) << "seed " << seed << ": " << text;
        const bool expected = value_of(*tree).is_present();
        ASSERT_EQ(parsed->truthy(look_up_leaf), expected) << "seed " << seed << ": " << text;
        const auto negated = Expression::parse("!(" + text + ")");
        ASSERT_TRUE(negated) << "seed " << seed << ": " << text;
        ASSERT_EQ(negated->truthy(look_up_leaf), !expected) << "seed " << seed << ": " << text;
    }
}

TEST(ExpressionProperty, ExactlyAHundredTokensAreAllowed) {
    const auto negations = [](std::size_t count) { return std::string(count, '!') + "$TEXT"; };
    EXPECT_TRUE(Expression::parse(negations(99)));
    EXPECT_FALSE(Expression::parse(negations(100)));
}

}  // namespace
}  // namespace runner::pipeline::expression
