#include "base/glob_parser.hpp"

#include <algorithm>
#include <optional>

namespace base {

namespace {

using Kind = Glob::Token::Kind;

constexpr char32_t kFirstInvalid = GlobCharacter::kFirstInvalid;

/// Makes ranges that do not overlap, for a binary search.
void sort_ranges(std::vector<Glob::Class::Range>& ranges) {
    std::sort(ranges.begin(), ranges.end(),
              [](const auto& a, const auto& b) { return a.low < b.low; });
    std::vector<Glob::Class::Range> merged;
    for (const auto& range : ranges) {
        if (range.low > range.high) continue;
        if (!merged.empty() && range.low <= merged.back().high) {
            merged.back().high = std::max(merged.back().high, range.high);
        } else {
            merged.push_back(range);
        }
    }
    ranges = std::move(merged);
}

class Parser {
  public:
    Parser(std::string_view pattern, GlobDialect dialect) : rest_(pattern) {
        program_.dialect = dialect;
    }

    Glob::Program parse() {
        while (!rest_.empty() && program_.valid) {
            if (program_.tokens.size() > Glob::kMostCharacters) program_.valid = false;
            if (program_.dialect == GlobDialect::kInclude) {
                take_include();
            } else {
                take();
            }
        }
        end_open_braces();
        return std::move(program_);
    }

  private:
    [[nodiscard]] bool is_doublestar() const {
        return program_.dialect == GlobDialect::kDoublestar;
    }

    char32_t take_character() {
        const GlobCharacter first = first_character(rest_);
        rest_.remove_prefix(first.length);
        return first.code;
    }

    void add(Kind kind, char32_t character = 0) { program_.tokens.push_back({kind, character}); }

    void take_include() {
        if (rest_.substr(0, 3) == "**/") {
            rest_.remove_prefix(3);
            add(Kind::kAnyDirectories);
        } else if (rest_.substr(0, 2) == "**") {
            rest_.remove_prefix(2);
            add(Kind::kAnything);
        } else {
            const char32_t c = take_character();
            add(c == '*' ? Kind::kStar : Kind::kCharacter, c);
        }
    }

    void take() {
        const char32_t c = take_character();
        switch (c) {
            case '*': return add(Kind::kStar, c);
            case '?': return add(Kind::kAnyCharacter, c);
            case '[': return take_class();
            case '{': return open_brace();
            case ',': return open_.empty() ? add(Kind::kCharacter, c) : next_alternative();
            case '}': return open_.empty() ? add(Kind::kCharacter, c) : close_brace();
            case '\\': return take_escaped();
            default: return add(Kind::kCharacter, c);
        }
    }

    void take_escaped() {
        if (!rest_.empty()) return add(Kind::kCharacter, take_character());
        if (is_doublestar()) program_.valid = false;
        add(Kind::kCharacter, '\\');
    }

    std::uint32_t here() const { return static_cast<std::uint32_t>(program_.tokens.size()); }

    void open_brace() {
        open_.push_back({here(), here()});
        add(Kind::kOpen, '{');
    }
    void next_alternative() {
        program_.tokens[open_.back().last].next = here();
        open_.back().last = here();
        add(Kind::kNext, ',');
    }
    void close_brace() {
        const std::uint32_t close = here();
        const Open open = open_.back();
        open_.pop_back();
        program_.tokens[open.last].next = close;
        add(Kind::kClose, '}');
        for (std::uint32_t at = open.first; at != close; at = program_.tokens[at].next)
            program_.tokens[at].close = close;
        program_.tokens[close].close = close;
    }
    /// Behind a brace that is not closed, no brace has its meaning.
    void end_open_braces() {
        if (open_.empty()) return;
        if (is_doublestar()) program_.valid = false;
        for (std::size_t at = open_.front().first; at < program_.tokens.size(); ++at) {
            Kind& kind = program_.tokens[at].kind;
            if (kind == Kind::kOpen || kind == Kind::kNext || kind == Kind::kClose)
                kind = Kind::kCharacter;
        }
    }

    void take_class() {
        Glob::Class found;
        // Where one bracket is not closed, none behind it is: to look again would cost the square.
        const bool closed = !bracket_open_ && read_class(found);
        bracket_open_ = !closed;
        const bool empty = found.ranges.empty();
        if (!closed || (empty && is_doublestar())) {
            if (is_doublestar()) program_.valid = false;
            return add(Kind::kNothing);
        }
        add(Kind::kClass);
        program_.tokens.back().next = static_cast<std::uint32_t>(program_.classes.size());
        sort_ranges(found.ranges);
        program_.classes.push_back(std::move(found));
    }

    /// Reads behind "[" to the "]". False, and nothing is read, when there is none.
    bool read_class(Glob::Class& found) {
        const std::string_view before = rest_;
        if (!rest_.empty() && (rest_.front() == '!' || rest_.front() == '^')) {
            found.negated = true;
            rest_.remove_prefix(1);
        }
        while (!rest_.empty() && rest_.front() != ']') {
            const auto low = take_member();
            auto high = low;
            if (rest_.size() > 1 && rest_.front() == '-' && rest_[1] != ']') {
                rest_.remove_prefix(1);
                high = take_member();
            }
            if (low && high) found.ranges.push_back({*low, *high});
        }
        if (rest_.empty()) {
            rest_ = before;
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }
    std::optional<char32_t> take_member() {
        if (rest_.front() == '\\') rest_.remove_prefix(1);
        if (rest_.empty()) return std::nullopt;
        return take_character();
    }

    struct Open {
        std::uint32_t first;  ///< the kOpen
        std::uint32_t last;   ///< the last kNext, or the kOpen
    };
    std::string_view rest_;
    Glob::Program program_;
    std::vector<Open> open_;
    bool bracket_open_ = false;
};

}  // namespace

GlobCharacter first_character(std::string_view text) {
    const auto byte = [&](std::size_t at) -> char32_t {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
    };
    const char32_t first = byte(0);
    if (first < 0x80) return {first, 1};
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    static constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    char32_t code = first & (0xffU >> (length + 1));
    bool good = first >= 0xc2 && first < 0xf5;
    for (std::size_t at = 1; at < length; ++at) {
        good = good && (byte(at) & 0xc0) == 0x80;
        code = code << 6 | (byte(at) & 0x3f);
    }
    good = good && code >= kLeast[length] && code < kFirstInvalid;
    return good ? GlobCharacter{code, length} : GlobCharacter{kFirstInvalid + first, 1};
}

Glob::Program parse_glob(std::string_view pattern, GlobDialect dialect) {
    return Parser(pattern, dialect).parse();
}

}  // namespace base
