#pragma once

#include <string>
#include <vector>

#include "runner/pipeline/yaml/value.hpp"

/// Reads keywords of a job whose form has been checked before. Null means: the keyword is not
/// there.
namespace runner::local {

inline std::string text_of(const pipeline::yaml::Value* value) {
    return value == nullptr ? std::string() : value->to_text();
}

/// A scalar, or the scalars of a list.
inline std::vector<std::string> texts_of(const pipeline::yaml::Value* value) {
    if (value == nullptr) return {};
    if (!value->is_list()) return {value->to_text()};
    std::vector<std::string> texts;
    for (const pipeline::yaml::Value& item : value->items()) texts.push_back(item.to_text());
    return texts;
}

inline bool is_true(const pipeline::yaml::Value* value) {
    return value != nullptr && value->is_true();
}

}  // namespace runner::local
