#include "base/secret_file.hpp"

#include <algorithm>
#include <string>

#include "base/files.hpp"
#include "base/strings.hpp"

namespace base {

Result<Secret> read_token_file(const std::filesystem::path& path) {
    const auto text = read_file(path);
    if (!text) return text.error();
    std::string token(trim(*text));
    if (token.empty()) return make_error(ErrorKind::kInvalidInput, path.string() + " is empty");
    const bool one_line = std::all_of(token.begin(), token.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    });
    if (one_line) return Secret(std::move(token));
    return make_error(ErrorKind::kInvalidInput,
                      path.string() + " has more than one line: write the token alone into it");
}

}  // namespace base
