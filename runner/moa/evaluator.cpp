#include "runner/moa/evaluator.hpp"

#include <fmt/format.h>

#include <cmath>
#include <type_traits>

#include "runner/moa/operators.hpp"

namespace runner::moa {

namespace {

std::optional<Function> function_named(std::string_view name) {
    if (name == "str") return Function::kStr;
    if (name == "num") return Function::kNum;
    if (name == "bool") return Function::kBool;
    return std::nullopt;
}

Outcome<Value> member_named(std::size_t at, const Value& from, const std::string& name) {
    if (from.kind() != Kind::kObject)
        return evaluation_fault(
            at, fmt::format("type {} has no member \"{}\"", to_string(from.kind()), shown(name)));
    const auto found = from.object().find(name);
    if (found == from.object().end())
        return absent_fault(at, fmt::format("there is no \"{}\" in it", shown(name)));
    return found->second.marked(from.is_sensitive());
}

Outcome<Value> member(const Access::Step& step, const Value& from) {
    auto found = member_named(step.at, from, step.member);
    if (found || !step.before_minus) return found;
    Fault why = found.error();
    why.what += fmt::format("; a name with a \"-\" is written [\"{}-…\"]", shown(step.member));
    return why;
}

Outcome<Value> element(std::size_t at, const Value& from, const Value& index) {
    if (from.kind() == Kind::kObject && index.kind() == Kind::kString) {
        auto found = member_named(at, from, index.string());
        // The name in the message can be sensitive.
        if (!found && index.is_sensitive()) return absent_fault(at, "there is no such member");
        if (!found) return found;
        return found->marked(index.is_sensitive());
    }
    if (from.kind() != Kind::kArray || index.kind() != Kind::kNumber)
        return evaluation_fault(at, fmt::format("type {} has no element for an index of type {}",
                                                to_string(from.kind()), to_string(index.kind())));
    const double wanted = index.number();
    if (std::trunc(wanted) != wanted) return evaluation_fault(at, "the index is no whole number");
    if (wanted < 0 || wanted >= static_cast<double>(from.array().size()))
        return absent_fault(at, fmt::format("the array has {} elements, and the index begins at 0",
                                            from.array().size()));
    return from.array()[static_cast<std::size_t>(wanted)].marked(from.is_sensitive() ||
                                                                 index.is_sensitive());
}

class Evaluator {
  public:
    Evaluator(const Value::Object& names, Budget& budget) : names_(names), budget_(budget) {}

    Outcome<Value> value_of(const Expression& expression) {
        if (!budget_.spend(1)) return out_of_budget(expression.at);
        return std::visit([&](const auto& node) { return of(node, expression.at); },
                          expression.node);
    }

  private:
    static Outcome<Value> of(const Literal& node, std::size_t /*at*/) { return node.value; }

    Outcome<Value> of(const Name& node, std::size_t at) {
        if (const auto found = names_.find(node.name); found != names_.end()) return found->second;
        if (const auto function = function_named(node.name)) return Value(*function);
        // A name that is not known is a mistake; "||" does not hide it.
        return evaluation_fault(
            at, fmt::format("nothing has the name \"{}\"; inputs are job.inputs.NAME",
                            shown(node.name)));
    }

    Outcome<Value> of(const ArrayOf& node, std::size_t /*at*/) {
        auto items = values_of(node.items);
        if (!items) return items.error();
        return Value(std::move(*items));
    }

    Outcome<Value> of(const ObjectOf& node, std::size_t /*at*/) {
        Value::Object members;
        for (const auto& [key_expression, value_expression] : node.members) {
            auto key = value_of(*key_expression);
            if (!key) return key;
            if (key->kind() != Kind::kString)
                return evaluation_fault(
                    key_expression->at,
                    fmt::format("a key is a string, not of type {}", to_string(key->kind())));
            auto value = value_of(*value_expression);
            if (!value) return value;
            // The name of a member can be sensitive as well as its value.
            members.insert_or_assign(key->string(), value->marked(key->is_sensitive()));
        }
        return Value(std::move(members));
    }

    Outcome<Value> of(const TextOf& node, std::size_t at) {
        std::string text;
        bool sensitive = false;
        for (const ExpressionPtr& piece : node.pieces) {
            auto value = value_of(*piece);
            if (!value) return value;
            auto part = text_of(*value, budget_);
            if (!part) return out_of_budget(at);
            text += *part;
            sensitive = sensitive || value->holds_sensitive();
        }
        return Value(std::move(text)).marked(sensitive);
    }

    Outcome<Value> of(const Unary& node, std::size_t at) {
        auto value = value_of(*node.operand);
        for (auto op = node.operators.rbegin(); value && op != node.operators.rend(); ++op)
            value = apply(*op, at, *value);
        return value;
    }

    Outcome<Value> of(const Chain& node, std::size_t /*at*/) {
        auto value = value_of(*node.first);
        for (const Chain::Link& link : node.links) {
            if (link.op == Operator::kOr) {
                const bool absent = !value && value.error().kind == Fault::Kind::kAbsent;
                if (!value && !absent) return value;
                if (absent || !value->truthy()) value = value_of(*link.operand);
                continue;
            }
            if (!value) return value;
            if (link.op == Operator::kAnd) {
                if (value->truthy()) value = value_of(*link.operand);
                continue;
            }
            auto right = value_of(*link.operand);
            if (!right) return right;
            value = apply(link.op, link.at, *value, *right, budget_);
        }
        return value;
    }

    Outcome<Value> of(const Access& node, std::size_t /*at*/) {
        auto value = value_of(*node.base);
        for (const Access::Step& step : node.steps) {
            if (!value) return value;
            value = take(step, *value);
        }
        return value;
    }

    Outcome<Value> take(const Access::Step& step, const Value& from) {
        if (step.kind == Access::Step::Kind::kMember) return member(step, from);
        auto arguments = values_of(step.arguments);
        if (!arguments) return arguments.error();
        if (step.kind == Access::Step::Kind::kIndex)
            return element(step.at, from, arguments->front());
        if (from.kind() != Kind::kFunction)
            return evaluation_fault(
                step.at, fmt::format("type {} cannot be called; there are str(), num() and bool()",
                                     to_string(from.kind())));
        return call(from.function(), step.at, *arguments, budget_);
    }

    Outcome<Value::Array> values_of(const std::vector<ExpressionPtr>& expressions) {
        Value::Array values;
        values.reserve(expressions.size());
        for (const ExpressionPtr& expression : expressions) {
            auto value = value_of(*expression);
            if (!value) return value.error();
            values.push_back(std::move(*value));
        }
        return values;
    }

    const Value::Object& names_;
    Budget& budget_;
};

}  // namespace

Outcome<Value> evaluate(const Expression& expression, const Value::Object& names, Budget& budget) {
    return Evaluator(names, budget).value_of(expression);
}

}  // namespace runner::moa
