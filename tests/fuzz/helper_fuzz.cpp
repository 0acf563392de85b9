// The protocol between daemon and supervisor: records, commands, and the notices and answers of
// workers.

#include <cstring>
#include <string>
#include <vector>

#include "executors/helper/messages.hpp"
#include "executors/helper/posix.hpp"
#include "executors/session/record_reader.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace executors;
using tests::fuzz::require;

struct Read {
    bool refused = false;
    std::size_t consumed = 0;
    std::vector<std::string> records;
    friend bool operator==(const Read&, const Read&) = default;
};

/// Reads the records from pieces of changing length, as a connection does.
Read read_records(std::string_view bytes, std::size_t step) {
    session::RecordReader reader;
    Read result;
    for (std::size_t i = 0; !bytes.empty() && !result.refused; ++i) {
        const auto room = reader.writable();
        require(!room.empty(), "there is always room");
        const std::size_t count = std::min({1 + (i * 7) % step, room.size(), bytes.size()});
        std::memcpy(room.data(), bytes.data(), count);
        bytes.remove_prefix(count);
        reader.filled(count);
        for (;;) {
            session::RecordReader::Record record;
            const auto more = reader.next(record);
            result.refused = !more.has_value();
            if (!more || !*more) break;
            result.records.emplace_back(record.text);
        }
    }
    result.consumed = reader.consumed();
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(tests::fuzz::as_text(data, size));
    require(read_records(text, 3) == read_records(text, 1 << 20),
            "records do not depend on the reads");
    try {
        helper::parse_command(text);
    } catch (const helper::Failure& failure) {
        require(std::string(failure.what()).find("SECRET") == std::string::npos,
                "an error message contains no secret");
    }
    helper::id_of_notice(text);
    const std::string answer = helper::answer_json_from_worker("id-1", text);
    require(helper::id_of_notice(answer) == "id-1", "an answer carries the id of its command");
    require(helper::id_of_notice(helper::answer_json("id-2", text)) == "id-2",
            "an error carries the id of its command");
    return 0;
}
