#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace runner::moa {

/// What is wrong with an expression. `what` names no values, because they may be sensitive.
struct Fault {
    enum class Kind {
        kParse,       ///< the text is no expression
        kEvaluation,  ///< the expression has no value
        kAbsent,      ///< it names a member or an element that does not exist; `||` takes its right
                      ///< side
    };
    Kind kind = Kind::kParse;
    std::size_t at = 0;  ///< a byte of the text
    std::string what;
};

Fault parse_fault(std::size_t at, std::string what);
Fault evaluation_fault(std::size_t at, std::string what);
Fault absent_fault(std::size_t at, std::string what);

[[noreturn]] void throw_exception_from_error(const Fault& fault,
                                             const boost::source_location& where);

template <typename T>
using Outcome = boost::system::result<T, Fault>;

/// "character 5", or "line 2, character 5" in a text of several lines. Both count from 1.
std::string position_in(std::string_view text, std::size_t at);

/// `name` for a message: at most 60 bytes, without control characters.
std::string shown(std::string_view name);

}  // namespace runner::moa
