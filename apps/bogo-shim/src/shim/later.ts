/** @module Answers that come from elsewhere. */

/** A promise for an answer that is not there before the event loop has turned. */
export const later = <T>(answer: () => T): Promise<T> =>
  new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(answer());
      } catch (error) {
        reject(error as Error);
      }
    });
  });
