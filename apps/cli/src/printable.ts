/** @module Text that comes from the other side, or from whoever typed it, safe to print. */

/** It may not move the cursor: each control character but TAB becomes U+FFFD. */
export const printable = (text: string): string => text.replace(/[^\P{C}\t]/gu, '�');
