/**
 * @module A good signature of each algorithm over the same message, made by OpenSSL: a platform's verifier must accept
 * it to be considered to support the algorithm.
 *
 * They distinguish a platform's failure from the peer's: a verifier that throws for a known good signature would throw
 * for any.
 */
import { concat, fromHex } from '@ferrule/result/bytes';
import type { Curve, PublicKey } from '../public-key.ts';
import { hashBits, type SignatureAlgorithm, type SignatureHash } from '../signature.ts';

export interface KnownAnswer {
  readonly algorithm: SignatureAlgorithm;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * For a key of this kind; for ECDSA with its curve's hash. `undefined` if there is none: ML-DSA, whose signatures are
 * long, non-NIST curves, RSA over SHA-224 or SHA-3, and unknown keys.
 */
export function knownAnswer(algorithm: SignatureAlgorithm, key: PublicKey): KnownAnswer | undefined {
  const row = rowOf(algorithm, key);
  return row && { algorithm, ...row, message: MESSAGE };
}

function rowOf(algorithm: SignatureAlgorithm, key: PublicKey): Row | undefined {
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
      return rsaRow(key, RSA_PKCS1[algorithm.hash]);
    case 'rsa-pss': {
      const { kind, hash } = algorithm;
      // Regardless of the requested salt and mask: this signature's salt is as long as its hash
      const row = rsaRow(key, RSA_PSS[hash]);
      return row && { ...row, algorithm: { kind, hash, saltLength: hashBits(hash) / 8 } };
    }
    case 'ecdsa':
      return key.kind === 'ec' ? ECDSA[key.curve] : undefined;
    case 'ed25519':
      return ED25519;
    case 'ed448':
      return ED448;
    default:
      return undefined;
  }
}

type Row = Pick<KnownAnswer, 'spki' | 'signature'> & Partial<KnownAnswer>;

const rsaRow = (key: PublicKey, signature: Uint8Array | undefined): Row | undefined =>
  signature && { spki: key.kind === 'rsa-pss' ? asPssKey(RSA) : RSA, signature };

/** `ferrule` in ASCII. */
const MESSAGE = fromHex('66657272756c65');

/** The same key under id-RSASSA-PSS without parameters (RFC 4055 section 1.2). */
function asPssKey(spki: Uint8Array): Uint8Array {
  return concat([fromHex('30820120300b06092a864886f70d01010a'), spki.subarray(19)]);
}

const ECDSA: Readonly<Partial<Record<Curve, Row>>> = {
  'P-256': {
    algorithm: { kind: 'ecdsa', hash: 'sha256' },
    spki: fromHex(
      '3059301306072a8648ce3d020106082a8648ce3d03010703420004dbb77613e95918950eb39186a6eb3e914efa220e7c89164c4ca6055114' +
        '95da0568e0414f83d151a75f6f5cdf57a0667ac70f999544840429e54233a6ada3a9ed',
    ),
    signature: fromHex(
      '304402203a34adf9f21bf0a12e818896ee7f9a04a50be159ef37765356adca2dda31c85c022007a45d453f6c9a1957785280ff02e4933639' +
        '78bfbc6260e1583a9e092a2e0fc8',
    ),
  },
  'P-384': {
    algorithm: { kind: 'ecdsa', hash: 'sha384' },
    spki: fromHex(
      '3076301006072a8648ce3d020106052b81040022036200041cb7d4a550fef4bb3f72e483e0ef1c545af3e9699204119a09d8230750f5e79b' +
        '24bdc296cecd90621933322a43615846291b6837b6f62d2501e35d7f25f8268d830ea45c12f1c3df9468f58fe9b3709b3d734d64020ae2c4' +
        '2d87982b57f612e6',
    ),
    signature: fromHex(
      '3065023100f6f7cdf4d1960ac969374313328f9739c9d0a83824cf18b58e34f4e393f98f3c79794b2dec54b75f18469c50bafc0c3802306f' +
        '019212cab7127b6ee196f909fa3e61b371c6d82a0c4fa1b32eb539487ab41f9f4133d5d79c5971212cb799e9897a68',
    ),
  },
  'P-521': {
    algorithm: { kind: 'ecdsa', hash: 'sha512' },
    spki: fromHex(
      '30819b301006072a8648ce3d020106052b81040023038186000400cfbd051401e6e5115fa7d3ec16c8d5bb4a0335c3f2e9bf933f031fcd84' +
        'bc5b1a23a57f6f6d069785fd5ac784ca7653b5ae95abc2011d80686e44587ed524b98246019f8310b54a464c08864e965c57c616de3e50f7' +
        'c7faa35bb0ea1e574b7f7b9aac260621a265260940cc5845a372934f13e35ef8110630c472fd44a4c3e23e226d01',
    ),
    signature: fromHex(
      '3081880242017508cb384c2c8c018f7f451faae862ec05b91ec8dd90995da6ed1a07fa3629b3b862f2aea2a2310995ab82670b7d8b36d4d0' +
        '78aa0210eff6bb2c82f1d6bc7f6522024200b935edbcc3d0d7b669c2bef30d09867f4517412998343952b3fb016c91d6a19faae4fdb2bf12' +
        '5bad656a5adf9fb96bb23c82deac19d8ef8534937c7c960b66d5b3',
    ),
  },
};

const ED25519: Row = {
  spki: fromHex('302a300506032b65700321000d0093186c6ba2f169a1be8730567bb088b27b738b8093e232d90ec4430a8bf0'),
  signature: fromHex(
    '5c345e5326d85782fba63b2f0a61b45972b445b1da3ae1791084fdd24c15b67046cd1ad06178dcf7c32c2f0854d2a3a93b9616438302b38e' +
      '23f1ec7d5f35b700',
  ),
};

const ED448: Row = {
  spki: fromHex(
    '3043300506032b6571033a00a7e0b3b037f944cae5dfba41e7df16470e2f900f211a73ff3bb5c0e700c845a26050f94668a3ba2a038c3882' +
      'c8f1ebf2cb69d9cdfb426de180',
  ),
  signature: fromHex(
    '45d2e5a3cb5a9c0e80dcd5742b20455f7c912eb486ef2c8e36f1b2836b418d5a56fcd6e49ff873cc7c28c1202044751ad533ea2b93cf1eb5' +
      '0085195184b665ea906780cda3a33fed257d8a9ff6a215b31813fbd66b206113e55ce56d94b07ec8d5e92b7ab03e88b23f181005afbb3679' +
      '3000',
  ),
};

/** 2048 bits. */
const RSA = fromHex(
  '30820122300d06092a864886f70d01010105000382010f003082010a0282010100bf89a4e0412d87449f9c2bed912c1ad85905b65653e78a' +
    '7084e3aa0f7a755d467e90ce4f361094b1dd4f62634467049d6731811948822cbfd2a52f3430bf1ff4b5ea59980a16bcf7d0247511239036' +
    '0e2be0fcd8ad6380c679267e849f8c25bdbe18800e72a0dd496534d99ddf04c1efc8f9e37da1bf919f3ef837a70f792a053cb1f13b8f54f1' +
    '9c2e3681150f4482d2b31d4aa37d009f5d395af97a62045f28dd172517dd76079c6d65897c1dee4b6e23d7d1eb4c51516a4e04fa137b27b2' +
    '67f1f3385cfe590dfd509119e0798843a3dc6b6874f37e32b87a3cf8c4609421dd6a05ebb8d3c460e769a4e2e8e4c788da8309422079da9d' +
    'a9ca40ff23ac680cd70203010001',
);

const RSA_PKCS1: Readonly<Partial<Record<SignatureHash, Uint8Array>>> = {
  sha256: fromHex(
    '52763f69bf746a9b2e680e64351f014e847c54ebac0edbd4bd349f881ab52d5ab14901e5e046c627448715abd924873069c2ab0b2d103095' +
      '587a61662a9076222e9f67b70d41e2cf2a4f7ec461333d380e4921138139382735f00708a465a51dd6a0a180f832efcc90a15fe847d9fc26' +
      '460606dc11f4dea0007bebb7c5c8e64e2e4ea3fb4e78be4944210d190dc7fb75f711e9534b5a84ce777342f50bc19bf1327a9e9bc38dca10' +
      '0f9f8091c8f6b96e2d88ac144ddbb88d25bb7dac8ea714d9eaf30b9a8654e61d27e266bc6de375b8dc06211c0cbe4c576550901b2657ed57' +
      '852ec523c906ebcf2278f159c40bef98ddcc92f8a3435085c88e69573657aece',
  ),
  sha384: fromHex(
    '5ae2503da7ce5ca498e6bf81c40b7a3cdb583e1b059429a5187168ab3542b8c077f29299734c3d2e9e73f38d4475cb6bbb67e6ca7b03288b' +
      '9efa0157e205401cd9ff94e3bbdd05b210721fb94bc63d94ea5d50f518dc94942e4eec6f5c43c444c35b810e546937320316c91d88794b97' +
      '0a437638feccbe08dac18270c8170fa9b9b453d839c051f30af8a2ec4be39c85d5c159e639bc08a2167d1f86a70098ddf428285df475c003' +
      'f38dc7091dd5c439998eee301e953c54084fec2bc052b4a727b5e168a6ca23869d5cc8f31b812728a77cbb3e16b52520de01270254e09355' +
      '6a1c9119a47b8fea352c6b736a11a51a8a6ff4f1b47b73b2225d289ff7f20cbc',
  ),
  sha512: fromHex(
    'a52c7ab31182ae23bdb7eb8ede742388d98422c4f5ace57e755df534b3c7f877bf1fccd4308fcfff0c8d5437d80b65eb3148c0d819fbded1' +
      '241c80003defd2d1351ed3b78eff95d72a738c768cf66f5088d4782898ad2d0daa20f0c0b135b992413f104192f4daad55aab867ac67d9c6' +
      '7c9ad354c35002db098a481a34b1d9adcf0ffc02ca11109ada8da8e041ca5e331742345c5ae0ae6305287c7c08a29b515c6b0b36421c0bf4' +
      'e68c8ec034466598b6833d3a9c70ca1cd9f3463682e8fc5e11626fd5fc1deb1be77dafd66c8c1e76aff36826efdc62dd8aa85621947d22b4' +
      '12ab0c96819ce42254291400a8a1d240b7cbe587dee23ce686baf049a38a7746',
  ),
};

const RSA_PSS: Readonly<Partial<Record<SignatureHash, Uint8Array>>> = {
  sha256: fromHex(
    'b79d621f6ec8584278aeb5a22534a51472fd26c9eebfe3808c0ff666d6e90cbb51b7c873cee5ff4b474e6fc2faefc02c8c05f7e767b4f5cf' +
      'a3ecf49f84477cf02256d0c002d6a04cd45b3e574ccb18254ade9eb68d76a213c55085fcdec9eff95cc7ec7a982fe0b5c807f52117d0de56' +
      '57071520c9b3296de5d1a76d4ee461678cd49757a0c084d945a4e814800695f058bc290137a9d02a2a5a179b5c2e31554ebc131b83b9f286' +
      '6d777c67ab1e81351a94e84b82e368e6a64b5c4ad1336c1b404764a83fb4ef986b3ca7de09f8737cad6dd9eca850a8b0f2e0a401291d1588' +
      'f57a0ee989f22d645492d47f7b24bd5697ad4b998ceef8795918709eb84e2e76',
  ),
  sha384: fromHex(
    '3295e63a7f1daba7d2c12fc807b546b16c539f259e7ead8412874d07c33a0f2774dd885e3ef22fc6cf6415d09a4fe4a664e5a3dc7879c31d' +
      'f65f231fa0e9a3e07d1fa4cc529e270756c643ef906772f5f6b2ea34bc598a0354160eea9a6fe11ce31f2b4982fa516b7466bfc2b8bd2507' +
      '543febddbe6f54abf752cb480d2a14b27c7373417ab4ee863d3f01fe154984311f42d01bc42a8cd38c86e23e5ff91f568e07b7757cabdce4' +
      'd04fd203c987a5179f428915c91d27cbc9c11107134935a1a1f9a8e97f79ea4b79e89eddd62b46b288f3201636bf8b9d5044947d0319a2c9' +
      '09621e86e605fe192c0813c6da90b370ee024f4c30d3ecbdddc0cd0046d67948',
  ),
  sha512: fromHex(
    '2b3d2bc689fe3df1fb8e690befc27779186e301d914f4c3df2fa6df1fbc6e67747fcd86974bf9fef4b1536eec1fd1dca1891ca8b7c0ff6b5' +
      'f9c3fe6c444d441d364d740d31779a8414172b7764140c386a1aa3e245b0c9448290724c028fa930aa6c98949d6d9218bb4b12e506c57772' +
      'c52cffc195b55b52342f51a525356545af64d065392413b0fed423204add21d1ce82477ce4cf7f5b9caae88d68738180407c5fd66c376fb6' +
      '527aa6a4a53bc0f7670da5edc8de914a8c97c66962cb3f1d4d4a031f578c1aba812790b68adce47926c51657aff4c3d894eae77f9d28c06a' +
      'dbfebf64d4c7bcd8aed9db87c3bba84ab4d1cd67d5c194533a5ffdcda72b3945',
  ),
};
