#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace executors::helper {

/// Whether a file may be a database of bbolt, in which engines and builders keep their records: a
/// regular file, empty or with a valid head, and not shorter than the head says. bbolt reads a
/// database as memory: in one that was cut off, its program dies of a signal, and not at its start.
/// What lies between the head and the end is not looked at. Source: the format of bbolt, version 2.
bool is_bolt_database(int directory, const std::string& name);

/// Where the tree of a database begins.
struct BoltRoot {
    std::uint32_t page_size = 0;
    std::uint64_t page = 0;
};
/// `file`: the whole content of one that no program has open. Nothing without a valid head.
std::optional<BoltRoot> find_bolt_root(std::string_view file);

}  // namespace executors::helper
