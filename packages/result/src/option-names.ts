/** @module Renames the options in a hint: hints name those of the library, a command has switches. */

/**
 * A hint with other names for options. `names` is indexed by the text in backticks, whole (`ocsp: "request"`) or up to
 * its first `.`, `[` or `:` (`credentials[0].chain`); other text is unchanged. In a comma-separated list of options
 * each name appears once, and an empty one is omitted.
 */
export const withOptionNames = (hint: string, names: Readonly<Record<string, string>>): string =>
  hint.replace(/`[^`]+`(?:, `[^`]+`)*/g, (list) => {
    const others = list.split(', ').map((quoted) => {
      const option = quoted.slice(1, -1);
      return names[option] ?? names[option.replace(/[.[:].*/s, '')] ?? quoted;
    });
    return [...new Set(others)].filter((name) => name !== '').join(', ');
  });
