/**
 * @module Where a source can be mutated, and the source with a switch at each such place.
 *
 * One instrumented copy holds every mutant; `globalThis.$mutants` (switch.ts) says which one is active, and is told of
 * each place where being active would have made a difference. A test that never makes a difference cannot kill the
 * mutant, so it need not be run again.
 */
import ts from 'typescript';

/**
 * `refusal`: a refusal is left out. `operand`: one operand of && or || counts for nothing. `edge`: < becomes <=, and so
 * on.
 */
export type Kind = 'refusal' | 'operand' | 'edge';

export interface Mutant {
  /** File, function and text: it stays the same when lines move. */
  readonly id: string;
  readonly kind: Kind;
  readonly line: number;
}

export interface Instrumented {
  readonly code: string;
  readonly mutants: readonly Mutant[];
}

/** Calls that make a refusal, where they are the value of a `return`, of an arrow or of a conditional. */
const MAKES_REFUSAL = /^(breach|unknownBreach|invalid|weak|noPath)$/;
/** Where `false` is a refusal. */
const PREDICATES = /^x509\/|\/auth\//;
/** Errors that no peer can cause. */
const OURS =
  /^new TypeError\b|^TlsError\.is|^fail\('(INTERNAL_ERROR|DISPOSED|BIO_MISSING|CONNECTION_TYPE_NOT_SET|HANDSHAKE_NOT_DONE|PROTOCOL_IS_SHUTDOWN|ASYNC_OPERATION_FAILED)'|^wiped\(/;
/** Calls that never return, as statements. */
const REFUSES = /^(fail|refuse)$/;
const RELATIONS: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.LessThanToken, '<'],
  [ts.SyntaxKind.LessThanEqualsToken, '<='],
  [ts.SyntaxKind.GreaterThanToken, '>'],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>='],
]);

/** @param file - the name that the ids begin with, e.g. `pure/src/flow/client.ts`. */
export function instrument(file: string, source: string): Instrumented {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const mutants: Mutant[] = [];
  const seen = new Map<string, number>();
  const insertions: { readonly at: number; readonly text: string; readonly order: number }[] = [];

  const name = (kind: Kind, node: ts.Node): string => {
    const text = node.getText(tree).replaceAll(/\s+/g, ' ');
    const base = `${file} ${scope(node)}: ${kind} ${text.length > 90 ? `${text.slice(0, 89)}…` : text}`;
    const count = (seen.get(base) ?? 0) + 1;
    seen.set(base, count);
    const id = count === 1 ? base : `${base} #${count}`;
    mutants.push({ id, kind, line: tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1 });
    return JSON.stringify(id);
  };
  /** `order` grows with the depth, so that what encloses opens first and closes last. */
  const wrap = (node: ts.Node, before: string, after: string, depth: number): void => {
    insertions.push(
      { at: node.getStart(tree), text: before, order: depth },
      { at: node.getEnd(), text: after, order: -depth },
    );
  };

  const visit = (node: ts.Node, depth: number): void => {
    if (isRefusalStatement(node)) wrap(node, `{ if (!$mutants.skip(${name('refusal', node)})) `, ' }', depth);
    else if (isRefusalValue(node)) wrap(node, `($mutants.skip(${name('refusal', node)}) ? undefined : `, ')', depth);
    else if (ts.isBinaryExpression(node) && RELATIONS.has(node.operatorToken.kind) && decidesRefusal(node)) {
      wrap(
        node,
        `$mutants.edge(${name('edge', node)}, '${RELATIONS.get(node.operatorToken.kind) ?? ''}', `,
        ')',
        depth,
      );
      insertions.push({ at: node.operatorToken.getStart(tree), text: ', ', order: 0 });
      removals.push([node.operatorToken.getStart(tree), node.operatorToken.getEnd()]);
    }
    if (isOperand(node) && decidesRefusal(node))
      wrap(node, `$mutants.operand(${name('operand', node)}, ${String(isOfAnd(node))}, `, ')', depth - 0.5);
    ts.forEachChild(node, (child) => visit(child, depth + 1));
  };
  const removals: (readonly [number, number])[] = [];
  visit(tree, 1);
  return { code: apply(source, insertions, removals), mutants };
}

/**
 * `throw fail(…)`, `reader.refuse(…)`, `if (…) return breach(…)`: of a peer, so neither what a caller did wrong, nor
 * we, nor what only passes an error on.
 */
function isRefusalStatement(node: ts.Node): boolean {
  if (ts.isThrowStatement(node)) return !ts.isIdentifier(node.expression) && !OURS.test(node.expression.getText());
  if (ts.isExpressionStatement(node) && ts.isCallExpression(node.expression))
    return REFUSES.test(calleeName(node.expression));
  return (
    ts.isReturnStatement(node) &&
    ts.isIfStatement(enclosing(node)) &&
    node.expression !== undefined &&
    isRefusal(node.expression)
  );
}

/** Whether a condition, of which this is a part, is followed by a refusal, or is what a predicate answers. */
function decidesRefusal(part: ts.Node): boolean {
  let node = part;
  while (
    ts.isBinaryExpression(node.parent) ||
    ts.isParenthesizedExpression(node.parent) ||
    ts.isPrefixUnaryExpression(node.parent)
  )
    node = node.parent;
  const { parent } = node;
  if (ts.isIfStatement(parent) && parent.expression === node) return refusesIn(parent.thenStatement);
  if (ts.isConditionalExpression(parent) && parent.condition === node)
    return isRefusal(parent.whenTrue) || isRefusal(parent.whenFalse);
  return ts.isReturnStatement(parent) || (ts.isArrowFunction(parent) && parent.body === node);
}

function refusesIn(statement: ts.Statement): boolean {
  if (ts.isBlock(statement)) return statement.statements.some(refusesIn);
  return (
    isRefusalStatement(statement) ||
    (ts.isExpressionStatement(statement) &&
      ts.isCallExpression(statement.expression) &&
      REFUSES.test(calleeName(statement.expression)))
  );
}

/** Where the refusal is a value and no statement of an `if`. */
function isRefusalValue(node: ts.Node): boolean {
  if (!isRefusal(node) || node.kind === ts.SyntaxKind.FalseKeyword) return false;
  const { parent } = node;
  if (ts.isReturnStatement(parent)) return !ts.isIfStatement(enclosing(parent));
  return (
    ts.isConditionalExpression(parent) ||
    ts.isArrowFunction(parent) ||
    (ts.isBinaryExpression(parent) && parent.right === node)
  );
}

const isRefusal = (node: ts.Node): boolean =>
  (ts.isCallExpression(node) && MAKES_REFUSAL.test(calleeName(node))) ||
  (node.kind === ts.SyntaxKind.FalseKeyword &&
    ts.isReturnStatement(node.parent) &&
    PREDICATES.test(node.getSourceFile().fileName)) ||
  (ts.isObjectLiteralExpression(node) &&
    ['code', 'verify'].every((key) => node.properties.some(({ name }) => name?.getText() === key)));

/** The statement that a statement stands in, without its braces. */
function enclosing(node: ts.Node): ts.Node {
  return ts.isBlock(node.parent) && node.parent.statements.length === 1 ? node.parent.parent : node.parent;
}

function calleeName({ expression }: ts.CallExpression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : '';
}

const isLogical = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) &&
  (node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken ||
    node.operatorToken.kind === ts.SyntaxKind.BarBarToken);

/** An operand of && or || that is none of them itself. */
function isOperand(node: ts.Node): node is ts.Expression {
  if (isLogical(node) || ts.isParenthesizedExpression(node)) return false;
  return (
    node.parent !== undefined &&
    isLogical(outsideParentheses(node).parent) &&
    outsideParentheses(node) !== (outsideParentheses(node).parent as ts.BinaryExpression).operatorToken
  );
}
const isOfAnd = (node: ts.Node): boolean =>
  (outsideParentheses(node).parent as ts.BinaryExpression).operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken;

function outsideParentheses(node: ts.Node): ts.Node {
  let outer = node;
  while (ts.isParenthesizedExpression(outer.parent)) outer = outer.parent;
  return outer;
}

/** The names of the functions and classes around a node, e.g. `Connection.#poll`. */
function scope(node: ts.Node): string {
  const names: string[] = [];
  for (let outer: ts.Node | undefined = node.parent; outer !== undefined; outer = outer.parent) {
    if (
      (ts.isFunctionDeclaration(outer) ||
        ts.isMethodDeclaration(outer) ||
        ts.isClassDeclaration(outer) ||
        ts.isAccessor(outer) ||
        ts.isPropertyAssignment(outer)) &&
      outer.name !== undefined
    )
      names.unshift(outer.name.getText());
    else if (ts.isConstructorDeclaration(outer)) names.unshift('constructor');
    else if (ts.isVariableDeclaration(outer) && outer.initializer !== undefined && ts.isIdentifier(outer.name))
      names.unshift(outer.name.text);
  }
  return names.join('.');
}

function apply(
  source: string,
  insertions: readonly { readonly at: number; readonly text: string; readonly order: number }[],
  removals: readonly (readonly [number, number])[],
): string {
  // At one position, what closes (negative order, the innermost first) goes before what opens (the outermost first).
  const sorted = [...insertions].sort(
    (a, b) => a.at - b.at || Math.sign(a.order) - Math.sign(b.order) || a.order - b.order,
  );
  const gone = new Map(removals);
  let out = '';
  let at = 0;
  const copy = (to: number): void => {
    while (at < to) {
      const end = gone.get(at);
      if (end !== undefined) at = end;
      else out += source.charAt(at++);
    }
  };
  for (const insertion of sorted) {
    copy(insertion.at);
    out += insertion.text;
  }
  copy(source.length);
  return out;
}
