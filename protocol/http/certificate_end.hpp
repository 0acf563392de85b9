#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/client.hpp"

namespace protocol::http {

/// When the certificate of a server ends: the earliest end among it and the authorities through
/// which it is trusted, in seconds since 1970. Connects as a client with `options` does, and
/// answers after the handshake. The failures are those of Client; kInvalidInput for an endpoint
/// that is not https. Strand: the I/O thread.
base::Task<base::Result<std::int64_t>> certificate_end(boost::asio::any_io_executor executor,
                                                       ClientOptions options);

/// The earliest end among the certificates of a PEM file. Fails with kInvalidInput and the file's
/// name.
base::Result<std::int64_t> certificate_file_end(const std::string& path);

}  // namespace protocol::http
