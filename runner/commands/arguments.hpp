#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace runner::commands {

/// One flag of a command. Rules are the official program's: `--flag value`, `--flag=value`, `-f
/// value`, also `-flag value`; a boolean is `--flag` or `--flag=false` and takes no separate value;
/// a list is repeated. The flag wins over its environment variable.
struct Flag {
    enum class Kind { kBool, kText, kList };

    std::vector<std::string>
        names;  ///< without dashes; the first is the one that values are asked by
    Kind kind = Kind::kText;
    std::string env;    ///< "" for none; empty variables count as not set; lists have commas
    std::string value;  ///< what stands for the value in help: "URL"
    std::string help;   ///< "": accepted, not shown
};

/// What was given, by flag or environment.
class Values {
  public:
    [[nodiscard]] bool has(std::string_view name) const {
        return given_.find(name) != given_.end();
    }
    /// "" when not given; the last one of several.
    [[nodiscard]] std::string text(std::string_view name) const;
    [[nodiscard]] const std::vector<std::string>& list(std::string_view name) const;
    [[nodiscard]] bool flag(std::string_view name) const;
    /// What is not a flag.
    [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

    void set(std::string name, std::vector<std::string> texts) {
        given_[std::move(name)] = std::move(texts);
    }
    void set_words(std::vector<std::string> words) { words_ = std::move(words); }

  private:
    std::map<std::string, std::vector<std::string>, std::less<>> given_;
    std::vector<std::string> words_;
};

/// Go's words for booleans: 1, t, true, 0, f, false in any case.
std::optional<bool> parse_boolean(std::string_view text);

/// Reads the arguments behind the command's name. A failure is kInvalidInput and names the flag;
/// values are not repeated, they may be tokens.
base::Result<Values> parse_arguments(const std::vector<Flag>& flags,
                                     const std::vector<std::string>& arguments);

/// The flags as a help text, one or two lines each.
std::string describe_flags(const std::vector<Flag>& flags);

}  // namespace runner::commands
