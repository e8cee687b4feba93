import { readFileSync } from 'node:fs'
import { validateXML } from 'xmllint-wasm'

/** What libxml2 says against JUnit XML: that it is not well-formed, or what Jenkins' schema forbids. */
export async function junitErrors(xml: string): Promise<string[]> {
  const { errors } = await validateXML({
    xml: [{ fileName: 'junit.xml', contents: xml }],
    schema: [readFileSync('test/output/schemas/junit-4.xsd', 'utf8')]
  })

  return errors.map(({ rawMessage }) => rawMessage)
}
