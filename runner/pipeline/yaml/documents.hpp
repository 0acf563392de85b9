#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace runner::pipeline::yaml {

struct DocumentText {
    std::string_view text;
    std::uint32_t first_line = 1;
};

/// Cuts a file into its documents as GitLab does: at lines that begin with three dashes followed by
/// blank or end, also inside a block scalar; at most three parts, the third keeps further
/// separators; a blank first part is dropped. The parts are views into `text`.
std::vector<DocumentText> split_documents(std::string_view text);

}  // namespace runner::pipeline::yaml
