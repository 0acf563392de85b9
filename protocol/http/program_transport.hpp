#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "protocol/http/transport.hpp"

namespace protocol::http {

/// Starts a program whose standard input and output are the connection (ssh(1) with a command that
/// copies bytes). It ends with the transport. A program that ends before the first byte is
/// kUnavailable, with what it wrote to standard error. Strand: the I/O thread.
base::Result<std::unique_ptr<Transport>> start_program_transport(
    const boost::asio::any_io_executor& executor, const std::vector<std::string>& program);

}  // namespace protocol::http
