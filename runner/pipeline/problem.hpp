#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace runner::pipeline {

/// A position in a configuration file. Line and column count from 1; line 0 means "no position".
/// `file` is an index into the list of files of one configuration (0 is the main file).
struct Mark {
    std::uint32_t line = 0;
    std::uint16_t column = 0;
    std::uint16_t file = 0;

    [[nodiscard]] bool known() const { return line != 0; }
    friend bool operator==(const Mark&, const Mark&) = default;
};

/// An error or a warning about a configuration.
struct Problem {
    std::string text;  ///< GitLab's message
    Mark mark;         ///< the position, which GitLab's messages do not contain
    /// What GitLab does not say: the cause, and a remedy. May be empty.
    std::string hint = {};
};

using Problems = std::vector<Problem>;

[[noreturn]] inline void throw_exception_from_error(const Problem& problem,
                                                    const boost::source_location&) {
    throw std::logic_error(problem.text);
}

/// A value, or the first problem because of which there is none.
template <typename T>
using Checked = boost::system::result<T, Problem>;

}  // namespace runner::pipeline
