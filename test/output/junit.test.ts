import t from 'tap'
import { junitOf } from '../../src/output/junit.js'
import { junitErrors } from '../support/junit-errors.js'
import { contextOf, findingOf, objectOf, reportOfVerdicts, sampleReport } from '../support/sample-report.js'

t.test('has a test suite for each file, and a test case for each object and rule', async (t) => {
  t.equal(
    junitOf(sampleReport, contextOf()),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="irsa-guard" tests="8" failures="2" errors="0">
  <testsuite name="irsa-guard" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="irsa-guard" name="summary">
      <system-out>2 errors (1 cause), 1 warning, 1 info, 1 waived; 3 of 4 objects judged</system-out>
    </testcase>
  </testsuite>
  <testsuite name="deploy/shop.yaml" tests="4" failures="2" errors="0" skipped="1">
    <testcase classname="deploy/shop" name="ServiceAccount shop/cart: role-missing">
      <failure type="role-missing" message="role team/cart does not exist">deploy/shop.yaml:15: error: role team/cart does not exist
at metadata.annotations[&quot;eks.amazonaws.com/role-arn&quot;]
fix: create the role
https://irsa-guard.io/v0.1.0/rules/role-missing</failure>
    </testcase>
    <testcase classname="deploy/shop" name="ServiceAccount shop/mail: role-missing">
      <failure type="role-missing" message="role team/cart does not exist">deploy/shop.yaml:27: error: role team/cart does not exist
at metadata.annotations[&quot;eks.amazonaws.com/role-arn&quot;]
fix: create the role
https://irsa-guard.io/v0.1.0/rules/role-missing</failure>
    </testcase>
    <testcase classname="deploy/shop" name="ServiceAccount shop/cart: trust-subject-too-broad">
      <system-out>deploy/shop.yaml:15: warning: the role trusts every service account of the cluster
at metadata.annotations[&quot;eks.amazonaws.com/role-arn&quot;], metadata.annotations[&quot;a&quot;]
fix: create the role
https://irsa-guard.io/v0.1.0/rules/trust-subject-too-broad</system-out>
    </testcase>
    <testcase classname="deploy/shop" name="ServiceAccount shop/mail: role-annotation-misspelt">
      <skipped>deploy/shop.yaml:28: waived: role team/cart does not exist
at metadata.annotations[&quot;eks.amazonaws.com/role-arn&quot;]
reason: moves in May
https://irsa-guard.io/v0.1.0/rules/role-annotation-misspelt</skipped>
    </testcase>
  </testsuite>
  <testsuite name="prod-eu" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="prod-eu" name="Deployment pay/api: mutation-skipped">
      <system-out>prod-eu: info: no pod is mutated
at metadata.annotations[&quot;eks.amazonaws.com/role-arn&quot;]
fix: create the role
https://irsa-guard.io/v0.1.0/rules/mutation-skipped</system-out>
    </testcase>
  </testsuite>
  <testsuite name="not checked" tests="2" failures="0" errors="0" skipped="2">
    <testcase classname="irsa-guard" name="not checked: oidc-provider-missing: no IAM facts were given">
      <skipped>no IAM facts were given (pass --iam FILE or --aws)
deploy/shop.yaml:1: ServiceAccount shop/cart</skipped>
    </testcase>
    <testcase classname="irsa-guard" name="not checked: all rules: no rule reads this place">
      <skipped>no rule reads this place
deploy/shop.yaml:20: ServiceAccount shop/mail</skipped>
    </testcase>
  </testsuite>
</testsuites>
`
  )
})

t.test('fails a test case for what makes the exit code 1', async (t) => {
  const failures = (failOn: 'error' | 'warning' | 'info' | 'never'): string | undefined =>
    /failures="(\d+)"/.exec(junitOf(sampleReport, contextOf({ failOn })))?.[1]
  t.equal(failures('error'), '2')
  t.equal(failures('warning'), '3')
  t.equal(failures('info'), '4')
  t.equal(failures('never'), '0')
})

t.test('makes one test case of an object and a rule, because GitLab ignores a second one', async (t) => {
  const xml = junitOf(
    reportOfVerdicts({
      object: objectOf('cart', { line: 1 }),
      findings: [
        findingOf('role-missing', { message: 'one' }),
        findingOf('role-missing', { message: 'two' }),
        findingOf('role-missing', { message: 'three', waived: 'later' })
      ],
      unchecked: []
    }),
    contextOf()
  )
  t.match(xml, '<failure type="role-missing" message="one; two">')
  t.equal(xml.match(/<testcase /g)?.length, 2, 'the summary is the other one')
})

t.test('is valid by the schema of Jenkins', async (t) => {
  t.strictSame(await junitErrors(junitOf(sampleReport, contextOf())), [])
  t.strictSame(await junitErrors(junitOf(reportOfVerdicts(), contextOf())), [], 'nothing was found')
  const unreadable = junitOf(sampleReport, contextOf({ complaints: ['there is no file a.yaml'] }))
  t.strictSame(await junitErrors(unreadable), [])
  t.match(unreadable, '<error type="input" message="there is no file a.yaml">')
  t.match(await junitErrors('<testsuites><testcase/></testsuites>'), [/testcase/])
})
