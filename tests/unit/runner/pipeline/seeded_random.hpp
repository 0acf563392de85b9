#pragma once

#include <cstdint>
#include <random>

namespace tests {

/// Random numbers that depend only on the seed. (The distributions of the standard library differ
/// between implementations.)
class SeededRandom {
  public:
    explicit SeededRandom(std::uint64_t seed) : random_(seed) {}
    /// A number from 0 to `end` - 1.
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
    /// True in one of `n` cases.
    bool one_in(std::size_t n) { return below(n) == 0; }
    template <typename List>
    const auto& element_of(const List& list) {
        return list[below(std::size(list))];
    }

  private:
    std::mt19937_64 random_;
};

}  // namespace tests
