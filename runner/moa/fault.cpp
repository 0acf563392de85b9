#include "runner/moa/fault.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/utf8.hpp"

namespace runner::moa {

namespace {

constexpr std::size_t kShownBytes = 60;

}  // namespace

Fault parse_fault(std::size_t at, std::string what) {
    return {Fault::Kind::kParse, at, std::move(what)};
}

Fault evaluation_fault(std::size_t at, std::string what) {
    return {Fault::Kind::kEvaluation, at, std::move(what)};
}

Fault absent_fault(std::size_t at, std::string what) {
    return {Fault::Kind::kAbsent, at, std::move(what)};
}

void throw_exception_from_error(const Fault& fault, const boost::source_location& /*where*/) {
    throw std::logic_error("the fault of an expression was not looked at: " + fault.what);
}

std::string position_in(std::string_view text, std::size_t at) {
    const std::string_view before = text.substr(0, std::min(at, text.size()));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t newline = before.rfind('\n');
    const std::string_view in_line =
        newline == std::string_view::npos ? before : before.substr(newline + 1);
    const auto character = 1 + std::count_if(in_line.begin(), in_line.end(), [](char c) {
                               return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
                           });
    if (text.find('\n') == std::string_view::npos) return fmt::format("character {}", character);
    return fmt::format("line {}, character {}", line, character);
}

std::string shown(std::string_view name) {
    std::string text = base::cut_utf8(name, kShownBytes);
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
    }
    if (name.size() > kShownBytes) text += "...";
    return text;
}

}  // namespace runner::moa
