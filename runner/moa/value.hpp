#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Moa: GitLab's language of `${{ … }}`, which the runner evaluates (runner-protocol.md, "2.7.12
/// `inputs[]`"). Everything here is pure; texts are UTF-8 and come from jobs.
namespace runner::moa {

/// In the order in which values of different kinds compare.
enum class Kind { kNull, kBoolean, kNumber, kString, kArray, kObject, kFunction };
std::string_view to_string(Kind kind);

enum class Function { kStr, kNum, kBool };

/// How much work the expressions of one job may be. Bytes that are written or compared and elements
/// that are visited count; a short text could else compare two large inputs a million times.
class Budget {
  public:
    explicit Budget(std::size_t units = 64U << 20U) : left_(units) {}
    /// False when nothing is left.
    bool spend(std::size_t units) {
        if (units > left_) return false;
        left_ -= units;
        return true;
    }

  private:
    std::size_t left_;
};

/// A value. Copies share what is large; nobody changes it.
class Value {
  public:
    using Array = std::vector<Value>;
    using Object = std::map<std::string, Value, std::less<>>;

    Value() = default;
    explicit Value(bool value) : data_(value) {}
    explicit Value(double value) : data_(value) {}
    explicit Value(std::string text);
    explicit Value(Array items);
    explicit Value(Object members);
    explicit Value(Function function) : data_(function) {}

    [[nodiscard]] Kind kind() const;
    /// These are called only for a value of that kind.
    [[nodiscard]] double number() const { return std::get<double>(data_); }
    [[nodiscard]] const std::string& string() const;
    [[nodiscard]] const Array& array() const;
    [[nodiscard]] const Object& object() const;
    [[nodiscard]] Function function() const { return std::get<Function>(data_); }

    /// false, 0, null, and what has no characters, elements or members are false.
    [[nodiscard]] bool truthy() const;

    /// A part of a sensitive value is sensitive, and so is what an operator makes of it. As in the
    /// official language, `&&` and `||` give the operand that they choose as it is.
    [[nodiscard]] bool is_sensitive() const { return sensitive_; }
    /// Whether it or a part of it is sensitive.
    [[nodiscard]] bool holds_sensitive() const { return sensitive_ || sensitive_part_; }
    [[nodiscard]] Value marked(bool sensitive) const;

  private:
    std::variant<std::monostate, bool, double, std::shared_ptr<const std::string>,
                 std::shared_ptr<const Array>, std::shared_ptr<const Object>, Function>
        data_;
    bool sensitive_ = false;
    bool sensitive_part_ = false;
};

/// Less than 0, 0, or more than 0; nothing when the budget is spent.
std::optional<int> compare(const Value& left, const Value& right, Budget& budget);

/// A string as it is, null as `<null>`, arrays and objects as JSON in one line; nothing when the
/// budget is spent.
std::optional<std::string> text_of(const Value& value, Budget& budget);

/// Makes a value of JSON; nothing when `json` is none, or is nested more than 200 times.
std::optional<Value> value_of_json(std::string_view json);

}  // namespace runner::moa
