/** @module What the judge complains of. */

/** The engine, or a face, broke a rule of the model. */
export class Finding extends Error {
  override readonly name: 'Finding' = 'Finding';
  /** The rule, the same words each time: shrinking holds on to it. */
  readonly rule: string;

  constructor(rule: string, detail = '', options?: ErrorOptions) {
    super(detail === '' ? rule : `${rule}: ${detail}`, options);
    this.rule = rule;
  }
}

export const describe = (error: unknown): string =>
  error instanceof Error
    ? `${error.name}${'code' in error ? ` ${String(error.code)}` : ''}: ${error.message}`
    : String(error);
