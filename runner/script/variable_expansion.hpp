#pragma once

#include <optional>
#include <string_view>

namespace runner::script {

/// A part of a text in which variables are replaced.
struct TextPiece {
    bool is_reference = false;
    std::string_view text;     ///< plain text, or the name of the variable
    std::string_view written;  ///< a reference as it stands in the text
};

/// Cuts a text into plain text and references: $NAME and ${NAME} (job-runtime.md §2.2). "$$" is the
/// plain text "$". The shell's own parameters, such as $1 and $?, and a "${" without end are in no
/// piece. All pieces of a text together take linear time.
///
/// Life: next() until it returns nothing. The text outlives the pieces.
class TextPieces {
  public:
    explicit TextPieces(std::string_view text) : text_(text) {}

    std::optional<TextPiece> next();

  private:
    std::optional<TextPiece> take_dollar();
    TextPiece take_plain(std::size_t bytes);
    TextPiece take_reference(std::size_t bytes, std::string_view name);

    std::string_view text_;  ///< what is not cut yet
    bool may_close_ = true;  ///< there may be a "}" in it
};

}  // namespace runner::script
