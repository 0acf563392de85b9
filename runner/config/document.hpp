#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace runner::config {

/// A position in a text file, both numbers from 1; the column counts bytes. 0: not from a file.
struct Position {
    int line = 0;
    int column = 0;
};

/// One value of a TOML document with its position, entries in the order of the file. The rest of
/// the program uses it instead of the types of toml++, which take long to compile. A plain value.
struct Node {
    enum class Kind { kString, kInteger, kFloat, kBoolean, kDatetime, kArray, kTable };
    struct Entry;

    Kind kind = Kind::kTable;
    std::string text;  ///< of a string; of a datetime as it is written
    std::int64_t integer = 0;
    double number = 0;
    bool boolean = false;
    std::vector<Node> items;     ///< of an array
    std::vector<Entry> entries;  ///< of a table
    Position begin;              ///< of a table with a header: the header's bracket
    Position end;                ///< one behind the last byte

    static Node string(std::string value);
    static Node of_integer(std::int64_t value);
    static Node of_number(double value);
    static Node of_boolean(bool value);
    static Node datetime(std::string value);
    static Node array(std::vector<Node> values);
    static Node strings(const std::vector<std::string>& values);
    static Node table();

    [[nodiscard]] bool is_table() const { return kind == Kind::kTable; }
    /// The entry of a table by exact name, null when there is none.
    [[nodiscard]] const Node* find(std::string_view key) const;
    [[nodiscard]] Node* find(std::string_view key);
    /// As find, by a dotted path through tables.
    [[nodiscard]] const Node* at(std::string_view dotted_path) const;
    /// Adds or replaces.
    void set(std::string key, Node value);
    /// As set, by a dotted path; tables on the way are made.
    void set_at(std::string_view dotted_path, Node value);
};

struct Node::Entry {
    std::string key;
    Position position;  ///< of the key
    Node value;
};

inline Node Node::table() { return {}; }

/// The tables of `[[name]]` in the order of the file. As everywhere in config.toml, case does not
/// matter, so they may belong to several arrays.
std::vector<const Node*> tables_named(const Node& parent, std::string_view name);

/// "a string", "an integer": for messages about the value that was found.
std::string_view describe(Node::Kind kind);

/// Why a text is no TOML.
struct SyntaxError {
    Position position;
    std::string what;  ///< without the text at the place, which may be a secret
};

/// Parses TOML 1.0.
boost::system::result<Node, SyntaxError> parse_toml(std::string_view text);
/// Parses TOML 1.0. A failure is kInvalidInput and reads "<name>:<line>:<column>: <what>".
base::Result<Node> parse_toml(std::string_view text, std::string_view name);

/// A value as TOML, on one line: "text" with its escapes, 1, true, [..], { .. }.
std::string to_toml(const Node& value);
/// A key as TOML: bare where that is allowed.
std::string key_to_toml(std::string_view key);

}  // namespace runner::config
