#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/session/frames.hpp"
#include "executors/session/session_state.hpp"

namespace executors::session {

/// What the supervisor has answered: the ends of the stages, and the answers to commands that have
/// an id. It runs where the job can put another program in its place, so what is kept of it has a
/// limit: behind 16 MiB of texts, an end has none.
///
/// `state` outlives it. Strand: the I/O thread. The waiting calls fail as
/// SessionState::wait_change() does.
class Replies {
  public:
    explicit Replies(SessionState& state) : state_(state) {}

    void take_exit(std::uint16_t stage, StageExit exit);
    [[nodiscard]] bool has_exit(std::uint16_t stage) const { return exits_.count(stage) > 0; }
    base::Task<base::Result<StageExit>> wait_exit(std::uint16_t stage);

    /// An answer is kept between expect(id) and forget(id); all others are dropped.
    void expect(const std::string& id) { answers_.emplace(id, std::nullopt); }
    void forget(const std::string& id) { answers_.erase(id); }
    [[nodiscard]] bool is_expected(const std::string& id) const { return answers_.count(id) > 0; }
    void take_answer(Notice answer);
    /// Null as long as there is none.
    [[nodiscard]] const Notice* find_answer(const std::string& id) const;
    base::Task<base::Result<Notice>> wait_answer(std::string id);

  private:
    SessionState& state_;
    std::map<std::uint16_t, StageExit> exits_;
    std::size_t exit_text_bytes_ = 0;
    std::map<std::string, std::optional<Notice>> answers_;
};

}  // namespace executors::session
