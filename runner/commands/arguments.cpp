#include "runner/commands/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/strings.hpp"

namespace runner::commands {

namespace {

using Given = std::map<std::string, std::vector<std::string>>;

std::string all_names(const Flag& flag, std::string_view separator) {
    std::vector<std::string> names;
    for (const auto& name : flag.names) names.push_back(with_dashes(name));
    return base::join(names, separator);
}

const Flag* find_flag(const std::vector<Flag>& flags, std::string_view name) {
    for (const auto& flag : flags) {
        if (std::find(flag.names.begin(), flag.names.end(), name) != flag.names.end()) return &flag;
    }
    return nullptr;
}

/// The message does not repeat what follows "=": it may be a token.
std::string unknown_flag(const std::vector<Flag>& flags, const std::string& argument) {
    const std::string shown = argument.substr(0, argument.find('='));
    std::vector<std::string> names;
    for (const auto& flag : flags) names.insert(names.end(), flag.names.begin(), flag.names.end());
    const std::string name = shown.substr(std::min(shown.size(), shown.find_first_not_of('-')));
    const std::string near = name.size() < 2 ? "" : base::nearest(name, names);
    return fmt::format("there is no flag {}{}", shown,
                       near.empty() ? "" : fmt::format("; did you mean {}?", with_dashes(near)));
}

/// Takes the flag at `at` with its value, and moves `at` behind them.
base::Result<void> take_flag(const std::vector<Flag>& flags,
                             const std::vector<std::string>& arguments, std::size_t& at,
                             Given& given) {
    const std::string& argument = arguments[at++];
    const auto equals = argument.find('=');
    // A long name may have one dash only.
    const std::string name = argument.substr(0, equals).substr(argument[1] == '-' ? 2 : 1);
    const Flag* flag = find_flag(flags, name);
    if (flag == nullptr) return base::invalid_input(unknown_flag(flags, argument));
    std::string value = equals == std::string::npos ? "true" : argument.substr(equals + 1);
    if (flag->kind == Flag::Kind::kBool) {
        if (!parse_boolean(value)) {
            return base::invalid_input(fmt::format("{} must be true or false", with_dashes(name)));
        }
    } else if (equals == std::string::npos) {
        if (at == arguments.size())
            return base::invalid_input(fmt::format("{} needs a value", with_dashes(name)));
        value = arguments[at++];
    }
    const auto& choices = flag->choices;
    if (!choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end()) {
        return base::invalid_input(
            fmt::format("{} must be {}", with_dashes(name), base::join(choices, " or ")));
    }
    auto& texts = given[flag->names.front()];
    if (flag->kind != Flag::Kind::kList) texts.clear();
    texts.push_back(std::move(value));
    return {};
}

base::Result<void> take_environment(const Flag& flag, Values& values) {
    if (flag.env.empty() || values.has(flag.names.front())) return {};
    const char* text = std::getenv(flag.env.c_str());
    if (text == nullptr || *text == '\0') return {};
    if (flag.kind == Flag::Kind::kBool && !parse_boolean(text)) {
        return base::invalid_input(fmt::format("the variable {} must be true or false", flag.env));
    }
    values.set(flag.names.front(), flag.kind == Flag::Kind::kList ? base::split(text, ',')
                                                                  : std::vector<std::string>{text});
    return {};
}

}  // namespace

std::string with_dashes(const std::string& name) { return (name.size() == 1 ? "-" : "--") + name; }

Flag bool_flag(std::vector<std::string> names, std::string help, std::string env) {
    return {std::move(names), Flag::Kind::kBool, std::move(env), {}, std::move(help)};
}

Flag text_flag(std::vector<std::string> names, std::string value, std::string help,
               std::string env) {
    return {std::move(names), Flag::Kind::kText, std::move(env), std::move(value), std::move(help)};
}

Flag choice_flag(std::vector<std::string> names, std::vector<std::string> choices,
                 std::string help) {
    const std::string value = base::join(choices, "|");
    return {std::move(names), Flag::Kind::kText, {}, value, std::move(help), std::move(choices)};
}

Flag list_flag(std::vector<std::string> names, std::string value, std::string help,
               std::string env) {
    return {std::move(names), Flag::Kind::kList, std::move(env), std::move(value), std::move(help)};
}

std::string Values::text(std::string_view name) const {
    const auto& all = list(name);
    return all.empty() ? "" : all.back();
}

const std::vector<std::string>& Values::list(std::string_view name) const {
    static const std::vector<std::string> none;
    const auto found = given_.find(name);
    return found == given_.end() ? none : found->second;
}

bool Values::flag(std::string_view name) const { return parse_boolean(text(name)).value_or(false); }

std::optional<bool> parse_boolean(std::string_view text) {
    const std::string lower = base::to_lower(text);
    if (lower == "1" || lower == "t" || lower == "true") return true;
    if (lower == "0" || lower == "f" || lower == "false") return false;
    return std::nullopt;
}

base::Result<Values> parse_arguments(const std::vector<Flag>& flags,
                                     const std::vector<std::string>& arguments) {
    Given given;
    std::vector<std::string> words;
    for (std::size_t at = 0; at < arguments.size();) {
        const std::string& argument = arguments[at];
        if (argument == "--") {
            words.insert(words.end(), arguments.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                         arguments.end());
            break;
        }
        if (argument.size() < 2 || argument[0] != '-') {
            words.push_back(argument);
            ++at;
        } else if (auto taken = take_flag(flags, arguments, at, given); !taken) {
            return taken.error();
        }
    }
    Values values;
    values.set_words(std::move(words));
    for (auto& [name, texts] : given) values.set(name, std::move(texts));
    for (const auto& flag : flags) {
        if (auto taken = take_environment(flag, values); !taken) return taken.error();
    }
    return values;
}

std::string describe_flags(const std::vector<Flag>& flags) {
    constexpr std::size_t kColumn = 34;
    std::string out;
    for (const auto& flag : flags) {
        if (flag.help.empty()) continue;
        std::string line = "  " + all_names(flag, ", ");
        if (flag.kind != Flag::Kind::kBool)
            line += " " + (flag.value.empty() ? "VALUE" : flag.value);
        if (line.size() + 2 > kColumn)
            line += "\n" + std::string(kColumn, ' ');
        else
            line.resize(kColumn, ' ');
        line += flag.help;
        if (!flag.env.empty()) line += fmt::format(" [${}]", flag.env);
        out += line + "\n";
    }
    return out;
}

}  // namespace runner::commands
