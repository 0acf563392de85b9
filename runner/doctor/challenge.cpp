#include "runner/doctor/challenge.hpp"

#include "base/strings.hpp"

namespace runner::doctor {

namespace {

std::string quoted_value(std::string_view header, std::string_view name) {
    const std::string start = std::string(name) + "=\"";
    const auto found = header.find(start);
    if (found == std::string_view::npos) return {};
    const auto begin = found + start.size();
    return std::string(header.substr(begin, header.find('"', begin) - begin));
}

}  // namespace

Challenge parse_challenge(std::string_view header) {
    return {.bearer = base::to_lower(header.substr(0, 6)) == "bearer",
            .realm = quoted_value(header, "realm"),
            .service = quoted_value(header, "service"),
            .scope = quoted_value(header, "scope")};
}

}  // namespace runner::doctor
