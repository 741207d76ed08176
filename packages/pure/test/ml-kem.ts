/**
 * ML-KEM-768 as OpenSSL 3.5 has it: the key pair of the seed 00, 01, … 3f, one encapsulation to it, and what an altered
 * one comes to.
 */

/** SHA-256 of the encapsulation key, hexadecimal. */
export const EK_SHA256 = '0b7934c83125c788995e2ba6bd761e33046b3e40571be53e023309a29f398cc9';
/** The ciphertext, base64. */
export const CIPHERTEXT: string =
  'NwyKJYcUm/AKq7tBrjfz9CXOtWMoWnTvnyYcoCh6LIhqRtrmPNnTrPShs6NcwAb3k8+cZm5IbkJ8lwoSGuttYXgYRya34u98drIktUBbe+RBRMZrihS+i7th' +
  '/eBdQtUWUAgydJJlKWTd5VTEmUr5duXHM9fNRtvA6sXaF3aS5aizp3nqEpaoGEKOMhdmPCbtnVPJV3wK6wCVtu+dMyVCNzqrS0TUnIhg69m9UniorvlXVW+u' +
  'WupFrrwcN3LXHtaHA6uxMdNYhMV7elfWlAIYvVgPbDMtvRP3TQX0hk+gaq5RUPH6BW9xwQEHYyrw9gE+YneCzCq6o2fVp7EIxsMJPDZcxmRhDSLdA62nmgqs' +
  'UGxgyxMi24BYIhicJa/ESg3+3K37CH4yclOWXGbv7RtfKrO18y2UEgOT2ZTPaB+9x6LG/cWaJr1q/ViaQoT2Cl2pCQOqzAHuw0Qmes0ub4on+XCE/OCkT4H6' +
  'zU9Lw6/2OmwO6RV5m/X8FhTMrj1MZqiscasVkiGe2UlONPLnqZhEgaorUPWV25YVSi/z3D0Egjlp/8TcTdTNCVyUTQQeP6NVFENQjvFG7LfDYF5xl+YfoVPN' +
  'fBu/VaaCTc86ltWQG3DGgoUcs0rMBJPtpHRCqPWE+hXHaYCmRj2V6NIDSIl8XQHk1if/rZ8NTb7k6EWBIkWpOis657Txsl/3X2VMNqhGGaQceNJnsKXMKav7' +
  'KQVHhSm8nNZYVHjsFRLf81OJLIhgok5ZYAaU4CwivOflNNg48iPYAk1dt1Kbo09kunBLor6wK9xop+45EK6im66gItX0MimCWFPrUydyIPNUj1YqhUu7+QJi' +
  'C4bPa+2WY3rb8k/FG9oolMysEK1qedMu4x2aYERsheojvgL4J5NpJt0JsYYE6iFRiVdp4X3Yr3fHvkclSJwX7dkcZRS6NSM49Mo+wmNulZ1HnAuY4Meb92ja' +
  'oaT60o0qjdDp3rvIazWo1CLTzJ23+ID+at5QK6uE5L1xzgR8RjvcEndCbQlImDYhBSV9YNkTUcNEmxRW3DtgnjeoAqXdBT6Ya9T9YZFOTq0f/HbUMVPVTJVd' +
  'l3L3EqlgcpR1BBJAsorwwhqsMre/XzFzxrIjPRjZEiZVFM5j0uS/9XMzEvqsYq4d8JDb1AOT44PBSQ3VhATUAQx6ZjvZRkZyDgCEuqYuzwvjMOaWJwiwlw2j' +
  'vAW2ohwA2Lt+pzXP1rrO0j0NzhkRGRwlgVJkY/bCs5e0zMqETQ5S+UNBWYSKDsBpi3dzTDrwkxlBYjlFJPKJIrUwaZ2Lk2fOVX4hD3yGkDq8A7+cs5fn6GUy' +
  '38JxlnpNeCYx6fMWNhD2Dk2/7e/Fb7cmbdkks4cmPXCr4oID6y+dGBE5T3W9z7DrM2uOfvJmMecmDMenbYtPND4JlKO9DrsTF31LEOHXyiNQB4OsITD+3T36' +
  'TBhhZK6FKuI=';
/** The shared secret, hexadecimal. */
export const SHARED = '81008f1611330c4d69ee4bc8624d665bf1eed32907d78b1940441f52b0f8c171';
/** What comes out when the first bit of the ciphertext is another: implicit rejection, FIPS 203 algorithm 18. */
export const REJECTED = '2980010ef668ead687829f3c69c3738482613b664b59bbed5d0d50e69391b5c9';
