#include "base/glob.hpp"

#include <algorithm>
#include <utility>

#include "base/glob_parser.hpp"

namespace base {

namespace {

using Kind = Glob::Token::Kind;

/// What is known in front of a token. Stars are counted before they get a meaning, because what
/// follows decides, and that may stand behind a brace.
enum class Context : std::uint8_t {
    kStart,            ///< a path part begins
    kOneStar,          ///< it begins with one star …
    kTwoStars,         ///< … with two
    kMiddle,           ///< inside a path part
    kStarLoop,         ///< takes characters of one part
    kDirectoriesLoop,  ///< takes whole parts; the token stands at the start of a part
    kAnyLoop,          ///< takes any characters
    // The text has ended. "/**" and "/**/" at the end of a doublestar pattern match nothing, too.
    kTailSlash,
    kTailOneStar,
    kTailTwoStars,
    kTailEnd,
};

struct State {
    std::uint32_t token;
    Context context;
};

constexpr std::uint16_t bit_of(Context context) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(context));
}
constexpr bool is_tail(Context context) { return context >= Context::kTailSlash; }

/// States in the order in which they were added, each of them once.
class StateSet {
  public:
    explicit StateSet(std::size_t tokens) : seen_(tokens + 1) {}

    void add(std::uint32_t token, Context context) {
        if ((seen_[token] & bit_of(context)) != 0) return;
        seen_[token] |= bit_of(context);
        states_.push_back({token, context});
    }
    [[nodiscard]] bool has(std::uint32_t token, Context context) const {
        return (seen_[token] & bit_of(context)) != 0;
    }
    void clear() {
        for (const State& state : states_) seen_[state.token] = 0;
        states_.clear();
    }
    /// Adding while reading by index is allowed.
    [[nodiscard]] const std::vector<State>& states() const { return states_; }

  private:
    std::vector<std::uint16_t> seen_;
    std::vector<State> states_;
};

/// All ways through the pattern at once, one character of the text after another.
class Simulation {
  public:
    explicit Simulation(const Glob::Program& program)
        : program_(program),
          end_(static_cast<std::uint32_t>(program.tokens.size())),
          now_(end_),
          next_(end_) {}

    bool run(std::string_view text) {
        const bool include = program_.dialect == GlobDialect::kInclude;
        now_.add(0, include ? Context::kMiddle : Context::kStart);
        close(now_);
        while (!text.empty()) {
            if (now_.states().empty()) return false;
            const GlobCharacter first = first_character(text);
            text.remove_prefix(first.length);
            next_.clear();
            for (const State& state : now_.states()) take(state, first.code);
            close(next_);
            std::swap(now_, next_);
        }
        return accepts();
    }

  private:
    [[nodiscard]] bool is_doublestar() const {
        return program_.dialect == GlobDialect::kDoublestar;
    }
    [[nodiscard]] bool is_slash(std::uint32_t token) const {
        if (token == end_) return false;
        const Glob::Token& found = program_.tokens[token];
        return found.kind == Kind::kCharacter && found.character == '/';
    }

    /// Adds what can be reached without a character.
    void close(StateSet& set) const {
        for (std::size_t i = 0; i < set.states().size(); ++i) expand(set, set.states()[i]);
    }

    void expand(StateSet& set, State state) const {
        if (state.token == end_) return expand_at_end(set, state);
        const Glob::Token& token = program_.tokens[state.token];
        switch (state.context) {
            case Context::kStarLoop: return set.add(state.token, Context::kMiddle);
            case Context::kDirectoriesLoop: return;
            case Context::kAnyLoop:
                if (token.kind == Kind::kAnything) set.add(state.token + 1, Context::kMiddle);
                return;
            default: break;
        }
        switch (token.kind) {
            case Kind::kOpen: return enter_braces(set, state);
            case Kind::kNext:
            case Kind::kClose: return set.add(token.close + 1, state.context);
            case Kind::kStar: return count_star(set, state);
            case Kind::kAnyDirectories: set.add(state.token + 1, Context::kMiddle); [[fallthrough]];
            case Kind::kAnything: return set.add(state.token, Context::kAnyLoop);
            default: return end_stars(set, state);
        }
    }

    void expand_at_end(StateSet& set, State state) const {
        switch (state.context) {
            case Context::kOneStar: return set.add(end_, Context::kStarLoop);
            case Context::kTwoStars:
                return set.add(end_, is_doublestar() ? Context::kAnyLoop : Context::kStarLoop);
            case Context::kStarLoop:
            case Context::kAnyLoop: return set.add(end_, Context::kMiddle);
            default: return;
        }
    }

    void enter_braces(StateSet& set, State state) const {
        Context context = state.context;
        if (is_doublestar() && !is_tail(context)) {
            // The official matcher counts stars anew in every alternative.
            if (context == Context::kOneStar || context == Context::kTwoStars)
                return set.add(state.token, Context::kStarLoop);
            context = Context::kStart;
        }
        const auto& tokens = program_.tokens;
        for (auto at = state.token; tokens[at].kind != Kind::kClose; at = tokens[at].next)
            set.add(at + 1, context);
    }

    static void count_star(StateSet& set, State state) {
        switch (state.context) {
            case Context::kStart: return set.add(state.token + 1, Context::kOneStar);
            case Context::kOneStar: return set.add(state.token + 1, Context::kTwoStars);
            case Context::kTailSlash: return set.add(state.token + 1, Context::kTailOneStar);
            case Context::kTailOneStar: return set.add(state.token + 1, Context::kTailTwoStars);
            case Context::kTailTwoStars:
            case Context::kTailEnd: return;
            default: return set.add(state.token + 1, Context::kStarLoop);
        }
    }

    /// In front of a token that takes a character.
    void end_stars(StateSet& set, State state) const {
        if (state.context == Context::kTailTwoStars && is_slash(state.token))
            return set.add(state.token + 1, Context::kTailEnd);
        if (state.context == Context::kTwoStars && is_slash(state.token)) {
            set.add(state.token + 1, Context::kStart);
            return set.add(state.token + 1, Context::kDirectoriesLoop);
        }
        if (state.context == Context::kOneStar || state.context == Context::kTwoStars)
            set.add(state.token, Context::kStarLoop);
    }

    void take(State state, char32_t c) {
        switch (state.context) {
            case Context::kStarLoop:
                if (c != '/') next_.add(state.token, Context::kStarLoop);
                return;
            case Context::kDirectoriesLoop:
                next_.add(state.token, Context::kDirectoriesLoop);
                if (c == '/') next_.add(state.token, Context::kStart);
                return;
            case Context::kAnyLoop: return take_any(state, c);
            case Context::kStart:
            case Context::kMiddle:
                if (state.token != end_ && takes(program_.tokens[state.token], c))
                    next_.add(state.token + 1, behind(c));
                return;
            default: return;
        }
    }

    void take_any(State state, char32_t c) {
        next_.add(state.token, Context::kAnyLoop);
        const bool directories =
            state.token != end_ && program_.tokens[state.token].kind == Kind::kAnyDirectories;
        if (directories && c == '/') next_.add(state.token + 1, Context::kMiddle);
    }

    [[nodiscard]] Context behind(char32_t c) const {
        const bool start = c == '/' && program_.dialect != GlobDialect::kInclude;
        return start ? Context::kStart : Context::kMiddle;
    }

    [[nodiscard]] bool takes(const Glob::Token& token, char32_t c) const {
        switch (token.kind) {
            case Kind::kCharacter: return token.character == c;
            case Kind::kAnyCharacter: return c != '/';
            case Kind::kClass: return c != '/' && is_in(program_.classes[token.next], c);
            default: return false;
        }
    }
    static bool is_in(const Glob::Class& found, char32_t c) {
        const auto& ranges = found.ranges;
        const auto behind =
            std::upper_bound(ranges.begin(), ranges.end(), c,
                             [](char32_t value, const auto& range) { return value < range.low; });
        const bool inside = behind != ranges.begin() && c <= std::prev(behind)->high;
        return inside != found.negated;
    }

    /// Whether the pattern may end here.
    bool accepts() {
        if (now_.has(end_, Context::kMiddle) || now_.has(end_, Context::kStart)) return true;
        if (!is_doublestar()) return false;
        next_.clear();
        for (const State& state : now_.states()) {
            const bool ready =
                state.context == Context::kStart || state.context == Context::kMiddle;
            if (ready && is_slash(state.token)) next_.add(state.token + 1, Context::kTailSlash);
        }
        close(next_);
        return next_.has(end_, Context::kTailTwoStars) || next_.has(end_, Context::kTailEnd);
    }

    const Glob::Program& program_;
    const std::uint32_t end_;
    StateSet now_;
    StateSet next_;
};

}  // namespace

Glob::Glob(std::string_view pattern, GlobDialect dialect)
    : program_(parse_glob(pattern, dialect)) {}

bool Glob::matches(std::string_view text) const {
    return program_.valid && Simulation(program_).run(text);
}

bool doublestar_match(std::string_view pattern, std::string_view text) {
    return Glob(pattern, GlobDialect::kDoublestar).matches(text);
}

}  // namespace base
