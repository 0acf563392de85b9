#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace base {

/// A token, a password or a key. It prints as stars; code that needs the value calls reveal().
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}

    [[nodiscard]] const std::string& reveal() const { return value_; }
    [[nodiscard]] bool empty() const { return value_.empty(); }
    bool operator==(const Secret&) const = default;

  private:
    std::string value_;
};

/// Takes the same time for every text of a length, so that a guess cannot be improved by measuring.
inline bool same_secret(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned different = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        different |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
    }
    return different == 0;
}

/// For fmt and logs.
inline std::string_view format_as(const Secret& secret) {
    return secret.empty() ? std::string_view() : std::string_view("********");
}

}  // namespace base
