#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace runner::pipeline {

/// A place in a configuration file. Line and column count from 1; line 0 means "no particular
/// place". `file` is an index into the list of files of one load (0 is the main file).
struct Mark {
    std::uint32_t line = 0;
    std::uint16_t column = 0;
    std::uint16_t file = 0;

    [[nodiscard]] bool known() const { return line != 0; }
    friend bool operator==(const Mark&, const Mark&) = default;
};

/// One thing wrong with a configuration: GitLab's own words, and the place, which GitLab omits.
struct Problem {
    std::string text;
    Mark mark;
    std::string hint = {};  ///< what GitLab does not say: the cause below, a remedy; may be empty
};

using Problems = std::vector<Problem>;

[[noreturn]] inline void throw_exception_from_error(const Problem& problem,
                                                    const boost::source_location&) {
    throw std::logic_error(problem.text);
}

/// A value, or the first problem that prevents it.
template <typename T>
using Checked = boost::system::result<T, Problem>;

}  // namespace runner::pipeline
