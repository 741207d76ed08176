/**
 * @module Mutants that make no difference that a test could see, each with its reason. A row that a test notices after
 * all is wrong, and so is one without a mutant.
 */

export const EQUIVALENT: Readonly<Record<string, string>> = {
  "pure/src/record/reader.ts RecordReader.#content: refusal throw fail('UNEXPECTED_RECORD', 'a record that holds nothing but padding');":
    'Without a type in it the record is refused by the next line, with the same code and alert.',
  'native/core/rules.cpp received: refusal return size == 0 ? kFine : kUndecodable;':
    'OpenSSL bounds the length of each message, and ends a ServerHelloDone with a body before the rules see it.',
  'native/core/rules.cpp serverHello: refusal if (tls13_ && !retry && find(hello.extensions, extension_type::keyShare) == nullptr) return {Reason::noKeyShare, alert::':
    'OpenSSL 3.0 refuses it by itself, with the same code and alert; the rule is for OpenSSL 3.5, which has others.',
  'native/core/verify.cpp verifyPath: refusal return {code != K(X509_V_OK) ? code : K(X509_V_ERR_UNSPECIFIED), ossl().X509_STORE_CTX_get_error_depth(store), ossl().X5':
    'OpenSSL names a code with each refusal.',
  'native/core/verify.cpp reject: refusal facts_.verifyResult = verifyCode == K(X509_V_OK) ? K(X509_V_ERR_APPLICATION_VERIFICATION) : verifyCode;':
    'TypeScript names a code with each refusal.',
  'native/core/verify.cpp stapleVerdict: refusal if (leaf == nullptr) return K(X509_V_ERR_OCSP_VERIFY_FAILED);':
    'OpenSSL refuses a server without a certificate before.',
  'native/core/verify.cpp judgeAnew: refusal if (!verified && config.verify == Verify::peer) return false;':
    'A session ends with the first certificate of its path, and the options that judge it are bound.',
  'native/core/verify.cpp judgeAnew: refusal if (config.verify != Verify::none && isReadable(leaf) && (ossl().X509_get_key_usage(leaf) & static_cast<uint32_t>(K(KU_D':
    'The full handshake has refused such a key, and made no session.',
  'native/core/verify.cpp judgeAnew: refusal if (verified ? length == 0 : !leafPinned_) return false;':
    'The pins are bound: the full handshake has refused such a path, and made no session.',
  'x509/src/crypto/rsa.ts verifyPkcs1: refusal return false;':
    'Without it the comparison throws, and the verifier takes that for false.',
  'x509/src/crypto/rsa.ts verifyPss: refusal return false;':
    'Without it the next line throws, and the verifier takes that for false.',
  'x509/src/status.ts leadsTo: refusal return false;':
    'Without it the path begins with no certificate, and there is none.',
  'x509/src/policy.ts policyBreach: refusal return breach();':
    'A policy tree that is empty stays empty, and the last line asks the same again.',
  "x509/src/transparency.ts transparencyBreach: refusal return breach('cannot be looked up in logs: the signature verifier has no digest');":
    'validatePath() throws a TypeError for transparency with such a verifier.',
};
