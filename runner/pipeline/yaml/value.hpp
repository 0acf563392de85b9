#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "runner/pipeline/problem.hpp"

namespace runner::pipeline::yaml {

/// The types of values.
enum class Kind : std::uint8_t {
    kNull,
    kBool,
    kInteger,
    kFloat,
    kString,
    kSymbol,     ///< a plain scalar that begins with a colon; its text is without the colon
    kReference,  ///< `!reference [a, b]` before it is resolved; it holds the list
    kList,
    kMap,
};

class Value;
struct Node;
void intrusive_ptr_add_ref(const Node* node) noexcept;
void intrusive_ptr_release(const Node* node) noexcept;

using List = std::vector<Value>;

/// The entries of a mapping, in the order of the file. When a key occurs twice, it keeps the
/// position of the first entry and the value of the last. Keys may be of any kind; look-up by text
/// finds only string keys.
class Map {
  public:
    using Entry = std::pair<Value, Value>;

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] bool empty() const;
    [[nodiscard]] const Value* find(std::string_view key) const;
    /// The key of the entry, for its mark; nullptr when there is no such entry.
    [[nodiscard]] const Value* find_key(std::string_view key) const;
    void set(Value key, Value value);
    void erase(std::string_view key);
    void reserve(std::size_t count);

    [[nodiscard]] std::vector<Entry>::const_iterator begin() const;
    [[nodiscard]] std::vector<Entry>::const_iterator end() const;
    [[nodiscard]] const Entry& entry(std::size_t index) const;

  private:
    template <typename IsKey>
    [[nodiscard]] std::ptrdiff_t index_of(std::size_t hash, IsKey is_key) const;
    [[nodiscard]] std::ptrdiff_t index_of(std::string_view key) const;
    [[nodiscard]] std::ptrdiff_t index_of(const Value& key) const;

    std::vector<Entry> entries_;
    // From the hash of a key to its index in entries_; filled only in long maps.
    std::unordered_multimap<std::size_t, std::size_t> index_;
};

/// An immutable YAML value with its position in the file. Copies share the same nodes, so merging
/// and resolving references only costs the new nodes. Each value knows its weight and its depth,
/// for the limits against files that are small but expand to huge values.
///
/// Threads: the reference counts are plain integers, so a value and its copies belong to one
/// thread.
class Value {
  public:
    Value() = default;  ///< null, without a position

    static Value null(Mark mark);
    static Value boolean(bool value, Mark mark = {});
    static Value integer(std::int64_t value, Mark mark = {});
    static Value real(double value, Mark mark = {});
    static Value string(std::string text, Mark mark = {});
    static Value symbol(std::string text, Mark mark = {});
    static Value reference(Value target, Mark mark = {});
    static Value list(List items, Mark mark = {});
    static Value map(Map entries, Mark mark = {});

    [[nodiscard]] Kind kind() const;
    [[nodiscard]] Mark mark() const;
    [[nodiscard]] bool is_null() const { return kind() == Kind::kNull; }
    [[nodiscard]] bool is_bool() const { return kind() == Kind::kBool; }
    [[nodiscard]] bool is_integer() const { return kind() == Kind::kInteger; }
    [[nodiscard]] bool is_float() const { return kind() == Kind::kFloat; }
    [[nodiscard]] bool is_string() const { return kind() == Kind::kString; }
    [[nodiscard]] bool is_list() const { return kind() == Kind::kList; }
    [[nodiscard]] bool is_map() const { return kind() == Kind::kMap; }
    [[nodiscard]] bool is_reference() const { return kind() == Kind::kReference; }
    /// What Rails calls blank: null, false, a blank text, an empty list or map.
    [[nodiscard]] bool is_blank() const;
    [[nodiscard]] bool is_true() const;
    /// Whether the value is the string `text`.
    [[nodiscard]] bool is_text(std::string_view text) const;

    /// Each of these requires a value of its kind, and throws std::bad_variant_access otherwise.
    [[nodiscard]] bool as_bool() const;
    [[nodiscard]] std::int64_t as_integer() const;
    [[nodiscard]] double as_float() const;
    [[nodiscard]] const std::string& as_string() const;  ///< of a string or a symbol
    [[nodiscard]] const List& items() const;
    [[nodiscard]] const Map& entries() const;
    [[nodiscard]] const Value& target() const;  ///< of a reference

    /// The entry of a map; nullptr when the value is not a map or has no such entry.
    [[nodiscard]] const Value* find(std::string_view key) const;
    /// Like find(), but nullptr also when the entry is null: GitLab treats it as not given.
    [[nodiscard]] const Value* given(std::string_view key) const;

    /// The number of nodes, where a node that occurs several times counts each time, and a long
    /// text counts as one more node for each 64 bytes.
    [[nodiscard]] std::uint64_t weight() const;
    /// The number of levels; a scalar has one.
    [[nodiscard]] std::uint32_t depth() const;

    /// The text of a scalar, as Ruby's to_s prints it: null is "", 1.0 is "1.0". "" for other
    /// kinds.
    [[nodiscard]] std::string to_text() const;

    friend bool operator==(const Value& a, const Value& b);
    /// Whether both are the same node, which is faster than to compare them.
    [[nodiscard]] bool same_as(const Value& other) const { return node_ == other.node_; }
    [[nodiscard]] const void* identity() const { return node_.get(); }

  private:
    explicit Value(Node* node);
    template <typename Data>
    static Value scalar(Kind kind, Data data, Mark mark);

    boost::intrusive_ptr<const Node> node_;
};

/// The shared representation of a value. Only Value uses it.
struct Node {
    Node(Kind node_kind, Mark node_mark) : kind(node_kind), mark(node_mark) {}

    mutable std::uint32_t references = 0;
    std::uint32_t depth = 1;
    std::uint64_t weight = 1;
    Kind kind;
    Mark mark;
    std::variant<std::monostate, bool, std::int64_t, double, std::string, List,
                 std::unique_ptr<Map>, Value>
        data;
};

/// The items of a list, where each item that is a list is replaced by its own items, at all depths.
List flattened(const Value& list);

inline Kind Value::kind() const { return node_ ? node_->kind : Kind::kNull; }
inline Mark Value::mark() const { return node_ ? node_->mark : Mark{}; }

}  // namespace runner::pipeline::yaml
