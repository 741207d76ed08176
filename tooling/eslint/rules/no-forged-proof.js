/**
 * A class whose name ends in `Proof` and that its module does not export is a proof: only code of that module can make
 * one, with `new`. A type assertion would make one out of anything, so asserting such a type, or `never`, which is
 * every type, is refused.
 */
export const noForgedProof = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      forged:
        '`{{type}}` is a proof, which only the check in its module makes: call the check in place of asserting its type.',
      never: 'An assertion to `never` fits wherever a proof is asked for: assert the type that is meant.',
    },
  },
  create(context) {
    const { program, esTreeNodeToTSNodeMap } = context.sourceCode.parserServices;
    const checker = program.getTypeChecker();
    const judge = (node) => {
      const type = checker.getTypeFromTypeNode(esTreeNodeToTSNodeMap.get(node.typeAnnotation));
      if (node.typeAnnotation.type === 'TSNeverKeyword') return context.report({ node, messageId: 'never' });
      const parts = type.isUnionOrIntersection() ? type.types : [type];
      if (parts.some((part) => isProof(checker, part)))
        context.report({ node, messageId: 'forged', data: { type: context.sourceCode.getText(node.typeAnnotation) } });
    };
    return { TSAsExpression: judge, TSTypeAssertion: judge };
  },
};

function isProof(checker, type) {
  const symbol = type.getSymbol();
  if (!type.isClass() || !symbol.getName().endsWith('Proof')) return false;
  const module = checker.getSymbolAtLocation(symbol.valueDeclaration.getSourceFile());
  return module !== undefined && !checker.getExportsOfModule(module).includes(symbol);
}
