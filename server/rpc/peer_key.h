#pragma once

#include <string>
#include <string_view>

namespace letterlock::rpc {

// SHA-256 of the certificate's SubjectPublicKeyInfo (DER), 32 bytes; empty if `pem` is no
// certificate.
std::string CertificateKeyHash(std::string_view pem);

}  // namespace letterlock::rpc
