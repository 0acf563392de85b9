#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::yaml {

/// Limits of a tree, before and after includes, `extends` and references are resolved; see
/// Value::weight() and Value::depth(). They are several times what GitLab allows. A tree within
/// them can be traversed in well under a second.
inline constexpr std::uint64_t kMostNodes = 1'000'000;
inline constexpr std::uint32_t kDeepest = 200;

/// GitLab's message about a tree that is too large.
inline constexpr std::string_view kTooBig = "The parsed YAML is too big";

/// Returns the value, or a problem when it exceeds kMostNodes or kDeepest.
Checked<Value> bounded(Value value);

/// Limits of one document.
struct LoadLimits {
    std::size_t text_bytes = 2u << 20;
    std::uint64_t parsed_bytes = 2u << 20;  ///< memory of the values in Ruby; see ruby_size.hpp
    std::uint64_t nodes = kMostNodes;       ///< see Value::weight()
    std::uint32_t depth = 100;              ///< levels of lists and maps
};

/// A document whose syntax and values are right.
struct Parsed {
    Value value;  ///< null for a text without a document, and when it is too big
    /// GitLab asks for the size only after it has read all documents of a file.
    std::optional<Problem> too_big;
};

/// Reads one YAML document as GitLab does (Ruby's Psych with libyaml; ci-yaml.md §1.2).
/// `first_line` is the line of the file on which `text` begins (from 1); `file` is the index that
/// marks carry. Syntax problems have the texts of GitLab's parser. Their mark is the position of
/// the error, for a quote that is not closed that of the quote; the line in their text is, as in
/// GitLab, that of the construct in which the error is.
Checked<Parsed> read(std::string_view text, std::uint16_t file = 0, std::uint32_t first_line = 1,
                     const LoadLimits& limits = {});

/// The value of a text that is one document; null when it is empty.
Checked<Value> load(std::string_view text);

}  // namespace runner::pipeline::yaml
