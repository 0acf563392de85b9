#pragma once

#include <string>

/// The smallest program of each platform, to see whether this kernel really runs it: that an
/// interpreter is registered does not mean that it works.
namespace executors::helper {

/// The exit code of every tiny program.
inline constexpr int kTinyExitCode = 42;

/// A static ELF program that only exits. "" for a platform that known_architectures() does not
/// have. Pure.
std::string tiny_program(const std::string& platform);

/// Runs the platform's tiny program from memory.
bool runs_platform(const std::string& platform);

}  // namespace executors::helper
