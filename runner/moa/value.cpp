#include "runner/moa/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/json.hpp"

namespace runner::moa {

namespace {

/// Up to here every whole number has a double of its own.
constexpr double kExact = 9007199254740992.0;

bool any_sensitive(const Value::Array& items) {
    return std::any_of(items.begin(), items.end(),
                       [](const Value& item) { return item.holds_sensitive(); });
}

bool any_sensitive(const Value::Object& members) {
    return std::any_of(members.begin(), members.end(),
                       [](const auto& member) { return member.second.holds_sensitive(); });
}

template <typename T>
int order(const T& left, const T& right) {
    if (left < right) return -1;
    return right < left ? 1 : 0;
}

std::optional<int> compare_arrays(const Value::Array& left, const Value::Array& right,
                                  Budget& budget) {
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
        const auto item = compare(left[i], right[i], budget);
        if (!item || *item != 0) return item;
    }
    return order(left.size(), right.size());
}

/// By length, then by names, then by values.
std::optional<int> compare_objects(const Value::Object& left, const Value::Object& right,
                                   Budget& budget) {
    if (left.size() != right.size()) return order(left.size(), right.size());
    for (auto a = left.begin(), b = right.begin(); a != left.end(); ++a, ++b) {
        if (!budget.spend(a->first.size() + 1)) return std::nullopt;
        if (const int names = a->first.compare(b->first); names != 0) return names;
    }
    for (auto a = left.begin(), b = right.begin(); a != left.end(); ++a, ++b) {
        const auto item = compare(a->second, b->second, budget);
        if (!item || *item != 0) return item;
    }
    return 0;
}

std::string number_text(double number) {
    if (number == 0) return "0";
    if (std::abs(number) <= kExact && std::trunc(number) == number)
        return fmt::format("{:.0f}", number);
    return fmt::format("{}", number);
}

/// Writes values as JSON.
class Writer {
  public:
    explicit Writer(Budget& budget) : budget_(budget) {}
    bool write(const Value& value) {
        switch (value.kind()) {
            case Kind::kArray: return write_array(value.array());
            case Kind::kObject: return write_object(value.object());
            case Kind::kString: return write_string(value.string());
            case Kind::kNumber: return add(number_text(value.number()));
            case Kind::kBoolean: return add(value.truthy() ? "true" : "false");
            case Kind::kNull: return add("null");
            case Kind::kFunction: break;
        }
        return add("\"<func>\"");
    }
    std::string text;

  private:
    bool add(std::string_view part) {
        if (!budget_.spend(part.size())) return false;
        text += part;
        return true;
    }
    bool write_string(const std::string& value) {
        return add(base::dump_json(nlohmann::json(value)));
    }
    bool write_array(const Value::Array& items) {
        const char* before = "[";
        for (const Value& item : items) {
            if (!add(std::exchange(before, ",")) || !write(item)) return false;
        }
        return add(items.empty() ? "[]" : "]");
    }
    bool write_object(const Value::Object& members) {
        const char* before = "{";
        for (const auto& [name, value] : members) {
            if (!add(std::exchange(before, ",")) || !write_string(name)) return false;
            if (!add(":") || !write(value)) return false;
        }
        return add(members.empty() ? "{}" : "}");
    }

    Budget& budget_;
};

}  // namespace

std::string_view to_string(Kind kind) {
    switch (kind) {
        case Kind::kNull: return "null";
        case Kind::kBoolean: return "boolean";
        case Kind::kNumber: return "number";
        case Kind::kString: return "string";
        case Kind::kArray: return "array";
        case Kind::kObject: return "object";
        case Kind::kFunction: break;
    }
    return "function";
}

Value::Value(std::string text) : data_(std::make_shared<const std::string>(std::move(text))) {}

Value::Value(Array items) : sensitive_part_(any_sensitive(items)) {
    data_ = std::make_shared<const Array>(std::move(items));
}

Value::Value(Object members) : sensitive_part_(any_sensitive(members)) {
    data_ = std::make_shared<const Object>(std::move(members));
}

Kind Value::kind() const {
    // The alternatives of the variant are in the order of the kinds.
    return static_cast<Kind>(data_.index());
}

const std::string& Value::string() const {
    return *std::get<std::shared_ptr<const std::string>>(data_);
}

const Value::Array& Value::array() const { return *std::get<std::shared_ptr<const Array>>(data_); }

const Value::Object& Value::object() const {
    return *std::get<std::shared_ptr<const Object>>(data_);
}

bool Value::truthy() const {
    switch (kind()) {
        case Kind::kNull: return false;
        case Kind::kBoolean: return std::get<bool>(data_);
        case Kind::kNumber: return number() != 0;
        case Kind::kString: return !string().empty();
        case Kind::kArray: return !array().empty();
        case Kind::kObject: return !object().empty();
        case Kind::kFunction: break;
    }
    return true;
}

Value Value::marked(bool sensitive) const {
    Value copy = *this;
    copy.sensitive_ = sensitive_ || sensitive;
    return copy;
}

std::optional<int> compare(const Value& left, const Value& right, Budget& budget) {
    if (!budget.spend(1)) return std::nullopt;
    if (left.kind() != right.kind()) return order(left.kind(), right.kind());
    switch (left.kind()) {
        case Kind::kBoolean: return order(left.truthy(), right.truthy());
        case Kind::kNumber: return order(left.number(), right.number());
        case Kind::kString:
            if (!budget.spend(std::min(left.string().size(), right.string().size())))
                return std::nullopt;
            return left.string().compare(right.string());
        case Kind::kArray: return compare_arrays(left.array(), right.array(), budget);
        case Kind::kObject: return compare_objects(left.object(), right.object(), budget);
        case Kind::kFunction: return order(left.function(), right.function());
        case Kind::kNull: break;
    }
    return 0;
}

std::optional<std::string> text_of(const Value& value, Budget& budget) {
    if (value.kind() == Kind::kString) {
        if (!budget.spend(value.string().size())) return std::nullopt;
        return value.string();
    }
    if (value.kind() == Kind::kNull) return "<null>";
    if (value.kind() == Kind::kFunction) return "<func>";
    Writer writer(budget);
    if (!writer.write(value)) return std::nullopt;
    return std::move(writer.text);
}

}  // namespace runner::moa
