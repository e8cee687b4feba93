import t from 'tap'
import { githubOf } from '../../src/output/github.js'
import { contextOf, findingOf, objectOf, reportOfVerdicts, sampleReport } from '../support/sample-report.js'
import { parseWorkflowCommand } from '../support/workflow-command.js'

t.test('annotates each cause, the most severe first, and sums up', async (t) => {
  t.equal(
    githubOf(sampleReport, contextOf({ complaints: ['there is no file a.yaml'] })),
    `::error title=irsa-guard::there is no file a.yaml
::error file=deploy/shop.yaml,line=15,title=role-missing%3A ServiceAccount shop/cart and 1 more::role team/cart does not exist%0Afix: create the role
::warning file=deploy/shop.yaml,line=15,title=trust-subject-too-broad%3A ServiceAccount shop/cart::the role trusts every service account of the cluster%0Afix: create the role
::notice title=mutation-skipped%3A Deployment pay/api::no pod is mutated%0Afix: create the role
::notice title=irsa-guard%3A not checked::oidc-provider-missing for 1 object: no IAM facts were given (pass --iam FILE or --aws)
::notice title=irsa-guard%3A not checked::all rules for 1 object: no rule reads this place
irsa-guard: 2 errors (1 cause), 1 warning, 1 info, 1 waived; 3 of 4 objects judged
`
  )
})

t.test('says how many annotations GitHub does not show', async (t) => {
  const many = reportOfVerdicts(
    ...Array.from({ length: 14 }, (_, index) => ({
      object: objectOf(`a${index}`),
      findings: [findingOf('role-missing')],
      unchecked: []
    }))
  )
  const lines = githubOf(many, contextOf()).trimEnd().split('\n')
  t.equal(lines.length, 16)
  t.strictSame(lines.slice(-2), [
    'irsa-guard: 14 errors; 14 of 15 objects judged',
    'irsa-guard: GitHub shows 10 annotations of each level; the other 4 are only in this log'
  ])
})

t.test('keeps a value in its property', async (t) => {
  const [line = ''] = githubOf(
    reportOfVerdicts({
      object: objectOf('a,b=c::d%0A', { file: 'x,title=y: 100%25.yaml', line: 3 }),
      findings: [findingOf('role-missing', { message: '::error::%0A\n##[error]x' })],
      unchecked: []
    }),
    contextOf()
  ).split('\n')
  t.strictSame(parseWorkflowCommand(line), {
    command: 'error',
    properties: {
      file: 'x,title=y: 100%25.yaml',
      line: '3',
      title: 'role-missing: ServiceAccount shop/a,b=c::d%0A'
    },
    message: '::error::%0A\\n##[error]x\nfix: create the role'
  })
})
