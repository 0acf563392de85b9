#include "runner/moa/operators.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace runner::moa {

namespace {

using enum Operator;

std::string_view symbol_of(Operator op) {
    switch (op) {
        case kOr: return "||";
        case kAnd: return "&&";
        case kEqual: return "==";
        case kNotEqual: return "!=";
        case kLess: return "<";
        case kLessOrEqual: return "<=";
        case kGreater: return ">";
        case kGreaterOrEqual: return ">=";
        case kAdd: return "+";
        case kSubtract: return "-";
        case kMultiply: return "*";
        case kDivide: return "/";
        case kModulo: return "%";
        case kNot: break;
    }
    return "!";
}

std::optional<bool> holds(Operator op, int order) {
    switch (op) {
        case kEqual: return order == 0;
        case kNotEqual: return order != 0;
        case kLess: return order < 0;
        case kLessOrEqual: return order <= 0;
        case kGreater: return order > 0;
        case kGreaterOrEqual: return order >= 0;
        default: return std::nullopt;
    }
}

bool is_comparison(Operator op) { return holds(op, 0).has_value(); }

double calculate(Operator op, double left, double right) {
    switch (op) {
        case kAdd: return left + right;
        case kSubtract: return left - right;
        case kMultiply: return left * right;
        case kDivide: return left / right;
        default: return std::fmod(left, right);
    }
}

Outcome<Value> arithmetic(Operator op, std::size_t at, double left, double right) {
    if ((op == kDivide || op == kModulo) && right == 0)
        return evaluation_fault(at, "division by zero");
    const double result = calculate(op, left, right);
    if (!std::isfinite(result))
        return evaluation_fault(at, "the result is too large for a number of 64 bits");
    return Value(result);
}

Outcome<Value> number_of(std::size_t at, const Value& value) {
    if (value.kind() == Kind::kNumber) return value;
    if (value.kind() != Kind::kString)
        return evaluation_fault(at, fmt::format("num() makes a number of a string, not of type {}",
                                                to_string(value.kind())));
    std::string_view text = value.string();
    if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    // What is no number is not shown: it may be sensitive.
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
        return evaluation_fault(at, "num() got a string that is no number");
    return Value(number);
}

}  // namespace

Fault out_of_budget(std::size_t at) {
    return evaluation_fault(at, "the expressions of the job are too much work; use smaller inputs");
}

Outcome<Value> apply(Operator op, std::size_t at, const Value& left, const Value& right,
                     Budget& budget) {
    const bool sensitive = left.holds_sensitive() || right.holds_sensitive();
    if (is_comparison(op)) {
        const auto order = compare(left, right, budget);
        if (!order) return out_of_budget(at);
        return Value(*holds(op, *order)).marked(sensitive);
    }
    if (left.kind() == Kind::kNumber && right.kind() == Kind::kNumber) {
        auto result = arithmetic(op, at, left.number(), right.number());
        if (!result) return result;
        return result->marked(sensitive);
    }
    if (op == kAdd && left.kind() == Kind::kString && right.kind() == Kind::kString) {
        if (!budget.spend(left.string().size() + right.string().size())) return out_of_budget(at);
        return Value(left.string() + right.string()).marked(sensitive);
    }
    const bool str_helps =
        op == kAdd && (left.kind() == Kind::kString || right.kind() == Kind::kString);
    return evaluation_fault(
        at, fmt::format("\"{}\" is not possible between types {} and {}{}", symbol_of(op),
                        to_string(left.kind()), to_string(right.kind()),
                        str_helps ? "; str() makes a string of a value" : ""));
}

Outcome<Value> apply(Operator op, std::size_t at, const Value& operand) {
    if (op == kNot) return Value(!operand.truthy()).marked(operand.holds_sensitive());
    if (operand.kind() != Kind::kNumber)
        return evaluation_fault(at, fmt::format("\"{}\" wants a number, not type {}", symbol_of(op),
                                                to_string(operand.kind())));
    if (op == kAdd) return operand;
    return Value(-operand.number()).marked(operand.is_sensitive());
}

Outcome<Value> call(Function function, std::size_t at, const Value::Array& arguments,
                    Budget& budget) {
    if (arguments.size() != 1)
        return evaluation_fault(
            at, fmt::format("the function wants one argument and got {}", arguments.size()));
    const Value& argument = arguments.front();
    if (function == Function::kBool)
        return Value(argument.truthy()).marked(argument.holds_sensitive());
    if (function == Function::kNum) {
        auto number = number_of(at, argument);
        if (!number) return number;
        return number->marked(argument.is_sensitive());
    }
    auto text = text_of(argument, budget);
    if (!text) return out_of_budget(at);
    return Value(std::move(*text)).marked(argument.holds_sensitive());
}

}  // namespace runner::moa
