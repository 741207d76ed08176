/**
 * What published modules keep beside their connections: `file: { names: reason }`. Each reason begins with its kind.
 *
 * - cache: what would be computed again; the reason has its bound
 * - notes: facts about objects of others, held weakly: they go when the object goes
 * - once: set one time and then constant: a module that was loaded, a value made on first use, a warning given
 * - scratch: memory that one synchronous call works in; nothing of it is read by the next
 * - constant: nobody writes into it; the type of such memory cannot say so
 * - program: what a program, a worker or the test suite has one of
 */
export const MODULE_STATE = {
  'apps/cli/src/main.ts': { interrupt: 'program: SIGINT and SIGTERM end everything' },
  'apps/cli/src/observing.ts': {
    circumstances: 'notes: what was seen of a connection that failed',
    documents: 'notes: what --json says of a failure',
  },
  'apps/cli/src/options.ts': { keylogs: 'program: one key log for each --keylog of the command line' },
  'apps/cli/src/output.ts': { open: 'program: files to be closed when the command ends' },
  'apps/cli/src/pcap.ts': { END_OF_OPTIONS: 'constant: zeros' },
  'apps/cli/src/target.ts': { blamed: 'notes: which target of several a failure is of' },
  'apps/judge/src/main.ts': { interrupt: 'program: SIGINT and SIGTERM end the command that runs' },

  'packages/bio/src/channel.ts': { NOTHING: 'constant: no bytes' },
  'packages/bio/src/outbound.ts': {
    pool: 'cache: 16 buffers (POOL_LIMIT)',
    blocks: 'cache: 64 blocks of 512 bytes (BLOCKS_LIMIT)',
  },

  'packages/conformance/src/blocking.ts': { worker: 'program: one worker serves all tests' },
  'packages/conformance/src/checks/man-page.ts': { FATAL_HANDSHAKE_FAILURE: 'constant: a record' },
  'packages/conformance/src/pki/index.ts': { made: 'cache: 30 certificates at most (RECIPES)' },

  'packages/ferrule/src/abort.ts': { listening: 'notes: the connections that a signal ends' },
  'packages/ferrule/src/anchors.ts': {
    cached: "cache: 1 list of the platform's roots",
    toldBy: 'cache: 1 list of node:tls, which the other was made of',
  },
  'packages/ferrule/src/before-tls.ts': { used: 'notes: dialogues that were held' },
  'packages/ferrule/src/connect.ts': {
    tcp: 'once: a module',
    shown: 'notes: the certificates of a server that was refused',
    plain: 'notes: the context without options of an engine',
  },
  'packages/ferrule/src/connection.ts': {
    destroyed: 'once: an error whose stack is costly',
    make: 'once: a constructor that only this package may call',
  },
  'packages/ferrule/src/backend.ts': { 'native, pure': 'once: a module' },
  'packages/ferrule/src/sessions.ts': { USED: 'notes: sessions that were used, which a store may give again' },
  'packages/ferrule/src/steps.ts': { disposed: 'once: an error whose stack is costly' },
  'packages/ferrule/src/tcp.ts': { shared: 'scratch: what a read of a socket brings, 256 KiB' },
  'packages/ferrule/src/turn.ts': { last: 'program: when this thread last gave way to others' },

  'packages/native/src/forgotten.ts': { registry: 'notes: releases the native half of what is collected' },
  'packages/native/src/index.ts': { made: 'once: the engine' },
  'packages/native/src/loader.ts': { loaded: 'once: the addon' },
  'packages/native/src/session.ts': {
    fieldsOf: 'notes: what is in a session',
    collected: 'notes: wipes what is in a session that is collected',
  },

  'packages/node/src/adapters/axios.ts': {
    done: 'notes: instances of axios that were prepared',
    unwrapped: 'notes: what our functions among those of transformRequest call',
  },
  'packages/node/src/adapters/tls-required.ts': {
    refusers: 'notes: functions that were made here',
    guarded: 'notes: sockets on which nothing goes out in plain text',
  },
  'packages/node/src/blocking/socket-worker.ts': {
    'buffer, waiting, ended, shut, closing, lingering, dropped': 'program: a worker has one socket',
  },
  'packages/node/src/duplex/node-error.ts': { told: "notes: Node's form of an error" },
  'packages/node/src/duplex/stream-base.ts': { found: 'once: a class of Node' },
  'packages/node/src/tls/connect.ts': { 'warned, warnedOfAddress': 'once: a warning, as node:tls gives it' },
  'packages/node/src/tls/errors.ts': { told: "notes: Node's form of an error" },
  'packages/node/src/tls/keylog-file.ts': { 'warned, failed': 'once: a warning, as node:tls gives it' },
  'packages/node/src/tls/secure-context.ts': {
    contexts: 'notes: the context of a SecureContext',
    kept: 'notes: the options of a SecureContext',
  },

  'packages/pure/src/auth/chain.ts': {
    TRUST: 'notes: the anchors of a configuration, parsed',
    VERIFIERS: 'notes: the verifier that remembers, for the one that does not',
  },
  'packages/pure/src/auth/parsed.ts': { kept: 'cache: 64 certificates (MOST) of 8 KiB at most (LONGEST)' },
  'packages/pure/src/auth/sign.ts': { KEYS: 'notes: the imported key of a credential' },
  'packages/pure/src/crypto/chacha.ts': { ZEROS: 'constant: zeros' },
  'packages/pure/src/crypto/gcm.ts': { ZERO_BLOCK: 'constant: zeros' },
  'packages/pure/src/crypto/guard.ts': { GUARDED: 'notes: the guarded form of a provider' },
  'packages/pure/src/crypto/host.ts': { made: 'once: the provider of this host' },
  'packages/pure/src/crypto/kernels/aes.ts': { 'state, substituted': 'scratch: of one batch, wiped' },
  'packages/pure/src/crypto/kernels/ghash.ts': { 'factors, products': 'scratch: of one multiplication' },
  'packages/pure/src/crypto/kernels/x25519.ts': {
    'bits, whole': 'scratch: of one multiplication, wiped',
    'x1, x2, z2, x3, z3, a, b, c, d, e': 'scratch: of one multiplication, wiped',
  },
  'packages/pure/src/crypto/node-bytes.ts': { nowhere: 'once: a port that is closed' },
  'packages/pure/src/crypto/node-groups.ts': { base: 'once: a key', noble: 'once: a module' },
  'packages/pure/src/crypto/software-aead.ts': { scratch: 'scratch: of one record' },
  'packages/pure/src/crypto/tuned-chacha.ts': {
    'words, bytes, nonceWords, nonceBytes, oneTimeKey, blockWords, blockBytes, tag, mac':
      'scratch: of one record, wiped',
  },
  'packages/pure/src/crypto/tuned-gcm.ts': {
    'words, bytes, keyStream, mask, blockWords, blockBytes, tag': 'scratch: of one record',
  },
  'packages/pure/src/flow/hello.ts': { DESCRIBED: 'notes: the ClientHello of an offer' },
  'packages/pure/src/keys/hkdf.ts': {
    LABELS: 'cache: 64 labels (MAX_LABELS)',
    EMPTY_HASHES: 'notes: the hash of nothing',
  },
  'packages/pure/src/keys/schedule13.ts': { WITHOUT_PSK: 'notes: the early secret without a PSK, which is public' },
  'packages/pure/src/record/pool.ts': { free: 'cache: 8 buffers (KEPT)' },
  'packages/pure/src/session/resume.ts': { OFFERINGS: 'notes: what binds sessions of a configuration' },
  'packages/pure/src/session/session.ts': {
    COLLECTED: 'notes: wipes what is in a session that is collected',
    read: 'once: a getter that only this package may call',
  },

  'packages/result/src/bytes.ts': { EMPTY: 'constant: no bytes' },
  'packages/result/src/names.ts': { 'suites, extensions, groups, schemes, versions': 'once: a table of names' },
  'packages/result/src/directory-string.ts': { utf8: 'once: a decoder' },
  'packages/result/src/pem.ts': { values: 'once: a table' },
  'packages/result/src/texts/none.ts': { CODES: 'constant: refuses to be written' },
  'packages/roots/src/index.ts': { anchors: 'once: the roots, read' },

  'packages/ssl/src/credential.ts': {
    MADE: 'notes: our copy of a credential',
    OWN: 'notes: copies that were made here',
    SIGNERS: "notes: the caller's signer behind ours",
  },
  'packages/ssl/src/session-binding.ts': { IDS: 'notes: a number for a callback that binds sessions' },
  'packages/web/src/worker/connection.ts': { make: 'once: a constructor that only this package may call' },

  'packages/x509/src/constraints.ts': { 'made, lowered, told': 'notes: what was made of a name or a constraint' },
  'packages/x509/src/crypto/curves.ts': { p224: 'once: a curve' },
  'packages/x509/src/crypto/node.ts': { keys: 'cache: 256 keys (MAX_KEYS)', 'mlDsa, curves': 'once: a module' },
  'packages/x509/src/crypto/webcrypto.ts': { keys: 'cache: 256 keys (MAX_KEYS)' },
  'packages/x509/src/name.ts': { canonical: 'notes: the canonical text of a name' },
};
