#include "runner/moa/template.hpp"

#include "runner/moa/evaluator.hpp"
#include "runner/moa/lexer.hpp"
#include "runner/moa/operators.hpp"
#include "runner/moa/parser.hpp"

namespace runner::moa {

namespace {

/// Appends the value of the expression behind `at`; the answer is the byte behind its end.
Outcome<std::size_t> append_value(Expanded& out, std::string_view text, std::size_t at,
                                  const Value::Object& names, Budget& budget) {
    auto parsed = parse(text, at);
    if (!parsed) return parsed.error();
    ++out.expressions;
    if (parsed->expression == nullptr) return parsed->end;
    auto value = evaluate(*parsed->expression, names, budget);
    if (!value) return value.error();
    auto part = text_of(*value, budget);
    if (!part) return out_of_budget(at);
    out.text += *part;
    if (value->holds_sensitive() && out.sensitive.empty())
        out.sensitive =
            text.substr(at - kOpenExpression.size(), parsed->end - at + kOpenExpression.size());
    return parsed->end;
}

}  // namespace

Outcome<Expanded> expand(std::string_view text, const Value::Object& names, Budget& budget) {
    Expanded out;
    std::size_t at = 0;
    for (auto open = text.find(kOpenExpression); open != std::string_view::npos;
         open = text.find(kOpenExpression, at)) {
        if (open > at && text[open - 1] == '\\') {
            out.text.append(text, at, open - 1 - at).append(kOpenExpression);
            at = open + kOpenExpression.size();
            continue;
        }
        out.text.append(text, at, open - at);
        auto end = append_value(out, text, open + kOpenExpression.size(), names, budget);
        if (!end) return end.error();
        at = *end;
    }
    out.text.append(text, at);
    return out;
}

}  // namespace runner::moa
