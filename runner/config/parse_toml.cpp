// The only file that uses toml++.
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

#include "base/strings.hpp"
#include "runner/config/document.hpp"

namespace runner::config {

namespace {

class Reader {
  public:
    explicit Reader(std::string_view text) : lines_(base::split(text, '\n')) {}

    /// toml++ counts characters; a Position counts bytes.
    [[nodiscard]] Position position(const toml::source_position& at) const {
        const auto line = static_cast<std::size_t>(at.line);
        if (line == 0 || line > lines_.size()) return {static_cast<int>(at.line), 1};
        const std::string& text = lines_[line - 1];
        std::size_t byte = 0;
        for (std::size_t left = at.column > 0 ? at.column - 1 : 0; left > 0 && byte < text.size();
             --left) {
            ++byte;
            while (byte < text.size() && (static_cast<unsigned char>(text[byte]) & 0xc0U) == 0x80U)
                ++byte;
        }
        return {static_cast<int>(line), static_cast<int>(byte) + 1};
    }

    [[nodiscard]] const std::string& line(int number) const {
        static const std::string none;
        const auto index = static_cast<std::size_t>(number) - 1;
        return number > 0 && index < lines_.size() ? lines_[index] : none;
    }

    [[nodiscard]] Node read(const toml::node& source) const {
        Node node;
        node.begin = position(source.source().begin);
        node.end = position(source.source().end);
        if (const auto* table = source.as_table()) return read_table(*table, std::move(node));
        if (const auto* array = source.as_array()) {
            node.kind = Node::Kind::kArray;
            for (const auto& item : *array) node.items.push_back(read(item));
        } else if (const auto* text = source.as_string()) {
            node.kind = Node::Kind::kString;
            node.text = text->get();
        } else if (const auto* integer = source.as_integer()) {
            node.kind = Node::Kind::kInteger;
            node.integer = integer->get();
        } else if (const auto* number = source.as_floating_point()) {
            node.kind = Node::Kind::kFloat;
            node.number = number->get();
        } else if (const auto* boolean = source.as_boolean()) {
            node.kind = Node::Kind::kBoolean;
            node.boolean = boolean->get();
        } else {
            node.kind = Node::Kind::kDatetime;
            node.text = written(node);
        }
        return node;
    }

  private:
    [[nodiscard]] Node read_table(const toml::table& table, Node node) const {
        for (const auto& [key, value] : table) {
            node.entries.push_back(
                {std::string(key.str()), position(key.source().begin), read(value)});
        }
        // toml++ sorts a table by name; the order of the file is restored.
        std::sort(node.entries.begin(), node.entries.end(), [](const auto& a, const auto& b) {
            return std::pair(a.position.line, a.position.column) <
                   std::pair(b.position.line, b.position.column);
        });
        return node;
    }

    [[nodiscard]] std::string written(const Node& node) const {
        const std::string& text = line(node.begin.line);
        const auto from = static_cast<std::size_t>(node.begin.column - 1);
        const auto to = static_cast<std::size_t>(node.end.column - 1);
        if (from >= text.size() || to < from) return "";
        std::string value(base::trim(std::string_view(text).substr(from, to - from)));
        if (value.size() > 10 && (value[10] == ' ' || value[10] == 't')) value[10] = 'T';
        return value;
    }

    std::vector<std::string> lines_;
};

std::string printable(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7f) c = '?';
    }
    return out;
}

}  // namespace

boost::system::result<Node, SyntaxError> parse_toml(std::string_view text) {
    const Reader reader(text);
    try {
        const toml::table root = toml::parse(text);
        return reader.read(root);
    } catch (const toml::parse_error& failure) {
        const Position at = reader.position(failure.source().begin);
        return SyntaxError{at, "not valid TOML: " + printable(failure.description())};
    }
}

base::Result<Node> parse_toml(std::string_view text, std::string_view name) {
    auto root = parse_toml(text);
    if (root) return std::move(*root);
    const SyntaxError& error = root.error();
    return base::make_error(
        base::ErrorKind::kInvalidInput,
        fmt::format("{}:{}:{}: {}", name, error.position.line, error.position.column, error.what));
}

}  // namespace runner::config
