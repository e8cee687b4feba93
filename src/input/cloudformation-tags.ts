import { type Document, isMap, type Node, visit } from 'yaml'

/** Whether a YAML document is a CloudFormation template rather than a Kubernetes object. */
export const isTemplate = ({ contents }: Document): boolean =>
  isMap(contents) && contents.has('Resources') && !contents.has('kind')

/**
 * Replaces the short forms of CloudFormation functions with the full forms that JSON templates use, and drops
 * their arguments: `!Sub x` becomes `{"Fn::Sub": null}`. Otherwise, an argument would be taken for the value
 * itself.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */
export function expandFunctions(document: Document): void {
  visit(document, {
    Node: (_, node: Node) => {
      if (!('tag' in node) || typeof node.tag !== 'string' || !/^![A-Za-z]/.test(node.tag)) return
      const name = node.tag.slice(1)
      const expanded = document.createNode({ [name === 'Ref' ? name : `Fn::${name}`]: null })
      expanded.range = node.range ?? null
      if ('anchor' in node && typeof node.anchor === 'string') expanded.anchor = node.anchor
      return expanded
    }
  })
}
