// Every test counts for all of the product's code, and for nothing else.
import { readdirSync } from 'node:fs'

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `src/${file}`)

export default () => sources
