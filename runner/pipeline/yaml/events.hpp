#pragma once

#include <yaml.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "runner/pipeline/problem.hpp"

namespace runner::pipeline::yaml {

/// One event of libyaml's parser.
class Event {
  public:
    Event() = default;
    ~Event() { yaml_event_delete(&event_); }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    yaml_event_t* get() { return &event_; }
    yaml_event_t* operator->() { return &event_; }

  private:
    yaml_event_t event_{};
};

/// A text of an event; "" for none.
std::string_view text_of(const yaml_char_t* text);

/// Reads the events of one document. The text must outlive it. `file` and `first_line` are for
/// marks.
class EventReader {
  public:
    EventReader(std::string_view text, std::uint16_t file, std::uint32_t first_line);
    ~EventReader();
    EventReader(const EventReader&) = delete;
    EventReader& operator=(const EventReader&) = delete;

    /// Throws a Problem, in GitLab's words, when the syntax is wrong.
    void next(Event& event);
    /// Reads to the end of the document, to find what is wrong with its syntax. Gives up within too
    /// many levels: the time that libyaml takes for a token grows with their number.
    void skip_rest();

    [[nodiscard]] Mark mark_of(const yaml_mark_t& mark) const;

  private:
    struct Quoted {
        yaml_mark_t begin;
        yaml_mark_t end;
    };
    [[nodiscard]] Problem syntax_problem() const;
    [[nodiscard]] Mark place_of_error() const;

    yaml_parser_t parser_{};
    std::size_t size_;  ///< of the text, in characters
    std::uint16_t file_;
    std::uint32_t first_line_;
    std::optional<Quoted> quoted_;  ///< the text in quotes that was the last event
};

}  // namespace runner::pipeline::yaml
