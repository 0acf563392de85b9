#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace runner::commands {

/// One flag of a command. The forms are those of the official program: `--flag value`,
/// `--flag=value`, `-f value`, and also `-flag value`. A boolean is `--flag` or `--flag=false`; it
/// takes no separate value. A list is given by repeating the flag. The command line wins over the
/// environment variable.
struct Flag {
    enum class Kind { kBool, kText, kList };

    /// Without dashes. Values are looked up by the first one.
    std::vector<std::string> names;
    Kind kind = Kind::kText;
    /// The environment variable, "" for none. An empty variable counts as not set; commas separate
    /// the values of a list.
    std::string env;
    std::string value;                      ///< what help shows for the value: "URL"
    std::string help;                       ///< "": the flag is accepted, but not shown in help
    std::vector<std::string> choices = {};  ///< the allowed values; empty for any
};

/// A flag's name as it is typed: "-c", "--config".
std::string with_dashes(const std::string& name);

/// Flags by kind. `help` "" makes a flag that help does not show; `env` is its environment
/// variable.
Flag bool_flag(std::vector<std::string> names, std::string help, std::string env = {});
/// The last value counts.
Flag text_flag(std::vector<std::string> names, std::string value, std::string help,
               std::string env = {});
/// Takes one of the choices, and no other value.
Flag choice_flag(std::vector<std::string> names, std::vector<std::string> choices,
                 std::string help);
/// Each use of the flag adds a value.
Flag list_flag(std::vector<std::string> names, std::string value, std::string help,
               std::string env = {});

/// The values that flags and environment variables give.
class Values {
  public:
    [[nodiscard]] bool has(std::string_view name) const {
        return given_.find(name) != given_.end();
    }
    /// "" when not given. Of several values, the last one.
    [[nodiscard]] std::string text(std::string_view name) const;
    [[nodiscard]] const std::vector<std::string>& list(std::string_view name) const;
    [[nodiscard]] bool flag(std::string_view name) const;
    /// Arguments that are no flags.
    [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

    void set(std::string name, std::vector<std::string> texts) {
        given_[std::move(name)] = std::move(texts);
    }
    void set_words(std::vector<std::string> words) { words_ = std::move(words); }

  private:
    std::map<std::string, std::vector<std::string>, std::less<>> given_;
    std::vector<std::string> words_;
};

/// Booleans as Go reads them: 1, t, true, 0, f, false in upper or lower case. Nothing for others.
std::optional<bool> parse_boolean(std::string_view text);

/// Reads the arguments after the command's name. A failure is kInvalidInput and names the flag, but
/// not its value, which may be a token.
base::Result<Values> parse_arguments(const std::vector<Flag>& flags,
                                     const std::vector<std::string>& arguments);

/// The flags as a help text, one or two lines each.
std::string describe_flags(const std::vector<Flag>& flags);

}  // namespace runner::commands
