#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace runner::pipeline::yaml {

/// The text of one document of a file.
struct DocumentText {
    std::string_view text;
    std::uint32_t first_line = 1;  ///< the line of the file on which the text begins, from 1
};

/// Splits a file into its YAML documents as GitLab does, which is not what YAML says: at every line
/// that begins with three dashes and a white space character, even inside a block scalar. There are
/// at most three parts; the third one contains all further separators. A part may be blank. The
/// parts are views into `text`.
std::vector<DocumentText> split_documents(std::string_view text);

}  // namespace runner::pipeline::yaml
