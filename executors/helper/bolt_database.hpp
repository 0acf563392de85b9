#pragma once

#include <string>

namespace executors::helper {

/// Whether a file may be a database of bbolt, in which engines and builders keep their records: a
/// regular file, empty or with a valid head, and not shorter than the head says. bbolt reads a
/// database as memory: in one that was cut off, its program dies of a signal, and not at its start.
/// What lies between the head and the end is not looked at. Source: the format of bbolt, version 2.
bool is_bolt_database(int directory, const std::string& name);

}  // namespace executors::helper
