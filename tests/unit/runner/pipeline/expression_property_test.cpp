// Prints random expression trees and parses them. The value of the parsed expression must be that
// of the tree, which value_of() computes directly from ci-yaml.md §3.1.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <regex>
#include <string>

#include "runner/pipeline/expression/expression.hpp"
#include "tests/unit/runner/pipeline/seeded_random.hpp"

namespace runner::pipeline::expression {
namespace {

using tests::SeededRandom;

/// The value of an operand: null, a text, or a boolean.
struct OperandValue {
    std::optional<std::string> text;
    std::optional<bool> flag;

    [[nodiscard]] bool is_null() const { return !text && !flag; }
    /// As && and || see it.
    [[nodiscard]] bool is_truthy() const { return flag ? *flag : text.has_value(); }
    /// As ! and the result of the expression see it.
    [[nodiscard]] bool is_present() const {
        return flag ? *flag : text && text->find_first_not_of(' ') != std::string::npos;
    }
    [[nodiscard]] std::string to_text() const {
        if (flag) return *flag ? "true" : "false";
        return text.value_or("");
    }
};

OperandValue boolean(bool value) { return {{}, value}; }

struct Tree {
    std::string leaf;    // the text of the operand; "" for an operator
    OperandValue value;  // of an operand
    std::string op;
    std::unique_ptr<Tree> left;  // null for "!"
    std::unique_ptr<Tree> right;
};
using TreePtr = std::unique_ptr<Tree>;

struct Leaf {
    const char* text;
    OperandValue value;
};

const std::array<Leaf, 12> kLeaves{{
    {"$TEXT", {"abc", {}}},
    {"$EMPTY", {"", {}}},
    {"$BLANK", {"  ", {}}},
    {"$FALSE", {"false", {}}},
    {"$PATTERN", {"/^AB/i", {}}},
    {"$MISSING", {}},
    {"null", {}},
    {"true", boolean(true)},
    {"false", boolean(false)},
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
        if (std::string_view(leaf.text) == "$" + std::string(name) && leaf.value.text) {
            return *leaf.value.text;
        }
    }
    return std::nullopt;
}

TreePtr leaf_of(const Leaf& leaf) {
    auto tree = std::make_unique<Tree>();
    tree->leaf = leaf.text;
    tree->value = leaf.value;
    return tree;
}

TreePtr any_tree(SeededRandom& random, int depth) {
    constexpr std::array<const char*, 7> kOperators{"==", "!=", "=~", "!~", "&&", "||", "!"};
    if (depth == 0 || random.one_in(4)) return leaf_of(random.element_of(kLeaves));
    auto tree = std::make_unique<Tree>();
    tree->op = random.element_of(kOperators);
    if (tree->op != "!") tree->left = any_tree(random, depth - 1);
    const bool match = tree->op == "=~" || tree->op == "!~";
    if (!match) {
        tree->right = any_tree(random, depth - 1);
    } else if (random.one_in(2)) {
        tree->right = leaf_of(random.element_of(kRegexes));
    } else {
        // Only texts and null: GitLab does not document what a boolean means as a pattern.
        tree->right = leaf_of(kLeaves[random.below(7)]);
    }
    return tree;
}

int precedence(const Tree& tree) {
    if (!tree.leaf.empty() || tree.op == "!") return 4;
    return tree.op == "&&" ? 2 : tree.op == "||" ? 1 : 3;
}

std::string print(const Tree& tree, SeededRandom& random);

/// Prints an operand, in brackets when it needs them and sometimes when it does not.
std::string print_operand(const Tree& tree, bool needs_brackets, SeededRandom& random) {
    const std::string text = print(tree, random);
    return needs_brackets || random.one_in(6) ? "(" + text + ")" : text;
}

std::string print(const Tree& tree, SeededRandom& random) {
    if (!tree.leaf.empty()) return tree.leaf;
    const auto blank = [&] { return std::string(random.below(3), random.one_in(5) ? '\t' : ' '); };
    const int own = precedence(tree);
    if (!tree.left)
        return "!" + blank() + print_operand(*tree.right, precedence(*tree.right) < own, random);
    return print_operand(*tree.left, precedence(*tree.left) < own, random) + blank() + tree.op +
           blank() + print_operand(*tree.right, precedence(*tree.right) <= own, random);
}

/// Whether =~ finds the pattern, which is a regular expression literal or a plain text.
bool found_in(const std::string& text, const std::string& pattern) {
    const std::size_t slash = pattern.rfind('/');
    if (!pattern.starts_with('/') || slash < 2) return pattern.find(text) != std::string::npos;
    const bool fold = pattern.substr(slash + 1) == "i";
    const auto flags = fold ? std::regex::ECMAScript | std::regex::icase : std::regex::ECMAScript;
    return std::regex_search(text, std::regex(pattern.substr(1, slash - 1), flags));
}

OperandValue value_of(const Tree& tree) {
    if (!tree.leaf.empty()) return tree.value;
    const OperandValue right = value_of(*tree.right);
    if (tree.op == "!") return boolean(!right.is_present());
    const OperandValue left = value_of(*tree.left);
    if (tree.op == "&&") return left.is_truthy() ? right : left;
    if (tree.op == "||") return left.is_truthy() ? left : right;
    const bool equal = left.is_null() || right.is_null() ? left.is_null() && right.is_null()
                                                         : left.to_text() == right.to_text();
    if (tree.op == "==") return boolean(equal);
    if (tree.op == "!=") return boolean(!equal);
    const bool found = !right.is_null() && found_in(left.to_text(), right.to_text());
    return boolean(tree.op == "=~" ? found : !found);
}

TEST(ExpressionProperty, HasTheValueOfItsTree) {
    for (std::uint64_t seed = 1; seed <= 6'000; ++seed) {
        SeededRandom random(seed);
        const TreePtr tree = any_tree(random, 4);
        const std::string text = print(*tree, random);
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
