import * as prettier from 'prettier'

/** A node of a Markdown document. */
export interface MarkdownNode {
  readonly type: string
  readonly value?: string
  readonly url?: string
  readonly children?: readonly MarkdownNode[]
}

/** prettier's parser, which its types do not mention. */
const { __debug: debug } = prettier as unknown as {
  __debug: { parse: (text: string, options: object) => Promise<{ ast: MarkdownNode }> }
}

/** All nodes of a Markdown document. Prettier's parser knows tables, and URLs that are links by themselves. */
export async function parseMarkdown(text: string): Promise<MarkdownNode[]> {
  const { ast } = await debug.parse(text, { parser: 'markdown' })
  const nodesIn = (node: MarkdownNode): MarkdownNode[] => [node, ...(node.children ?? []).flatMap(nodesIn)]

  return nodesIn(ast)
}
