import { createRequire } from 'node:module'
import { Misuse } from '../command.ts'
import { type Tree, Written } from './tree.ts'

/** Read where it is needed: most commands meet no YAML, and each would begin later for it. */
const reader = () => createRequire(import.meta.url)('yaml') as typeof import('yaml')

/** As often as this may what is written once be meant again; a file that grows beyond is no settings file. */
const aliasesMax = 100

/** YAML 1.2, one document. Its errors name the line, and never what stands there. */
export function yamlTree(text: string): Tree {
  const { isScalar, LineCounter, parseDocument, visit } = reader()
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const [error] = document.errors
  if (error !== undefined)
    throw new Misuse(`The file is no YAML: ${error.code} at line ${lines.linePos(error.pos[0]).line}.`)
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key)) throw new Misuse('The file has a list or an object as a name.')
    },
    Scalar(at, node) {
      if (at === 'key') node.value = node.source ?? String(node.value)
      else if (typeof node.value === 'number') node.value = new Written(node.source ?? String(node.value))
      else if (node.value !== null && !['string', 'boolean'].includes(typeof node.value)) {
        throw new Misuse(
          `The file has a value of the type ${node.tag ?? typeof node.value}, which no setting can have.`,
        )
      }
    },
  })
  try {
    return document.toJS({ maxAliasCount: aliasesMax }) as Tree
  } catch {
    throw new Misuse('The file repeats itself by aliases beyond measure.')
  }
}

/** Text that reads as anything else, also to readers of YAML 1.1, is put in quotes. */
export const yamlText = (tree: Tree): string =>
  reader().stringify(plain(tree), { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' })

function plain(tree: Tree): unknown {
  if (tree instanceof Written) return /^-?\d+$/.test(tree.text) ? BigInt(tree.text) : Number(tree.text)
  if (Array.isArray(tree)) return (tree as readonly Tree[]).map(plain)
  if (typeof tree !== 'object' || tree === null) return tree
  return Object.fromEntries(Object.entries(tree).map(([name, inner]) => [name, plain(inner as Tree)]))
}
