#pragma once

#include <nlohmann/json_fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace protocol::gitlab {

/// Reads values from a JSON tree. A value that is missing or null gives the default. A value of
/// another type gives the default, too, and the first one is described in `problem`, with its path:
/// "`services[0].name` is of type number, a string was expected". The tree and `problem` must
/// outlive the reader.
class JsonReader {
  public:
    JsonReader(const nlohmann::json& value, std::string path, std::string& problem);

    [[nodiscard]] bool has(const std::string& key) const;  ///< present and not null
    [[nodiscard]] std::string text(const std::string& key) const;
    /// A string, or an integer as its digits.
    [[nodiscard]] std::string text_or_number(const std::string& key) const;
    /// Any value as JSON. A missing value is a problem, and so is null.
    [[nodiscard]] std::string any_as_json(const std::string& key) const;
    /// An integer, also when it comes as a whole float or as digits in a string.
    [[nodiscard]] std::int64_t integer(const std::string& key) const;
    [[nodiscard]] double number(const std::string& key) const;
    [[nodiscard]] bool boolean(const std::string& key) const;
    /// A null element is an empty text.
    [[nodiscard]] std::vector<std::string> texts(const std::string& key) const;
    [[nodiscard]] JsonReader object(const std::string& key) const;
    [[nodiscard]] JsonReader list(const std::string& key) const;

    [[nodiscard]] std::vector<std::string> keys() const;  ///< of an object
    [[nodiscard]] std::size_t size() const;               ///< of a list
    [[nodiscard]] JsonReader at(std::size_t index) const;

    template <typename T, typename Read>
    std::vector<T> each(Read read) const {
        std::vector<T> items;
        const std::size_t count = size();
        items.reserve(count);
        for (std::size_t i = 0; i < count; ++i) items.push_back(read(at(i)));
        return items;
    }

  private:
    [[nodiscard]] const nlohmann::json* find(const std::string& key) const;
    [[nodiscard]] std::string path_of(const std::string& key) const;
    void complain(const std::string& path, const nlohmann::json& value,
                  std::string_view expected) const;

    const nlohmann::json* value_;
    std::string path_;
    std::string* problem_;
};

}  // namespace protocol::gitlab
