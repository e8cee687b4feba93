import t from 'tap'
import {
  audienceOf,
  defaultIdentityWebhook,
  withAnnotationPrefix
} from '../../src/identity-webhook/settings.js'

const key = 'eks.amazonaws.com/audience'

t.test('is the default unless the annotation says otherwise', async (t) => {
  t.equal(audienceOf({}, defaultIdentityWebhook), 'sts.amazonaws.com')
  t.equal(audienceOf({ [key]: 'vault' }, defaultIdentityWebhook), 'vault')
  for (const value of ['', null, 7, []])
    t.equal(audienceOf({ [key]: value }, defaultIdentityWebhook), undefined, JSON.stringify(value))
})

t.test('reads the annotation under the prefix of the identity webhook', async (t) => {
  const settings = withAnnotationPrefix(defaultIdentityWebhook, 'aws.example')
  t.equal(audienceOf({ [key]: 'vault', 'aws.example/audience': 'shop' }, settings), 'shop')
  t.equal(audienceOf({ [key]: 'vault' }, settings), 'sts.amazonaws.com')
})
