import t from 'tap'
import { placeholderIn } from '../../src/ca-bundle/placeholder.js'

t.test('finds what nothing has replaced, with the way to replace it', (t) => {
  const table: readonly (readonly [text: string, found: string, fix: RegExp])[] = [
    ['${CA_BUNDLE}', '${CA_BUNDLE}', /envsubst/],
    ['${CA_BUNDLE}\n', '${CA_BUNDLE}', /envsubst/],
    ['LS0t${CA}', '${CA}', /envsubst/],
    ['$CLUSTER_CA', '$CLUSTER_CA', /envsubst/],
    ['{{ .Values.caBundle }}', '{{ .Values.caBundle }}', /helm template/],
    ['{{- b64enc $ca.Cert -}}', '{{- b64enc $ca.Cert -}}', /helm template/],
    ['$(cat ca.pem | base64 -w0)', '$(cat ca.pem | base64 -w0)', /output of the command/],
    ['$(CA_BUNDLE)', '$(CA_BUNDLE)', /value of the variable/],
    ['<base64-encoded CA>', '<base64-encoded CA>', /PEM certificate of the CA/],
    ['<CA_BUNDLE>', '<CA_BUNDLE>', /PEM certificate of the CA/],
    ['CA_BUNDLE_PLACEHOLDER', 'CA_BUNDLE_PLACEHOLDER', /PEM certificate of the CA/],
    ['__CA_BUNDLE__', '__CA_BUNDLE__', /PEM certificate of the CA/],
    ['@CABUNDLE@', '@CABUNDLE@', /PEM certificate of the CA/],
    ['REPLACE_ME', 'REPLACE_ME', /PEM certificate of the CA/],
    ['changeme', 'changeme', /PEM certificate of the CA/],
    ['your-ca-here', 'your-ca-here', /PEM certificate of the CA/]
  ]
  for (const [text, found, fix] of table) t.match(placeholderIn(text), { text: found, fix }, text)
  t.end()
})

t.test('takes nothing else for a placeholder', (t) => {
  const others = [
    '',
    '\n',
    'hello',
    'LS0tLS1CRUdJTg==',
    '$',
    '{{',
    '${',
    '<>',
    '< a',
    'TODO'.repeat(100),
    '%%%'
  ]
  for (const text of others) t.equal(placeholderIn(text), undefined, text)
  t.end()
})
