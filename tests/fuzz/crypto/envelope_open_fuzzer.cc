// Opening, against a server and against a sender. The first byte chooses: 0, the rest is the
// plaintext that a sender sealed with all her keys; 1, 2 or 3, it is the header, wrap or ciphertext
// that a server hands out in the place of the true one. Only the true message may verify.
#include <string>

#include "crypto/base/aead.h"
#include "crypto/base/hash.h"
#include "crypto/seal/open_envelope.h"
#include "crypto/seal/padding.h"
#include "crypto/seal/seal_envelope.h"
#include "round_trip.h"
#include "wrap.h"

namespace {

using namespace letterlock;  // NOLINT: a fuzzer is one function

struct World {
  World() {
    message.content.body = crypto::SecretBuffer::Copy("body");
    envelope = *seal::SealEnvelope(sender, Entry(recipient), message, random);
    header = *seal::EnvelopeHeader::Parse(envelope.header);
  }
  seal::MemberKeys Member(const char* handle) {
    return seal::MemberKeys::Generate(deployment, *crypto::Handle::Parse(handle), random);
  }
  static seal::Correspondent Entry(const seal::MemberKeys& keys) {
    return {keys.handle, keys.identity.public_key(), keys.identity.public_key(),
            keys.encryption.public_key()};
  }

  crypto::SystemRandom random;
  crypto::DeploymentId deployment = crypto::DeploymentId::Random(random);
  seal::MemberKeys sender = Member("ada");
  seal::MemberKeys recipient = Member("ben");
  seal::OutgoingMessage message{crypto::MessageId::Random(random), {}, {}};
  seal::SealedEnvelope envelope;
  seal::EnvelopeHeader header;
};

// An envelope around any plaintext whatever.
seal::SealedEnvelope SealRaw(World& world, std::string plaintext) {
  const auto length = seal::PaddedLength(plaintext.empty() ? 1 : plaintext.size());
  if (!length.ok()) return {};
  plaintext.resize(*length);
  const auto key = crypto::SecretBytes<32>::Random();
  seal::EnvelopeHeader header = world.header;
  header.padded_length = *length;
  header.commitment = seal::internal::Commitment(key);
  seal::SealedEnvelope out;
  out.header = header.Serialise();
  out.ciphertext = crypto::XChaCha20Poly1305::Seal(seal::internal::EncryptionKey(key), header.nonce,
                                                   out.header, plaintext);
  out.recipient_wrap = *seal::internal::WrapContentKey(
      world.recipient.encryption.public_key(), crypto::Sha256(out.header), key, world.random);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static World& world = *new World();
  if (size == 0) return 0;
  const std::string rest(fuzz::Text(data + 1, size - 1));
  seal::SealedEnvelope e = world.envelope;
  switch (data[0] % 4) {
    case 0:
      e = SealRaw(world, rest);
      break;
    case 1:
      e.header = rest;
      break;
    case 2:
      e.recipient_wrap = rest;
      break;
    default:
      e.ciphertext = rest;
  }
  auto opened =
      seal::ReceivedMessage::Open(world.recipient, {e.header, e.recipient_wrap, e.ciphertext});
  if (!opened.ok()) return 0;
  // Nothing here was signed but the true message.
  const bool genuine = e.header == world.envelope.header;
  if ((*std::move(opened)).Verify(World::Entry(world.sender)).ok() != genuine) __builtin_trap();
  return 0;
}
