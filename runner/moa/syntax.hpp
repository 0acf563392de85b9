#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runner/moa/value.hpp"

/// The tree of an expression. Operators of one precedence, and what follows a value (`.a[0](x)`),
/// are lists, so only brackets nest: the depth of the tree is that of the text's brackets.
namespace runner::moa {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

enum class Operator {
    kOr,
    kAnd,
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kModulo,
    kNot,
};

struct Literal {
    Value value;
};
struct Name {
    std::string name;
};
struct ArrayOf {
    std::vector<ExpressionPtr> items;
};
struct ObjectOf {
    std::vector<std::pair<ExpressionPtr, ExpressionPtr>> members;
};
/// A double-quoted string with expressions in it: its pieces become one text.
struct TextOf {
    std::vector<ExpressionPtr> pieces;
};
struct Unary {
    std::vector<Operator> operators;  ///< in the order of the text: the last one comes first
    ExpressionPtr operand;
};
/// first, then (operator, operand) from left to right.
struct Chain {
    struct Link {
        Operator op;
        std::size_t at;
        ExpressionPtr operand;
    };
    ExpressionPtr first;
    std::vector<Link> links;
};
/// A value with what follows it.
struct Access {
    struct Step {
        enum class Kind { kMember, kIndex, kCall };
        Kind kind;
        std::size_t at;
        std::string member;
        bool before_minus = false;  ///< `a.b-c`: somebody may have meant a name with a "-"
        std::vector<ExpressionPtr> arguments;
    };
    ExpressionPtr base;
    std::vector<Step> steps;
};

struct Expression {
    std::size_t at = 0;  ///< the byte of the text where it begins
    std::variant<Literal, Name, ArrayOf, ObjectOf, TextOf, Unary, Chain, Access> node;
};

}  // namespace runner::moa
