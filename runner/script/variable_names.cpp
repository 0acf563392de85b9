#include "runner/script/variable_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/names.hpp"
#include "base/strings.hpp"

namespace runner::script {

namespace {

constexpr std::size_t kShownBytes = 80;
constexpr std::size_t kShownNames = 10;
constexpr std::size_t kMaxFileName = 255;
constexpr base::NameRule kShellName{.digit_may_lead = false};

bool is_file_name(std::string_view name) {
    return name != "." && name != ".." && name.find('/') == std::string_view::npos &&
           name.size() <= kMaxFileName;
}

bool is_usable(const protocol::gitlab::Variable& variable) {
    const bool name = !variable.key.empty() && variable.key.find('=') == std::string::npos &&
                      variable.key.find('\0') == std::string::npos;
    if (variable.file) return name && is_file_name(variable.key);
    return name && variable.value.find('\0') == std::string::npos;
}

std::string listed(const std::set<std::string>& names) {
    const std::size_t count = std::min(names.size(), kShownNames);
    const auto end = std::next(names.begin(), static_cast<std::ptrdiff_t>(count));
    const std::string first = base::join(std::vector<std::string>(names.begin(), end), ", ");
    if (count == names.size()) return first;
    return fmt::format("{} and {} more", first, names.size() - count);
}

}  // namespace

std::string shown_name(std::string_view name) {
    std::string shown(name.substr(0, kShownBytes));
    for (char& c : shown) {
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
    }
    if (name.size() > kShownBytes) shown += "...";
    return shown;
}

bool NameCheck::accept(const protocol::gitlab::Variable& variable) {
    const bool usable = is_usable(variable);
    if (usable && base::is_name(variable.key, kShellName)) return true;
    auto& names = usable ? odd_ : left_out_;
    names.insert(variable.key.empty() ? "\"\"" : shown_name(variable.key));
    return usable;
}

std::vector<std::string> NameCheck::warnings() const {
    std::vector<std::string> out;
    if (!left_out_.empty()) {
        out.push_back(fmt::format(
            "These variables are left out, because no program can get a variable with such a name "
            "or with a zero byte: {}",
            listed(left_out_)));
    }
    if (!odd_.empty()) {
        out.push_back(fmt::format(
            "sh of some images (dash, ash) does not hand these variables on to programs, because "
            "their names are not made of letters, digits and \"_\" alone: {}",
            listed(odd_)));
    }
    return out;
}

}  // namespace runner::script
