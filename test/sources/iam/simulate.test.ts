import t from 'tap'
import { parseRoleArn } from '../../../src/model/role-arn.js'
import { simulatePermission } from '../../../src/sources/iam/simulate.js'
import { type IamReply, identityReply, startFakeIam } from '../../support/fake-iam.js'

const role = parseRoleArn('arn:aws:iam::111122223333:role/team/cart')
if (role === undefined) throw new Error('this is the ARN of a role')

const reply = (member: string): IamReply => ({
  body: `<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult><EvaluationResults>${member}</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`
})
const answers: Record<string, IamReply> = {
  allowed: reply(
    '<member><EvalActionName>s3:GetObject</EvalActionName><EvalDecision>allowed</EvalDecision><MatchedStatements><member><SourcePolicyId>p</SourcePolicyId></member></MatchedStatements><OrganizationsDecisionDetail><AllowedByOrganizations>true</AllowedByOrganizations></OrganizationsDecisionDetail></member>'
  ),
  denied: reply(
    '<member><EvalActionName>s3:GetObject</EvalActionName><EvalDecision>implicitDeny</EvalDecision><MissingContextValues><member>aws:SourceIp</member></MissingContextValues><ResourceSpecificResults><member><EvalResourceName>arn:aws:s3:::carts/*</EvalResourceName><EvalResourceDecision>implicitDeny</EvalResourceDecision><MissingContextValues><member>aws:SourceIp</member><member>aws:SourceVpc</member></MissingContextValues></member></ResourceSpecificResults><PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail></member>'
  ),
  nothing: reply(''),
  refused: {
    status: 403,
    body: '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>'
  }
}
let next = 'allowed'
const iam = await startFakeIam(({ action, parameters }) => {
  if (action === 'GetCallerIdentity') return identityReply('111122223333')
  t.equal(action, 'SimulatePrincipalPolicy')
  t.equal(parameters.get('PolicySourceArn'), 'arn:aws:iam::111122223333:role/team/cart')
  t.equal(parameters.get('ActionNames.member.1'), 's3:GetObject')
  t.equal(parameters.get('ResourceArns.member.1'), 'arn:aws:s3:::carts/*')

  return answers[next] ?? 'reset'
})
t.teardown(() => iam.close())
Object.assign(process.env, {
  AWS_ENDPOINT_URL: iam.url,
  AWS_ACCESS_KEY_ID: 'a',
  AWS_SECRET_ACCESS_KEY: 's',
  AWS_REGION: 'us-east-1'
})
const ask = async (of = role) =>
  simulatePermission(
    { role: of, action: 's3:GetObject', resource: 'arn:aws:s3:::carts/*' },
    { accounts: [], endpoint: undefined }
  )

t.test('returns the decision and what it rests on', async (t) => {
  t.match(await ask(), {
    state: 'known',
    value: {
      decision: 'allowed',
      policies: ['p'],
      allowedByOrganization: true,
      allowedByBoundary: undefined,
      missingKeys: []
    }
  })
  next = 'denied'
  t.match(await ask(), {
    value: {
      decision: 'implicitDeny',
      policies: [],
      allowedByBoundary: false,
      missingKeys: ['aws:SourceIp', 'aws:SourceVpc']
    }
  })
})

t.test('is unknown, with the reason, if IAM gives no decision', async (t) => {
  next = 'nothing'
  t.match(await ask(), { state: 'unknown', because: /without a decision/ })
  next = 'refused'
  t.match(await ask(), { state: 'unknown', because: /IAM denied iam:SimulatePrincipalPolicy/ })
  t.match(await ask({ ...role, account: '444455556666' }), {
    state: 'unknown',
    because: /account 444455556666 differs/
  })
})
