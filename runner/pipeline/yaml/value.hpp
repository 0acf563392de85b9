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

enum class Kind : std::uint8_t {
    kNull,
    kBool,
    kInteger,
    kFloat,
    kString,
    kSymbol,     ///< a plain scalar that began with a colon; the text is kept without it
    kReference,  ///< !reference, not resolved yet; holds what followed the tag
    kList,
    kMap,
};

class Value;
struct Node;
void intrusive_ptr_add_ref(const Node* node) noexcept;
void intrusive_ptr_release(const Node* node) noexcept;

using List = std::vector<Value>;

/// The entries of a mapping in the order of the file, with look-up by text key. A key that comes
/// twice keeps its first place and its last value. Keys may be of any kind; look-up by text finds
/// string keys only.
class Map {
  public:
    using Entry = std::pair<Value, Value>;

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] bool empty() const;
    [[nodiscard]] const Value* find(std::string_view key) const;
    /// The entry's key, for its place in the file; nullptr when there is none.
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
    std::unordered_multimap<std::size_t, std::size_t>
        index_;  // by the key's hash, once the map is long
};

/// One immutable YAML value with its place in the file. Copying shares; nothing is ever changed in
/// place, so merging and referencing cost the new nodes only. Each value knows how many nodes it
/// stands for and how deep it is, which is what the guards against bombs ask.
///
/// Threads: the reference counts are plain integers; a value and its copies stay on one thread.
class Value {
  public:
    Value() = default;  ///< null, without a place

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
    /// nil, false, blank text, an empty list or map: what Rails calls blank.
    [[nodiscard]] bool is_blank() const;
    [[nodiscard]] bool is_true() const;
    [[nodiscard]] bool is_text(std::string_view text) const;

    /// Each accessor needs its kind; see the checks above.
    [[nodiscard]] bool as_bool() const;
    [[nodiscard]] std::int64_t as_integer() const;
    [[nodiscard]] double as_float() const;
    [[nodiscard]] const std::string& as_string() const;  ///< also of a symbol
    [[nodiscard]] const List& items() const;
    [[nodiscard]] const Map& entries() const;
    [[nodiscard]] const Value& target() const;  ///< of a reference

    /// The entry of a map, nullptr when this is no map or has none.
    [[nodiscard]] const Value* find(std::string_view key) const;
    /// The same, but a null entry counts as absent.
    [[nodiscard]] const Value* given(std::string_view key) const;

    /// Nodes, aliases counted as often as they occur, a long text as one for each 64 bytes.
    [[nodiscard]] std::uint64_t weight() const;
    [[nodiscard]] std::uint32_t depth() const;

    /// Text as Ruby's to_s prints a scalar: null is empty, 1.0 is "1.0".
    [[nodiscard]] std::string to_text() const;

    friend bool operator==(const Value& a, const Value& b);
    /// The same node, not merely an equal one.
    [[nodiscard]] bool same_as(const Value& other) const { return node_ == other.node_; }
    [[nodiscard]] const void* identity() const { return node_.get(); }

  private:
    explicit Value(Node* node);
    boost::intrusive_ptr<const Node> node_;
};

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

/// The items of a list, those of lists within it in their place, however deep.
List flattened(const Value& list);

inline Kind Value::kind() const { return node_ ? node_->kind : Kind::kNull; }
inline Mark Value::mark() const { return node_ ? node_->mark : Mark{}; }

}  // namespace runner::pipeline::yaml
