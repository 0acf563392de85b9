#pragma once

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "runner/pipeline/keywords/report.hpp"
#include "runner/pipeline/yaml/value.hpp"

/// What the checks of single keywords share: questions about the type of a value, and checks with
/// the messages of GitLab's validators.
namespace runner::pipeline::keywords {

using Names = std::initializer_list<std::string_view>;

// Questions about a value.

bool one_of(std::string_view text, Names names);
/// Whether the value is one of `names`, or a list of such. GitLab accepts a list wherever it asks
/// for one of several words.
bool all_one_of(const yaml::Value& value, Names names);
/// Where GitLab asks for a string, it also accepts a symbol (`:word`) in some places.
bool is_text_or_symbol(const yaml::Value& value);
bool is_text_list(const yaml::Value& value);
bool is_text_or_list(const yaml::Value& value);
/// A string, or lists of strings within lists, at most `levels` deep.
bool is_nested_text(const yaml::Value& value, int levels = 10);
/// The position of the first item that makes is_nested_text() false.
Mark mark_of_bad_text(const yaml::Value& value, int levels = 10);
bool is_map_list(const yaml::Value& value);
/// Maps within lists, at most `levels` deep.
bool is_nested_maps(const yaml::Value& value, int levels = 10);
bool is_integer_or_list(const yaml::Value& value);
/// The number of items, of entries or of bytes: GitLab asks for the length of a value without
/// asking for its type.
std::size_t length_of(const yaml::Value& value);
bool is_duration(const yaml::Value& value);
bool is_literal_regex(std::string_view text);
bool is_valid_expression(const yaml::Value& value);
/// A key as GitLab puts it into a key path; a list gives several names.
std::string path_name(const yaml::Value& key);
/// Whole groups of four characters, padded with `=` only at the end.
bool is_base64(std::string_view text);

// Checks of the keys of a map.

/// "config contains unknown keys: a, b" when the map has keys that are neither in `allowed` nor in
/// `more`.
void check_keys(const yaml::Value& map, Names allowed, const KeyPath& key_path, Report& report,
                Names more = {});
/// "config missing required keys: a".
void check_required(const yaml::Value& map, Names required, const KeyPath& key_path,
                    Report& report);
/// "config these keys cannot be used together: a, b" when the map has more than one of `keys`.
void check_exclusive(const yaml::Value& map, Names keys, const KeyPath& key_path, Report& report);

// Checks of one attribute: the value that `map` has for `key`. Unless the name says "required", an
// attribute that is absent or null has no problem. Messages name the attribute as Rails does, with
// blanks in the place of underscores: "auto stop in should be a string".

/// "auto_stop_in" → "auto stop in".
std::string attribute_name(std::string_view key);
/// "… should be a string".
void check_string_attribute(const yaml::Value& map, std::string_view key, const KeyPath& key_path,
                            Report& report);
/// "… should be a string", "… can't be blank"; also when the attribute is absent.
void check_required_string_attribute(const yaml::Value& map, std::string_view key,
                                     const KeyPath& key_path, Report& report);
/// "… should be a boolean value".
void check_boolean_attribute(const yaml::Value& map, std::string_view key, const KeyPath& key_path,
                             Report& report);
/// "… should be a hash".
void check_hash_attribute(const yaml::Value& map, std::string_view key, const KeyPath& key_path,
                          Report& report);
/// "… should be an array of strings".
void check_string_list_attribute(const yaml::Value& map, std::string_view key,
                                 const KeyPath& key_path, Report& report);
/// "… should be a string", and "… should be one of: a, b"; `verb` is "should" or "must".
void check_choice_attribute(const yaml::Value& map, std::string_view key, Names choices,
                            const KeyPath& key_path, Report& report,
                            std::string_view verb = "should");

// Checks of a whole value.

/// "<subject> should be a duration", "<subject> should not exceed the limit". `value` may be
/// nullptr (not given); `mark` is the position of the problem.
void check_duration(const yaml::Value* value, std::chrono::seconds limit, std::string_view subject,
                    Mark mark, const KeyPath& key_path, Report& report);

/// "<subject> contains unknown values: a, b" when items of a list are not in `names`.
void check_known_items(const yaml::Value& list, Names names, std::string_view subject,
                       const KeyPath& key_path, Report& report);
/// "config should be a hash", twice: for some keywords, GitLab has two validators that report this.
void report_not_a_hash_twice(const yaml::Value& value, const KeyPath& key_path, Report& report);

}  // namespace runner::pipeline::keywords
