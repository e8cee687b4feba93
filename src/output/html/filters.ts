import { type Html, html } from '../../text/html.js'
import type { Page } from './page.js'

/** The value that stands for objects without a namespace or cluster; neither can have this name. */
export const nothing = '-'

/** The filters. Without a script they would do nothing, so they are hidden until it runs. */
export function filtersHtml({ rules, causes, waived }: Page): Html {
  const all = [...causes, ...waived]
  const ruleNames = [...new Set(all.map(({ rule }) => rule))].sort()
  const objects = all.flatMap((cause) => cause.objects)
  const namesOf = (key: 'namespace' | 'cluster'): string[] =>
    [...new Set(objects.map((object) => object[key] ?? nothing))].sort()
  const namespaces = namesOf('namespace')
  const clusters = namesOf('cluster')
  const titled = (id: string): string => rules[id]?.title.replaceAll('`', '') ?? ''

  return html`<form id="filters" role="search" aria-label="Filter the causes" hidden>
    <p class="search">
      <label for="text">Search</label
      ><input
        id="text"
        name="text"
        type="search"
        autocomplete="off"
        spellcheck="false"
        placeholder="Name, role, message, file …"
      />
    </p>
    <fieldset>
      <legend>Severity</legend>
      ${(['error', 'warning', 'info'] as const).map(
        (severity) =>
          html`<label class="${severity}"
            ><input type="checkbox" name="severity" value="${severity}" checked /> ${names[severity]}</label
          > `
      )}
    </fieldset>
    ${selectHtml('rule', 'Rule', ruleNames, (name) => (titled(name) === '' ? name : `${name}: ${titled(name)}`))}
    ${namespaces.length > 1 ? selectHtml('namespace', 'Namespace', namespaces, (name) => (name === nothing ? '(no namespace)' : name)) : undefined}
    ${clusters.length > 1 ? selectHtml('cluster', 'Cluster', clusters, (name) => (name === nothing ? '(files)' : name)) : undefined}
    <p class="outcome">
      <span role="status" id="outcome"></span> <button type="reset">Clear filters</button>
    </p>
  </form>`
}

const names = { error: 'Errors', warning: 'Warnings', info: 'Infos' } as const

const selectHtml = (
  name: string,
  label: string,
  values: readonly string[],
  titleOf: (value: string) => string
): Html =>
  html`<p class="choice">
    <label for="${name}">${label}</label
    ><select id="${name}" name="${name}">
      <option value="">All</option>
      ${values.map((value) => html`<option value="${value}">${titleOf(value)}</option>`)}
    </select>
  </p>`
