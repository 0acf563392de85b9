#include "protocol/http/message.hpp"

#include "base/strings.hpp"

namespace protocol::http {

void Headers::set(std::string name, std::string value) {
    remove(name);
    add(std::move(name), std::move(value));
}

void Headers::remove(std::string_view name) {
    std::erase_if(fields_, [&](const auto& field) { return base::iequals(field.first, name); });
}

std::string_view Headers::get(std::string_view name) const {
    for (const auto& [key, value] : fields_) {
        if (base::iequals(key, name)) return value;
    }
    return {};
}

bool Headers::has(std::string_view name) const {
    for (const auto& field : fields_) {
        if (base::iequals(field.first, name)) return true;
    }
    return false;
}

}  // namespace protocol::http
