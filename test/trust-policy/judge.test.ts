import t from 'tap'
import { judgeTrust } from '../../src/trust-policy/judge.js'
import { suggestTrust } from '../../src/trust-policy/suggest.js'
import { question } from '../support/trust.js'
import { classes } from './cases.js'

for (const { class: name, source, cases } of classes) {
  t.test(`${name} (${source})`, async (t) => {
    for (const {
      why,
      document,
      asked,
      verdict,
      miss,
      dependsOn,
      overPermissive,
      statement,
      place
    } of cases) {
      const judged = judgeTrust(question(document, asked))
      t.match(
        {
          verdict: judged.verdict,
          miss: judged.miss?.kind,
          ...(dependsOn && { dependsOn: judged.dependsOn }),
          ...(overPermissive !== undefined && { overPermissive: judged.overPermissive }),
          ...(statement !== undefined && { statement: judged.statement }),
          ...(place !== undefined && {
            place: judged.miss?.kind === 'invalid' ? judged.miss.place : undefined
          })
        },
        {
          verdict,
          ...((miss !== undefined || verdict !== 'denied') && { miss }),
          ...(dependsOn && { dependsOn }),
          ...(overPermissive !== undefined && { overPermissive }),
          ...(statement !== undefined && { statement }),
          ...(place !== undefined && { place })
        },
        why
      )
      const suggested = suggestTrust(question(document, asked), judged)
      if (suggested !== undefined)
        t.equal(judgeTrust(question(suggested, asked)).verdict, 'allowed', `${why}: what is suggested works`)
    }
  })
}

t.test('there are three hundred cases at least', async (t) => {
  t.ok(classes.reduce((sum, { cases }) => sum + cases.length, 0) >= 300)
})
