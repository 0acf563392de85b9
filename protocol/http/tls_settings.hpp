#pragma once

#include <string>

namespace protocol::http {

/// Which certificates a client or a server trusts and presents. Files are read again when their
/// modification time changes.
struct TlsSettings {
    std::string ca_file;    ///< added to the system's store, "" for none; for clients
    std::string cert_file;  ///< certificate (PEM) and its key, both or none
    std::string key_file;
    bool verify = true;  ///< chain and host name of the server; for clients
};

}  // namespace protocol::http
