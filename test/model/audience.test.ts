import t from 'tap'
import { audienceAnnotation, audienceOf } from '../../src/model/audience.js'

t.test('is the default unless the annotation says otherwise', async (t) => {
  t.equal(audienceOf({}, 'sts.amazonaws.com'), 'sts.amazonaws.com')
  t.equal(audienceOf({ [audienceAnnotation]: 'vault' }, 'a'), 'vault')
  for (const value of ['', null, 7, []]) t.equal(audienceOf({ [audienceAnnotation]: value }, 'a'), undefined, JSON.stringify(value))
})
