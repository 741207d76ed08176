// Code points of TLS, with the names of @ferrule/result/numbers and its alerts; test/numbers.test.ts compares them.
#pragma once

namespace ferrule {

// HandshakeType, RFC 9846 section 4 and RFC 5246 section 7.4.
namespace handshake_type {
constexpr int helloRequest = 0;
constexpr int clientHello = 1;
constexpr int serverHello = 2;
constexpr int newSessionTicket = 4;
constexpr int encryptedExtensions = 8;
constexpr int certificate = 11;
constexpr int serverKeyExchange = 12;
constexpr int certificateRequest = 13;
constexpr int serverHelloDone = 14;
constexpr int certificateVerify = 15;
constexpr int certificateStatus = 22;
constexpr int keyUpdate = 24;
}  // namespace handshake_type

namespace extension_type {
constexpr int statusRequest = 5;
constexpr int supportedGroups = 10;
constexpr int ecPointFormats = 11;
constexpr int signatureAlgorithms = 13;
constexpr int applicationLayerProtocolNegotiation = 16;
constexpr int signedCertificateTimestamp = 18;
constexpr int extendedMasterSecret = 23;
constexpr int preSharedKey = 41;
constexpr int earlyData = 42;
constexpr int supportedVersions = 43;
constexpr int cookie = 44;
constexpr int certificateAuthorities = 47;
constexpr int keyShare = 51;
constexpr int renegotiationInfo = 0xff01;
}  // namespace extension_type

// AlertDescription, RFC 9846 section 6.
namespace alert {
constexpr int closeNotify = 0;
constexpr int unexpectedMessage = 10;
constexpr int recordOverflow = 22;
constexpr int handshakeFailure = 40;
constexpr int badCertificate = 42;
constexpr int certificateRevoked = 44;
constexpr int illegalParameter = 47;
constexpr int decodeError = 50;
constexpr int protocolVersion = 70;
constexpr int internalError = 80;
constexpr int userCanceled = 90;
constexpr int missingExtension = 109;
constexpr int unsupportedExtension = 110;
constexpr int badCertificateStatusResponse = 113;
}  // namespace alert

namespace named_group {
constexpr int x25519 = 29;
constexpr int x448 = 30;
}  // namespace named_group

// ProtocolVersion on the wire.
namespace protocol_version {
constexpr int tls12 = 0x0303;
constexpr int tls13 = 0x0304;
}  // namespace protocol_version

// Seconds: the clock skew allowed, and the lifetime of an OCSP response without nextUpdate (RFC 5019 section 4).
// @ferrule/x509 has them as CLOCK_SKEW and LONGEST_RESPONSE, and test/numbers.test.ts compares them.
namespace clocks {
constexpr int skew = 300;
constexpr int longestResponse = 604800;
}  // namespace clocks

// Limits of what a peer can send without data in between: post-handshake CertificateRequests, each of which costs a
// signature; tickets, and ignored HelloRequests; records of messages, each possibly of one byte. And the number of
// first bytes that identify another protocol. The pure engine has the same, and test/numbers.test.ts compares them.
namespace bounds {
constexpr int certificateRequestsInARow = 8;
constexpr int messagesInARow = 64;
constexpr int handshakeRecordsInARow = 16384;
constexpr int quoted = 64;
}  // namespace bounds

}  // namespace ferrule
