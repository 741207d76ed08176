/** @module OpenSSL's names of cipher suites (openssl-ciphers(1)) that differ from IANA's. */
import { cipherSuiteName } from '@ferrule/result/names';
import { CipherSuiteId } from '@ferrule/result/numbers';

/** Of the suites of TLS 1.2 that an engine may have, in OpenSSL's own order. */
export const OPENSSL_SUITES_12: ReadonlyMap<number, string> = new Map([
  [CipherSuiteId.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  [CipherSuiteId.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, 'ECDHE-RSA-AES256-GCM-SHA384'],
  [CipherSuiteId.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  [CipherSuiteId.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, 'ECDHE-RSA-CHACHA20-POLY1305'],
  [CipherSuiteId.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  [CipherSuiteId.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, 'ECDHE-RSA-AES128-GCM-SHA256'],
]);

/** SSL_CIPHER_get_name(3): in TLS 1.3 IANA's name. */
export const opensslSuiteName = (id: number): string => OPENSSL_SUITES_12.get(id) ?? cipherSuiteName(id);
