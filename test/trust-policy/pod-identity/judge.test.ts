import t from 'tap'
import { judgePodIdentity, type PodIdentityJudgement } from '../../../src/trust-policy/pod-identity/judge.js'
import { suggestPodIdentity } from '../../../src/trust-policy/pod-identity/suggest.js'
import { podQuestion } from '../../support/pod-identity.js'
import { classes } from './cases.js'

/** What a judgement says of the nearest miss, in the form of the cases. */
function shown({ miss }: PodIdentityJudgement): Record<string, unknown> {
  if (miss === undefined) return {}
  const [first] = 'failed' in miss ? miss.failed : []

  return {
    difference: miss.kind === 'principal' ? miss.difference : first?.difference,
    expected: first?.expected,
    missing: miss.kind === 'action' ? miss.missing : undefined
  }
}

for (const { class: name, source, cases } of classes) {
  t.test(`${name} (${source})`, async (t) => {
    for (const { why, document, asked, undocumented, ...expected } of cases) {
      const question = podQuestion(document, asked)
      const judgement = judgePodIdentity(question)
      t.match(
        { ...judgement, ...shown(judgement), miss: judgement.miss?.kind },
        { miss: undefined, ...expected, ...(undocumented && { undocumented: [undocumented] }) },
        why
      )
      const suggested = suggestPodIdentity(question, judgement)
      if (suggested !== undefined)
        t.equal(
          judgePodIdentity({ ...question, document: suggested }).verdict,
          'allowed',
          `${why}: what is suggested works`
        )
    }
  })
}

t.test('there are two hundred cases at least', async (t) => {
  t.ok(classes.reduce((sum, { cases }) => sum + cases.length, 0) >= 200)
})
