#include "runner/local/variables_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/files.hpp"
#include "base/names.hpp"
#include "base/strings.hpp"

namespace runner::local {

namespace {

/// Masking a shorter value would hide much of every log.
constexpr std::size_t kShortestMasked = 4;

constexpr base::NameRule kVariableName{.digit_may_lead = false};

}  // namespace

base::Result<std::vector<pipeline::variables::Variable>> parse_variables(std::string_view text,
                                                                         const std::string& name) {
    std::vector<pipeline::variables::Variable> variables;
    std::size_t number = 0;
    for (const std::string& raw : base::split(text, '\n')) {
        ++number;
        const std::string line(base::trim(raw));
        if (line.empty() || line.starts_with('#')) continue;
        const auto sign = line.find('=');
        const std::string key(base::trim(std::string_view(line).substr(0, sign)));
        if (sign == std::string::npos || !base::is_name(key, kVariableName)) {
            return base::make_error(
                base::ErrorKind::kInvalidInput,
                fmt::format("{}:{}: expected NAME=VALUE with a name of letters, digits and _", name,
                            number));
        }
        variables.push_back(
            {key, std::string(base::trim(std::string_view(line).substr(sign + 1)))});
    }
    return variables;
}

base::Result<pipeline::variables::Collection> read_secrets(const std::filesystem::path& path,
                                                           std::vector<std::string>& unmasked) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) return base::errno_error("read " + path.string());
    if (!S_ISREG(facts.st_mode)) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                path.string() + " is no file: NAME=VALUE lines are read from one");
    }
    if ((facts.st_mode & 077) != 0) {
        return base::make_error(
            base::ErrorKind::kForbidden,
            fmt::format("{} can be read by others (mode {:o}): it holds secrets, so run "
                        "`chmod 600 {}` first",
                        path.string(), facts.st_mode & 0777, path.string()));
    }
    auto text = base::read_file(path);
    if (!text) return text.error();
    auto parsed = parse_variables(*text, path.string());
    if (!parsed) return parsed.error();
    pipeline::variables::Collection secrets;
    for (auto& variable : *parsed) {
        if (variable.value.starts_with('@')) {
            auto content = base::read_file(path.parent_path() / variable.value.substr(1));
            if (!content)
                return content.error().with_context(variable.key + " in " + path.string());
            variable.value = std::move(*content);
            variable.is_file = true;
        }
        variable.raw = true;
        variable.is_public = false;
        variable.masked = variable.value.size() >= kShortestMasked;
        if (!variable.masked && !variable.value.empty()) unmasked.push_back(variable.key);
        secrets.set(std::move(variable));
    }
    return secrets;
}

}  // namespace runner::local
