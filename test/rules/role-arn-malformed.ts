import { known } from '../../src/model/fact.js'
import { accountFacts } from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const arn = 'arn:aws:iam::111122223333:role/cart'

const composing = accountFacts({}, { settings: { composeRoleArn: true, source: 'read' } })

export const cases: readonly Case[] = [
  { why: 'well-formed', annotation: arn },
  { why: 'no annotation', annotation: undefined },
  {
    why: 'ARN of a policy',
    annotation: 'arn:aws:iam::111122223333:policy/cart',
    message: /ARN of a policy, not of a role/
  },
  { why: 'ARN of a user', annotation: 'arn:aws:iam::111122223333:user/cart', message: /ARN of a user/ },
  { why: 'ARN of a group', annotation: 'arn:aws:iam::111122223333:group/cart', message: /ARN of a group/ },
  {
    why: 'ARN of an instance profile',
    annotation: 'arn:aws:iam::111122223333:instance-profile/cart',
    message: /ARN of an instance profile/
  },
  {
    why: 'ARN of an assumed-role session',
    annotation: 'arn:aws:sts::111122223333:assumed-role/cart/me',
    message: /assumed-role session/,
    fix: /write arn:aws:iam::111122223333:role\/cart/
  },
  {
    why: '9 digits, as in a tutorial',
    annotation: 'arn:aws:iam::123456789:role/cart',
    message: /123456789" has 9 digits; expected 12/
  },
  {
    why: '11 digits',
    annotation: 'arn:aws:iam::11122223333:role/cart',
    message: /11 digits/,
    fix: /arn:aws:iam::011122223333:role\/cart/
  },
  { why: '13 digits', annotation: 'arn:aws:iam::1111222233334:role/cart', message: /has 13 digits/ },
  {
    why: 'longer than any ARN',
    annotation: `arn:aws:iam::111122223333:role/${'a/'.repeat(1020)}cart`,
    message: /the annotation is 2075 characters long, but a role ARN has at most 2048: "arn:aws:iam::/
  },
  {
    why: 'unterminated templates, longer than any ARN',
    annotation: '${'.repeat(131_072),
    message: /is 262144 characters long/
  },
  // IAM's API allows almost any character in a path, so these are never denied.
  {
    why: 'a template in the path',
    annotation: 'arn:aws:iam::111122223333:role/${team}/cart',
    message: /contains the unrendered template "\$\{team\}"/,
    fix: /render the template before applying/,
    atAdmission: 'warning'
  },
  {
    why: 'a Helm template in the path',
    annotation: 'arn:aws:iam::111122223333:role/{{.Values.team}}/cart',
    message: /contains the unrendered template "\{\{\.Values\.team\}\}"/,
    atAdmission: 'warning'
  },
  {
    why: 'a placeholder in the path',
    annotation: 'arn:aws:iam::111122223333:role/<path>/cart',
    message: /contains the unrendered template "<path>"/,
    atAdmission: 'warning'
  },
  {
    why: 'a second ARN in the path',
    annotation: `arn:aws:iam::111122223333:role/${arn}`,
    message: /contains a second ARN: "arn:aws:iam::111122223333:role\/arn:aws:iam::111122223333:role\/cart"/,
    fix: /^write arn:aws:iam::111122223333:role\/cart$/,
    atAdmission: 'warning'
  },
  {
    why: 'a second ARN that is not complete',
    annotation: 'arn:aws:iam::111122223333:role/arn:aws:iam/cart',
    message: /contains a second ARN/,
    fix: /^write the ARN of a role/,
    atAdmission: 'warning'
  },
  {
    why: 'a quote in the path',
    annotation: 'arn:aws:iam::111122223333:role/"team"/cart',
    message: /the path of the role contains "/,
    atAdmission: 'warning'
  },
  {
    why: 'an angle bracket in the path',
    annotation: 'arn:aws:iam::111122223333:role/team>/cart',
    message: /the path of the role contains >/,
    atAdmission: 'warning'
  },
  {
    why: 'two slashes in the path',
    annotation: 'arn:aws:iam::111122223333:role//team/cart',
    message: /the path of the role contains two slashes in a row/,
    fix: /^write arn:aws:iam::111122223333:role\/team\/cart$/,
    atAdmission: 'warning'
  },
  {
    why: 'other characters that a path may have',
    annotation: 'arn:aws:iam::111122223333:role/service-role/a$b(c)/cart'
  },
  // With --compose-role-arn, everything without "arn:" is the name of a role.
  { why: 'a bare name that begins with "arn"', annotation: 'arnold', facts: composing },
  { why: 'a path that begins with "arn"', annotation: 'arn/cart', facts: composing },
  {
    why: 'a bare name that begins with "arn", and the settings are not known',
    annotation: 'arnold',
    message: /is a role name, not an ARN: "arnold"/,
    atAdmission: 'warning'
  },
  {
    why: 'an empty name',
    annotation: '',
    facts: composing,
    message: /is empty, so the identity webhook builds the ARN "…:role\/", which is not a valid role ARN$/,
    atAdmission: 'warning'
  },
  {
    why: 'a name with a slash at its beginning',
    annotation: '/team/cart',
    facts: composing,
    message: /builds the ARN "…:role\/\/team\/cart", with two slashes, from "\/team\/cart"/,
    fix: /^write team\/cart$/,
    atAdmission: 'warning'
  },
  {
    why: 'a name that no role can have',
    annotation: 'my role',
    facts: composing,
    message: /"my role" is not the name of a role/,
    fix: /team\/cart/
  },
  {
    why: 'a name that is too long',
    annotation: 'a'.repeat(65),
    facts: composing,
    message: /is not the name of a role/
  },
  {
    why: 'a template as a name',
    annotation: '${role}',
    facts: composing,
    message: /contains the unrendered template/
  },
  {
    why: 'an ARN is used as it is',
    annotation: 'arn:aws:iam::111122223333:policy/cart',
    facts: composing,
    message: /ARN of a policy/
  },
  { why: 'an unterminated template', annotation: '${role', message: /is not a role ARN/ },
  { why: 'no account ID', annotation: 'arn:aws:iam:::role/cart', message: /account ID is missing/ },
  {
    why: 'an account ID that is not a number',
    annotation: 'arn:aws:iam::prod:role/cart',
    message: /"prod" is not a 12-digit number/
  },
  {
    why: 'Helm rendered a float',
    annotation: 'arn:aws:iam::1.11122223333e+11:role/cart',
    message: /turned into a number while rendering/,
    fix: /write arn:aws:iam::111122223333:role\/cart/
  },
  {
    why: 'a float with too few digits',
    annotation: 'arn:aws:iam::1.1e+9:role/cart',
    message: /turned into a number while rendering/,
    fix: /write the ARN of a role/
  },
  { why: 'YAML number', annotation: 111122223333, message: /is the number 111122223333/ },
  { why: 'YAML boolean', annotation: true, message: /is true; expected a string/ },
  { why: 'null', annotation: null, message: /is null/ },
  { why: 'array', annotation: [arn], message: /is an array/ },
  { why: 'object', annotation: { arn }, message: /is an object/ },
  {
    why: 'Helm template',
    annotation: '{{ .Values.roleArn }}',
    message: /unrendered template "\{\{ \.Values\.roleArn \}\}"/
  },
  {
    why: 'shell template',
    annotation: 'arn:aws:iam::${ACCOUNT}:role/cart',
    message: /unrendered template "\$\{ACCOUNT\}"/
  },
  {
    why: 'line break',
    annotation: `${arn}\n`,
    message: /contains a line break: ".*\\n"/,
    fix: new RegExp(`write ${arn}`)
  },
  {
    why: 'leading space',
    annotation: ` ${arn}`,
    message: /contains a space/,
    fix: new RegExp(`write ${arn}`)
  },
  { why: 'quotes', annotation: `"${arn}"`, message: /contains quotes/, fix: new RegExp(`write ${arn}`) },
  {
    why: 'colon missing',
    annotation: 'arn:aws:iam:111122223333:role/cart',
    message: /too few or too many colons/,
    fix: new RegExp(`write ${arn}`)
  },
  {
    why: 'colon doubled',
    annotation: 'arn:aws:iam::111122223333::role/cart',
    message: /too few or too many colons/,
    fix: new RegExp(`write ${arn}`)
  },
  {
    why: 'a bare name works with --compose-role-arn',
    annotation: 'team/cart',
    message: /a role name, not an ARN/,
    atAdmission: 'warning'
  },
  {
    why: 'a bare name from which the identity webhook builds an ARN',
    annotation: 'team/cart',
    facts: composing
  },
  {
    why: 'empty, also with --compose-role-arn',
    annotation: '',
    facts: composing,
    message: /is empty/,
    atAdmission: 'warning'
  },
  {
    why: 'a template, also with --compose-role-arn',
    annotation: '${ROLE}',
    facts: composing,
    message: /unrendered template/
  },
  {
    why: 'empty, as charts render it',
    annotation: '',
    message: /is empty, so pods get no role/,
    atAdmission: 'warning'
  },
  {
    why: 'a number as Helm renders it',
    annotation: '1.11122223333e+11',
    message: /a number that was rendered as "1\.11122223333e\+11"/,
    atAdmission: 'warning'
  },
  {
    why: 'template without quotes',
    annotation: { '{ .Values.role }': null },
    message: /is an object: YAML parses an unquoted template/,
    fix: /^render the template/
  },
  {
    why: 'dashes',
    annotation: 'arn:aws:iam::1111-2222-3333:role/cart',
    message: /contains dashes/,
    fix: new RegExp(`^write ${arn}$`)
  },
  {
    why: 'wrong capitalization',
    annotation: 'ARN:AWS:IAM::111122223333:Role/cart',
    message: /does not start like a role ARN/,
    fix: new RegExp(`^write ${arn}$`)
  },
  {
    why: 'roles instead of role',
    annotation: 'arn:aws:iam::111122223333:roles/cart',
    message: /does not start like a role ARN/,
    fix: new RegExp(`^write ${arn}$`)
  },
  {
    why: 'a colon instead of a slash',
    annotation: 'arn:aws:iam::111122223333:role:cart',
    message: /does not start like a role ARN/,
    fix: new RegExp(`^write ${arn}$`)
  },
  { why: 'no role name', annotation: 'arn:aws:iam::111122223333:role/', message: /is not a role ARN/ },
  { why: 'one digit', annotation: 'arn:aws:iam::1:role/cart', message: /has 1 digit; expected 12/ },
  {
    why: 'not an ARN at all',
    annotation: 'arn of the cart role',
    message: /is not a role ARN: "arn of the cart role"/
  },
  {
    why: 'an association, so the identity webhook ignores the annotation: never denied',
    annotation: 'arn:aws:iam::111122223333:policy/cart',
    facts: { associated: known({ exists: true, since: undefined }) },
    atAdmission: 'warning',
    message: /ARN of a policy/
  }
]
