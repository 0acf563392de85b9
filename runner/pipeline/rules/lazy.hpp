#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace runner::pipeline::rules {

/// A value that is made when somebody asks for it first. Copies share the value, so it is made
/// once.
///
/// Threads: not synchronised; a Lazy and its copies belong to one thread.
template <typename T>
class Lazy {
  public:
    Lazy() : Lazy(T{}) {}
    template <typename Value>
    requires(std::convertible_to<Value, T> && !std::same_as<Value, Lazy>) Lazy(Value value)
        : state_(std::make_shared<State>(State{{}, T(std::move(value))})) {}
    /// `make` must stay callable as long as a copy exists whose value was not asked for.
    static Lazy made_by(std::function<T()> make) {
        Lazy lazy;
        lazy.state_ = std::make_shared<State>(State{std::move(make), std::nullopt});
        return lazy;
    }

    [[nodiscard]] const T& get() const {
        if (!state_->value) state_->value.emplace(state_->make());
        return *state_->value;
    }

  private:
    struct State {
        std::function<T()> make;
        std::optional<T> value;
    };
    std::shared_ptr<State> state_;
};

}  // namespace runner::pipeline::rules
