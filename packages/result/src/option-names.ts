/** @module What the options in a hint are called: hints name those of the library, and a command has switches. */

/**
 * A hint with other names for options. `names` has what stands in backticks, whole (`ocsp: "request"`) or up to its first
 * `.`, `[` or `:` (`credentials[0].chain`); what it does not have stays as it is. In a list of options, which commas
 * separate, each name comes once, and an empty one is left out.
 */
export const withOptionNames = (hint: string, names: Readonly<Record<string, string>>): string =>
  hint.replace(/`[^`]+`(?:, `[^`]+`)*/g, (list) => {
    const others = list.split(', ').map((quoted) => {
      const option = quoted.slice(1, -1);
      return names[option] ?? names[option.replace(/[.[:].*/s, '')] ?? quoted;
    });
    return [...new Set(others)].filter((name) => name !== '').join(', ');
  });
