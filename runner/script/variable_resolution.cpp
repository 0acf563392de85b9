#include "runner/script/variable_resolution.hpp"

#include <cstdint>
#include <utility>

#include "runner/script/variable_expansion.hpp"

namespace runner::script {

namespace {

class Resolver {
  public:
    Resolver(const VariableList& list, const ResolutionRules& rules)
        : list_(list),
          rules_(rules),
          values_(list.all().size()),
          states_(list.all().size(), State::kNew) {}

    Resolution run() {
        for (std::size_t i = 0; i < values_.size() && too_large_.empty(); ++i) resolve(i);
        if (!too_large_.empty()) return {{}, std::move(too_large_)};
        return {std::move(values_), {}};
    }

  private:
    enum class State : std::uint8_t { kNew, kBegun, kDone };
    /// A variable whose value is being made. It is an own stack, because a job decides how long a
    /// chain is.
    struct Frame {
        std::size_t index;
        TextPieces pieces;
        std::optional<TextPiece> waiting = {};  ///< the reference to the next frame's variable
    };

    void resolve(std::size_t first) {
        if (states_[first] != State::kNew) return;
        begin(first);
        while (!stack_.empty() && too_large_.empty()) step();
    }
    void begin(std::size_t index) {
        const auto& variable = list_.all()[index];
        states_[index] = State::kBegun;
        stack_.push_back({index, TextPieces(variable.raw ? std::string_view() : variable.value)});
        if (variable.raw) append(variable.value);
    }
    void step() {
        Frame& frame = stack_.back();
        const auto piece =
            frame.waiting ? std::exchange(frame.waiting, std::nullopt) : frame.pieces.next();
        if (!piece) {
            states_[frame.index] = State::kDone;
            stack_.pop_back();
        } else if (piece->is_reference) {
            refer(frame, *piece);
        } else {
            append(piece->text);
        }
    }
    void refer(Frame& frame, const TextPiece& piece) {
        const auto index = list_.index_of(piece.text);
        if (index && list_.all()[*index].file) return append(rules_.path_of(piece.text));
        if (index && states_[*index] == State::kDone) return append(values_[*index]);
        if (index && states_[*index] == State::kNew) {
            frame.waiting = piece;
            return begin(*index);
        }
        const auto outer = rules_.outer ? rules_.outer(piece.text) : std::nullopt;
        append(outer.value_or(index ? piece.written : std::string_view()));
    }
    void append(std::string_view text) {
        const std::size_t index = stack_.back().index;
        total_bytes_ += text.size();
        if (total_bytes_ > rules_.limit_bytes) {
            too_large_ = list_.all()[index].key;
        } else {
            values_[index] += text;
        }
    }

    const VariableList& list_;
    const ResolutionRules& rules_;
    std::vector<std::string> values_;
    std::vector<State> states_;
    std::vector<Frame> stack_;
    std::size_t total_bytes_ = 0;
    std::string too_large_;
};

std::string_view value_once(const VariableList& list, const TextPiece& piece) {
    if (!piece.is_reference) return piece.text;
    const auto index = list.index_of(piece.text);
    return index ? std::string_view(list.all()[*index].value) : std::string_view();
}

bool is_file(const VariableList& list, std::string_view key) {
    const auto index = list.index_of(key);
    return index && list.all()[*index].file;
}

}  // namespace

Resolution resolve_once(const VariableList& list, const ResolutionRules& rules) {
    std::vector<std::string> values;
    std::size_t total_bytes = 0;
    for (const auto& variable : list.all()) {
        std::string& value = values.emplace_back(variable.raw ? variable.value : std::string());
        total_bytes += value.size();
        TextPieces pieces(variable.raw ? std::string_view() : variable.value);
        for (auto piece = pieces.next(); piece; piece = pieces.next()) {
            const bool path = piece->is_reference && is_file(list, piece->text);
            const std::string file = path ? rules.path_of(piece->text) : std::string();
            const std::string_view more = path ? file : value_once(list, *piece);
            total_bytes += more.size();
            if (total_bytes > rules.limit_bytes) return {{}, variable.key};
            value += more;
        }
    }
    return {std::move(values), {}};
}

Resolution resolve_variables(const VariableList& list, const ResolutionRules& rules) {
    return Resolver(list, rules).run();
}

}  // namespace runner::script
