#include "runner/config/edit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/strings.hpp"

namespace runner::config {

namespace {

constexpr int kNoEntry = -1;
constexpr std::string_view kNever = "0001-01-01T00:00:00Z";

base::Error conflict(std::string message) {
    return base::make_error(base::ErrorKind::kConflict, std::move(message));
}

base::Result<Node> parse(const std::string& text) { return parse_toml(text, "config.toml"); }

std::size_t entry_count(const Node& root) { return tables_named(root, "runners").size(); }

base::Result<const Node*> entry_at(const Node& root, std::size_t index) {
    const auto runners = tables_named(root, "runners");
    if (index >= runners.size() || !runners[index]->is_table()) {
        return base::make_error(
            base::ErrorKind::kNotFound,
            fmt::format("the file has no [[runners]] entry number {}", index + 1));
    }
    return runners[index];
}

std::string without_runners(Node root) {
    std::erase_if(root.entries,
                  [](const Node::Entry& entry) { return base::iequals(entry.key, "runners"); });
    return to_toml(root);
}

/// Parses the edited text again, and answers it only if no other entry or key has changed. `kept`
/// has, for each entry of the new text, the index of the same entry in the old text; kNoEntry for
/// an entry that is new or changed.
base::Result<std::string> checked(std::string text, const Node& before,
                                  const std::vector<int>& kept) {
    const auto as_intended = [&](const Node& after) {
        const auto then = tables_named(before, "runners");
        const auto now = tables_named(after, "runners");
        if (now.size() != kept.size() || without_runners(after) != without_runners(before))
            return false;
        for (std::size_t i = 0; i < kept.size(); ++i) {
            if (kept[i] == kNoEntry) continue;
            if (to_toml(*now[i]) != to_toml(*then[static_cast<std::size_t>(kept[i])])) return false;
        }
        return true;
    };
    const auto after = parse(text);
    if (after && as_intended(*after)) return text;
    return conflict(
        "the [[runners]] entries are written in a form that cannot be changed by a program "
        "(inline tables?): write them as [[runners]] tables, or change the file by hand");
}

std::vector<int> all_entries(const Node& root) {
    std::vector<int> all(entry_count(root));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

/// The header of a table, and the index of the [[runners]] entry that it belongs to, or kNoEntry.
struct Header {
    Position position;
    int owner;
};

void collect_headers(const Node& node, int owner, std::vector<Header>& headers) {
    for (const auto& entry : node.entries) collect_headers(entry.value, owner, headers);
    for (const auto& item : node.items) collect_headers(item, owner, headers);
    if (node.is_table()) headers.push_back({node.begin, owner});
}

std::vector<Header> headers_of(const Node& root) {
    std::vector<Header> headers;
    int runner = 0;
    for (const auto& entry : root.entries) {
        if (!base::iequals(entry.key, "runners")) {
            collect_headers(entry.value, kNoEntry, headers);
            continue;
        }
        for (const Node& item : entry.value.items) collect_headers(item, runner++, headers);
    }
    std::stable_sort(headers.begin(), headers.end(), [](const auto& a, const auto& b) {
        return a.position.line < b.position.line;
    });
    return headers;
}

/// The last line of a string that begins before line `before`: a string of several lines may have
/// lines that look like comments.
int last_value_line(const Node& node, int before) {
    int line = 0;
    for (const auto& entry : node.entries)
        line = std::max(line, last_value_line(entry.value, before));
    for (const auto& item : node.items) line = std::max(line, last_value_line(item, before));
    if (node.begin.line < before && node.kind == Node::Kind::kString)
        line = std::max(line, node.end.line);
    return line;
}

/// The first of the comment lines directly above a header that belong to it: those that are not
/// indented deeper.
int first_line_of(const Header& header, const Node& root, const std::vector<std::string>& lines) {
    const int floor = last_value_line(root, header.position.line);
    int first = header.position.line;
    while (first - 1 > floor) {
        const std::string& above = lines[static_cast<std::size_t>(first) - 2];
        const auto indent = above.find_first_not_of(" \t");
        if (indent == std::string::npos || above[indent] != '#') break;
        if (static_cast<int>(indent) + 1 > header.position.column) break;
        --first;
    }
    return first;
}

/// For each line, the index of the [[runners]] entry that it belongs to, or kNoEntry.
std::vector<int> owners_of_lines(const Node& root, const std::vector<std::string>& lines) {
    std::vector<int> owners(lines.size(), kNoEntry);
    for (const auto& header : headers_of(root)) {
        const auto first = static_cast<std::size_t>(first_line_of(header, root, lines)) - 1;
        std::fill(owners.begin() + static_cast<std::ptrdiff_t>(first), owners.end(), header.owner);
    }
    return owners;
}

class Offsets {
  public:
    explicit Offsets(const std::string& text) {
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '\n') starts_.push_back(i + 1);
        }
        end_ = text.size();
    }
    [[nodiscard]] std::size_t of(const Position& position) const {
        return std::min(end_, starts_[static_cast<std::size_t>(position.line) - 1] +
                                  static_cast<std::size_t>(position.column) - 1);
    }
    /// The offset after the end of the line.
    [[nodiscard]] std::size_t after_line(int line) const {
        const auto index = static_cast<std::size_t>(line);
        return index < starts_.size() ? starts_[index] : end_;
    }

  private:
    std::vector<std::size_t> starts_{0};
    std::size_t end_ = 0;
};

/// Replaces the value of a key of the entry, or adds the key after the line of the token.
base::Result<std::string> put_value(const std::string& text, std::size_t index,
                                    std::string_view key, const std::string& value) {
    auto root = parse(text);
    if (!root) return root.error();
    auto entry = entry_at(*root, index);
    if (!entry) return entry.error();
    const Offsets offsets(text);
    std::string out = text;
    const Node* token = nullptr;
    for (const auto& present : (*entry)->entries) {
        if (base::iequals(present.key, "token")) token = &present.value;
        if (!base::iequals(present.key, key)) continue;
        const auto from = offsets.of(present.value.begin);
        return out.replace(from, offsets.of(present.value.end) - from, value);
    }
    // Without a token the new line is put after the header of the entry.
    const int anchor = token != nullptr ? token->end.line : (*entry)->begin.line;
    const auto line_start = offsets.of({token != nullptr ? token->begin.line : anchor, 1});
    const auto first = text.find_first_not_of(" \t", line_start);
    std::string added =
        text.substr(line_start, first - line_start) + (token != nullptr ? "" : "  ");
    added += std::string(key) + " = " + value + "\n";
    const auto where = offsets.after_line(anchor);
    if (where > 0 && text[where - 1] != '\n') added.insert(added.begin(), '\n');
    return out.insert(where, added);
}

}  // namespace

base::Result<std::string> append_runner(const std::string& text, const Node& runner) {
    auto root = parse(text);
    if (!root) return root.error();
    std::string out = text;
    if (!out.empty() && out.back() != '\n') out += '\n';
    if (!out.empty() && !out.ends_with("\n\n")) out += '\n';
    out += format_runner(runner);
    auto kept = all_entries(*root);
    kept.push_back(kNoEntry);
    return checked(std::move(out), *root, kept);
}

base::Result<std::string> remove_runner(const std::string& text, std::size_t index) {
    auto root = parse(text);
    if (!root) return root.error();
    if (auto entry = entry_at(*root, index); !entry) return entry.error();
    auto lines = base::split(text, '\n');
    if (!lines.empty() && lines.back().empty()) lines.pop_back();
    const auto owners = owners_of_lines(*root, lines);
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (owners[i] != static_cast<int>(index)) kept.push_back(lines[i]);
    }
    while (!kept.empty() && base::trim(kept.back()).empty()) kept.pop_back();
    std::string out = base::join(kept, "\n");
    if (!out.empty()) out += '\n';
    auto entries = all_entries(*root);
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(index));
    return checked(std::move(out), *root, entries);
}

base::Result<std::string> replace_token(const std::string& text, std::size_t index,
                                        const base::Secret& token, const TokenDates& dates) {
    const std::string expires = dates.expires_at.empty() ? std::string(kNever) : dates.expires_at;
    auto out = put_value(text, index, "token", to_toml(Node::string(token.reveal())));
    if (out) out = put_value(*out, index, "token_expires_at", expires);
    if (out) out = put_value(*out, index, "token_obtained_at", dates.obtained_at);
    if (!out) return out.error();
    const auto root = parse(text);
    if (!root) return root.error();
    auto kept = all_entries(*root);
    kept[index] = kNoEntry;
    return checked(std::move(*out), *root, kept);
}

}  // namespace runner::config
