import t from 'tap'
import { parseObjectReference } from '../../../src/commands/support/object-reference.js'
import { workloadKindOf, workloadPath } from '../../../src/model/workload-kind.js'

t.test('takes the names that kubectl takes', async (t) => {
  for (const [given, kind] of [
    [['pod/a'], 'Pod'],
    [['po', 'a'], 'Pod'],
    [['deploy/a'], 'Deployment'],
    [['deployment.apps/a'], 'Deployment'],
    [['Deployments', 'a'], 'Deployment'],
    [['sts/a'], 'StatefulSet'],
    [['ds/a'], 'DaemonSet'],
    [['rs/a'], 'ReplicaSet'],
    [['jobs/a'], 'Job'],
    [['cj/a'], 'CronJob'],
    [['sa/a'], 'ServiceAccount']
  ] as const)
    t.equal(parseObjectReference(given, 'shop', undefined).kind.kind, kind, given.join(' '))

  t.equal(parseObjectReference(['sa/a'], undefined, 'of-context').namespace, 'of-context')
  const { kind } = parseObjectReference(['deploy/a'], 'shop', undefined)
  t.equal(workloadPath(kind, 'shop', 'a'), '/apis/apps/v1/namespaces/shop/deployments/a')
  t.equal(workloadKindOf('Node'), undefined)
})

t.test('says what is wrong with other names', async (t) => {
  const refused = (given: readonly string[], namespace?: string): unknown => {
    try {
      return parseObjectReference(given, namespace, undefined)
    } catch (error) {
      return error
    }
  }
  t.match(refused(['node/a'], 'shop'), {
    code: 'ERR_USAGE',
    message: /"node" is not a kind.*expected one of pod, /
  })
  t.match(refused(['deploy'], 'shop'), { message: /"deploy" names no object; expected KIND\/NAME/ })
  t.match(refused(['a/b/c'], 'shop'), { message: /names no object/ })
  t.match(refused(['sa/A B'], 'shop'), { message: /"A B" is not a valid name for a ServiceAccount/ })
  t.match(refused(['sa/a']), { message: /no namespace given; pass -n NAMESPACE/ })
  t.match(refused(['sa/a'], 'A'), { message: /--namespace is "A"/ })
})
