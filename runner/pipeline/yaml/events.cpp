#include "runner/pipeline/yaml/events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <string>

#include "base/strings.hpp"
#include "runner/pipeline/yaml/load.hpp"

namespace runner::pipeline::yaml {

std::string_view text_of(const yaml_char_t* text) {
    return text == nullptr ? std::string_view{}
                           : std::string_view(reinterpret_cast<const char*>(text));
}

EventReader::EventReader(std::string_view text, std::uint16_t file, std::uint32_t first_line)
    : size_(base::utf8_length(text)), file_(file), first_line_(first_line) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
}

EventReader::~EventReader() { yaml_parser_delete(&parser_); }

void EventReader::next(Event& event) {
    if (yaml_parser_parse(&parser_, event.get()) == 0) throw syntax_problem();
    quoted_.reset();
    if (event->type != YAML_SCALAR_EVENT) return;
    const auto style = event->data.scalar.style;
    if (style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE) {
        quoted_ = Quoted{event->start_mark, event->end_mark};
    }
}

void EventReader::skip_rest() {
    for (std::uint32_t levels = 0; levels < kDeepest;) {
        Event event;
        next(event);
        switch (event->type) {
            case YAML_SEQUENCE_START_EVENT:
            case YAML_MAPPING_START_EVENT: ++levels; break;
            case YAML_SEQUENCE_END_EVENT:
            case YAML_MAPPING_END_EVENT: levels -= levels > 0 ? 1 : 0; break;
            case YAML_DOCUMENT_END_EVENT:
            case YAML_STREAM_END_EVENT: return;
            default: break;
        }
    }
}

Mark EventReader::mark_of(const yaml_mark_t& mark) const {
    const auto column = std::min<std::size_t>(mark.column + 1, 0xffff);
    return Mark{static_cast<std::uint32_t>(mark.line) + first_line_,
                static_cast<std::uint16_t>(column), file_};
}

Problem EventReader::syntax_problem() const {
    if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    std::string text = parser_.problem == nullptr ? "could not be read" : parser_.problem;
    if (parser_.context != nullptr) text = fmt::format("{} {}", text, parser_.context);
    const auto line = parser_.context_mark.line + 1;
    const auto column = parser_.context_mark.column + 1;
    return Problem{fmt::format("(<unknown>): {} at line {} column {}", text, line, column),
                   place_of_error()};
}

/// The parser notices a quote that is not closed at the end of the text, at "..." in the first
/// column, or behind the next quote of the same kind. The opening quote is the place to mend.
/// Likewise it notices a key without a colon on the next line.
Mark EventReader::place_of_error() const {
    const yaml_mark_t& found = parser_.problem_mark;
    if (parser_.error == YAML_READER_ERROR) return mark_of(parser_.mark);
    const bool within_token = parser_.error == YAML_SCANNER_ERROR && parser_.context != nullptr;
    if (within_token && (found.index >= size_ || found.column == 0)) {
        return mark_of(parser_.context_mark);
    }
    const bool behind_quoted = parser_.error == YAML_PARSER_ERROR && quoted_ &&
                               quoted_->end.index == found.index &&
                               quoted_->begin.line != quoted_->end.line;
    return mark_of(behind_quoted ? quoted_->begin : found);
}

}  // namespace runner::pipeline::yaml
