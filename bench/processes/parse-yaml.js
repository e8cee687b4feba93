// Reads a manifest into plain values with the yaml library alone and the options of src/input/manifests.ts.
// Argument: the file. Plain JavaScript, so that the measured process does not compile TypeScript.
import { readFile } from 'node:fs/promises'
import { LineCounter, parseAllDocuments } from 'yaml'

const text = await readFile(process.argv[2], 'utf8')
const objects = parseAllDocuments(text, {
  lineCounter: new LineCounter(),
  merge: true,
  resolveKnownTags: false,
  logLevel: 'silent'
}).map((document) => document.toJS())
process.stdout.write(`${objects.length} objects\n`)
