#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::keywords {

using Names = std::initializer_list<std::string_view>;

/// Where in the configuration a check stands; printed as "jobs:build:cache". Places live on the
/// stack of the checks that open them, so a correct file never builds the text.
struct Place {
    const Place* parent = nullptr;
    std::string_view name;

    [[nodiscard]] std::string text() const;
};

/// Collects problems in GitLab's form: "<place> <attribute> <message>", all in lower case.
class Report {
  public:
    void add(const Place& place, std::string_view message, Mark mark);
    void add_plain(std::string text, Mark mark) { problems_.push_back({std::move(text), mark}); }
    void append(const Problems& more);
    /// GitLab keeps a job's name as it is in warnings.
    void warn(const Place& place, std::string_view message, Mark mark);

    [[nodiscard]] std::size_t count() const { return problems_.size(); }
    [[nodiscard]] bool clean_since(std::size_t count) const { return problems_.size() == count; }
    [[nodiscard]] const Problems& problems() const { return problems_; }
    Problems take() { return std::exchange(problems_, {}); }
    Problems take_warnings() { return std::exchange(warnings_, {}); }

  private:
    Problems problems_;
    Problems warnings_;
};

/// "config contains unknown keys: a, b" when the map has keys beyond `allowed` and `more`.
void check_keys(const yaml::Value& map, Names allowed, const Place& place, Report& report,
                Names more = {});
/// "config missing required keys: a".
void check_required(const yaml::Value& map, Names required, const Place& place, Report& report);
/// "config these keys cannot be used together: a, b" when more than one is there.
void check_exclusive(const yaml::Value& map, Names keys, const Place& place, Report& report);

bool one_of(std::string_view text, Names names);
/// A text that is one of them, or a list of such; GitLab takes both where it asks for one of them.
bool all_of(const yaml::Value& value, Names names);
bool is_text(const yaml::Value& value);  ///< a string, not a symbol
/// Where GitLab takes a plain `:word` for a text, too.
bool is_text_or_symbol(const yaml::Value& value);
bool is_text_list(const yaml::Value& value);
bool is_text_or_list(const yaml::Value& value);
/// Lists of text within lists, ten levels deep at most.
bool is_nested_text(const yaml::Value& value, int levels = 10);
/// Where the first item stands that keeps `value` from being that.
Mark mark_of_bad_text(const yaml::Value& value, int levels = 10);
/// Maps within lists, ten levels deep at most.
bool is_nested_maps(const yaml::Value& value, int levels = 10);
bool is_integer_or_list(const yaml::Value& value);
/// GitLab asks for the length of whatever is there, be it a list or a text.
std::size_t length_of(const yaml::Value& value);
bool is_duration(const yaml::Value& value);
bool is_literal_regex(std::string_view text);

}  // namespace runner::pipeline::keywords
