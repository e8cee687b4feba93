// What the yaml library itself needs to read a manifest into plain values, with the options of
// src/input/manifests.ts. Argument: the file. Plain JavaScript, so that nothing is compiled in the process
// that is measured.
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
