import t from 'tap'
import { html, scriptJsonOf } from '../../src/text/html.js'

t.test('strings in a template stay text', async (t) => {
  const hostile = `<img src=x onerror="alert('1')">&amp;`
  t.equal(
    html`<p title="${hostile}">${hostile}</p>`.markup,
    '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;">&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;</p>'
  )
})

t.test('markup in a template stays markup, without the indentation', async (t) => {
  const entries = ['a', '<b>'].map((name) => html`<li>${name}</li>`)
  t.equal(
    html`<ul>
      ${entries}${undefined}${3}
    </ul>`.markup,
    '<ul>\n<li>a</li><li>&lt;b&gt;</li>3\n</ul>'
  )
})

t.test('JSON for a script element neither ends it nor starts a comment', async (t) => {
  const value = { text: '</script><!--<script>\u2028' }
  const json = scriptJsonOf(value)
  t.notMatch(json, '<')
  t.strictSame(JSON.parse(json), value)
})
