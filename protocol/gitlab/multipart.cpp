#include "protocol/gitlab/multipart.hpp"

#include <memory>
#include <utility>

namespace protocol::gitlab {

namespace {

struct State {
    std::string head;
    std::string tail;
    http::BodySource content;
};

base::Task<base::Result<std::string>> next_piece(std::shared_ptr<State> state) {
    if (!state->head.empty()) co_return std::exchange(state->head, std::string());
    if (state->tail.empty()) co_return std::string();
    auto piece = co_await state->content();
    if (!piece) co_return piece.error();
    if (piece->empty()) co_return std::exchange(state->tail, std::string());
    co_return std::move(*piece);
}

}  // namespace

std::string quote_file_name(std::string_view name) {
    std::string quoted = "\"";
    for (const char c : name) {
        if (c == '"') {
            quoted += "%22";
        } else if (c == '\r') {
            quoted += "%0D";
        } else if (c == '\n') {
            quoted += "%0A";
        } else if (c != '\0') {
            quoted += c;
        }
    }
    return quoted + "\"";
}

http::BodySource multipart_file(std::string boundary, std::string file_name,
                                http::BodySource content) {
    auto state = std::make_shared<State>();
    state->head = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=" +
                  quote_file_name(file_name) + "\r\nContent-Type: application/octet-stream\r\n\r\n";
    state->tail = "\r\n--" + boundary + "--\r\n";
    state->content = std::move(content);
    return [state] { return next_piece(state); };
}

}  // namespace protocol::gitlab
