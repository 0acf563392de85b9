#pragma once

#include <cstdint>
#include <random>

namespace tests {

/// Random decisions that are the same on every machine for one seed (the distributions of the
/// standard library are not).
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
    bool one_in(std::size_t n) { return below(n) == 0; }
    template <typename List>
    const auto& of(const List& list) {
        return list[below(std::size(list))];
    }

  private:
    std::mt19937_64 random_;
};

}  // namespace tests
