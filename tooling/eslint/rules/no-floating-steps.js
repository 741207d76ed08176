/**
 * A call that returns a generator does nothing until someone resumes it, so a forgotten `yield*` is a step of the
 * handshake that never happens. Such a call must be delegated to, returned, or passed on to someone who runs it.
 */
export const noFloatingSteps = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      floating: 'These steps never run: write `yield* {{call}}(…)`.',
      star: '`yield` hands the steps out without running them: write `yield* {{call}}(…)`.',
    },
  },
  create(context) {
    const { sourceCode } = context;
    const { program, esTreeNodeToTSNodeMap } = sourceCode.parserServices;
    const checker = program.getTypeChecker();
    return {
      CallExpression(node) {
        if (!isSteps(checker, checker.getTypeAtLocation(esTreeNodeToTSNodeMap.get(node)))) return;
        const call = sourceCode.getText(node.callee);
        const value = carrier(node);
        if (value.parent.type === 'YieldExpression' && !value.parent.delegate)
          context.report({ node, messageId: 'star', data: { call } });
        else if (!runs(value, sourceCode, new Set())) context.report({ node, messageId: 'floating', data: { call } });
      },
    };
  },
};

/** `Generator`, whatever alias it goes by, alone or as part of a union. */
function isSteps(checker, type) {
  if (type.isUnion()) return type.types.some((part) => isSteps(checker, part));
  return (checker.getBaseConstraintOfType(type) ?? type).getSymbol()?.getName() === 'Generator';
}

/**
 * The outermost expression whose value is that of `node`: through casts, `?:`, `&&`, and the last place of a sequence.
 */
function carrier(node) {
  for (let value = node; ; value = value.parent) {
    const { parent } = value;
    const through =
      [
        'TSAsExpression',
        'TSNonNullExpression',
        'TSSatisfiesExpression',
        'TSTypeAssertion',
        'ChainExpression',
        'LogicalExpression',
      ].includes(parent.type) ||
      (parent.type === 'ConditionalExpression' && parent.test !== value) ||
      (parent.type === 'SequenceExpression' && parent.expressions.at(-1) === value);
    if (!through) return value;
  }
}

/** Does someone run, or take over, the steps that `value` stands for? */
function runs(value, sourceCode, seen) {
  const { parent } = value;
  switch (parent.type) {
    case 'YieldExpression':
      return parent.delegate;
    // What a generator returns is its caller's value, not run by anyone
    case 'ReturnStatement':
      return !enclosingFunction(parent).generator;
    case 'ArrowFunctionExpression':
    case 'SpreadElement':
    case 'PropertyDefinition':
    case 'Property':
    case 'ArrayExpression':
    case 'AssignmentPattern':
      return true;
    case 'CallExpression':
    case 'NewExpression':
      return parent.arguments.includes(value);
    // Driven by hand; any other property is one of the value that the steps were mistaken for
    case 'MemberExpression':
      return parent.object === value && (parent.computed || ['next', 'return', 'throw'].includes(parent.property.name));
    case 'ForOfStatement':
      return parent.right === value;
    case 'VariableDeclarator':
      // `const [first] = steps()` iterates, `const { field } = steps()` takes the steps for their value
      if (parent.id.type !== 'Identifier') return parent.id.type === 'ArrayPattern';
      if (parent.parent.parent.type === 'ExportNamedDeclaration') return true;
      return readersRun(sourceCode.getDeclaredVariables(parent)[0], sourceCode, seen);
    case 'AssignmentExpression':
      if (parent.left.type !== 'Identifier') return parent.left.type !== 'ObjectPattern';
      return readersRun(variableOf(parent.left, sourceCode), sourceCode, seen);
    default:
      return false;
  }
}

function enclosingFunction(node) {
  let up = node.parent;
  while (!['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(up.type)) up = up.parent;
  return up;
}

/** A variable that holds steps: one of the places that read it must run them. */
function readersRun(variable, sourceCode, seen) {
  if (variable === undefined || seen.has(variable)) return variable === undefined;
  seen.add(variable);
  return variable.references.some(
    (reference) => reference.isRead() && runs(carrier(reference.identifier), sourceCode, seen),
  );
}

function variableOf(identifier, sourceCode) {
  for (let scope = sourceCode.getScope(identifier); scope !== null; scope = scope.upper) {
    const variable = scope.set.get(identifier.name);
    if (variable !== undefined) return variable;
  }
  return undefined;
}
