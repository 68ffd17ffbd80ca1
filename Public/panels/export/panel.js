// Results for elsewhere: which formats there are, what will be in one, what would be wrong with it, and those made so far.
import { defineComponent, h, reactive, computed, watch, onMounted, onBeforeUnmount } from '../../vendor/vue.runtime.js'
import { get, post, remove, at } from '../../api.js'
import { state, shell, here, on, notify, complain } from '../../state.js'
import { boxOf } from '../../outbox.js'
import { useCommands } from '../../commands.js'
import { icon } from '../../icons.js'
import { button, empty, loading, problem, progress } from '../../ui.js'
import { plural, bytes, ago, count } from '../../lib/format.js'
import { form } from '../pipeline/form.js'

const component = defineComponent(() => {
  const project = state.project
  const view = reactive({ check: null, error: null, exports: null, formats: null, chosen: null, graph: null, types: null, checking: false })
  const P = path => at(project, path)
  const readOnly = () => !!state.project?.readOnly

  // One entry for each export of the pipeline, and one for each format that it has none of.
  const entries = computed(() => (view.formats ?? []).flatMap(f => f.nodes.length ? f.nodes.map(node => ({ ...f, node, key: node })) : [{ ...f, node: null, key: `+${f.format}` }]))
  const entry = computed(() => entries.value.find(e => e.key === view.chosen) ?? entries.value.find(e => e.node) ?? entries.value[0] ?? null)
  const node = computed(() => entry.value?.node && view.graph?.nodes.find(n => n.name === entry.value.node))
  const type = computed(() => view.types?.[`export.${entry.value?.format}`])
  const request = () => entry.value.node ? { format: entry.value.format, node: entry.value.node } : { format: entry.value.format }

  let asked = 0
  async function check() {
    if (!entry.value) return
    view.checking = true
    const number = ++asked
    try {
      const answer = await post(P('/exports/check'), request())
      if (number === asked) { view.check = answer; view.error = null }
    } catch (error) { if (number === asked) { view.error = error; view.check = null } } finally { if (number === asked) view.checking = false }
  }
  async function list() {
    try {
      const answer = await get(P('/exports'))
      view.exports = answer.exports
      view.formats = answer.formats
      view.error = null
    } catch (error) { if (!view.formats) view.error = error; else if (!error.offline) complain(error) }
  }
  const retry = () => view.formats ? check() : load()
  async function load() {
    try {
      const [graph, nodes] = await Promise.all([get(P('/graph')), get('/api/nodes')])
      view.graph = graph
      view.types = Object.fromEntries(nodes.nodes.map(n => [n.kind, n]))
    } catch (error) { if (!error.offline) complain(error) }
    await list()
  }
  onMounted(load)
  watch(() => entry.value?.key, key => { if (key) { view.check = null; check() } })
  const ends = [on('jobEnded', job => { if (job.type === 'export') list(); else check() }), on('online', () => { load(); check() })]
  onBeforeUnmount(() => ends.forEach(end => end()))

  async function set(parameter, value) {
    const before = node.value.config, from = JSON.parse(JSON.stringify(view.graph))
    node.value.config = { ...before, [parameter.name]: value }
    shell.saved = { kind: 'working' }
    try {
      const { held } = await boxOf(project).saveGraph(from, JSON.parse(JSON.stringify(view.graph)))
      shell.saved = { kind: 'saved' }
      held ? load() : check()
    } catch (error) { node.value.config = before; shell.saved = { kind: 'offline', icon: 'warning', text: 'Not saved' }; complain(error) }
  }
  async function add() {
    try {
      const answer = await post(P('/exports/nodes'), { format: entry.value.format })
      view.graph = answer.graph
      await list()
      view.chosen = answer.node
      notify(`${entry.value?.title ?? 'The export'} is a step of the pipeline now, and part of every run without a browser.`)
    } catch (error) { complain(error) }
  }

  const job = computed(() => state.jobs.find(j => j.type === 'export' && ['running', 'queued'].includes(j.state)))
  const lastFailed = computed(() => { const j = state.jobs.find(j => j.type === 'export'); return j?.state === 'failed' ? j : null })
  const errors = computed(() => view.check?.findings.filter(f => f.severity === 'error') ?? [])
  const warnings = computed(() => view.check?.findings.filter(f => f.severity !== 'error') ?? [])
  const possible = computed(() => view.check && !view.checking && !errors.value.length && view.check.objects > 0 && !job.value && !readOnly())
  async function run() {
    if (!possible.value) return
    try { await boxOf(project).start({ type: 'export', ...request() }) } catch (error) { complain(error) }
  }
  const cancel = async () => { try { await remove(P(`/jobs/${job.value.id}`)) } catch (error) { complain(error) } }
  useCommands([{ id: 'export.run', title: 'Make the export', group: 'Export', key: 'E', run }])
  watch([possible, job, entry], () => { shell.primary = { label: entry.value?.format === 'ecotaxa' ? 'Make archive' : 'Make export', icon: 'export', run, disabled: !possible.value, command: 'export.run' } }, { immediate: true })
  shell.status = () => view.check ? [h('span', plural(errors.value.length, 'error')), h('span', plural(warnings.value.length, 'warning'))] : null

  const finding = f => h('tr', { class: f.severity }, [
    h('td', [icon(f.severity === 'error' ? 'error' : 'warning', 16), h('span', { class: 'unseen' }, f.severity)]),
    h('td', { class: 'number' }, f.row ?? ''), h('td', { class: 'mono' }, f.column ?? ''), h('td', f.object ?? ''), h('td', f.message), h('td', { class: 'muted' }, f.remedy)
  ])
  const choices = () => h('section', { class: 'block' }, [
    h('h2', 'What to write'),
    h('ul', { class: 'rows formats' }, entries.value.map(e => h('li', { class: ['list-row', { chosen: e === entry.value }], key: e.key }, [
      h('label', { class: 'grow row' }, [
        h('input', { type: 'radio', name: 'format', value: e.key, checked: e === entry.value, onChange: () => { view.chosen = e.key } }),
        h('span', [h('strong', e.title), e.node && e.nodes.length > 1 ? h('span', { class: 'muted mono' }, `  ${e.node}`) : null, h('span', { class: 'muted small' }, e.node ? '  in the pipeline' : '  with its defaults')])
      ])
    ])))
  ])
  const settings = () => entry.value && type.value ? h('section', { class: 'block' }, [
    h('h2', entry.value.title), h('p', { class: 'muted' }, type.value.help),
    node.value ? form(node.value, type.value, set, readOnly(), 255)
      : readOnly() ? null : h('div', { class: 'row' }, [button('Add to the pipeline', add, { iconName: 'plus', title: 'Then it can be set up, and runs without a browser make it too' })])
  ]) : null
  const kept = () => {
    const { waiting, held } = boxOf(project).now, n = waiting + held
    return n ? h('p', { class: 'problem', role: 'alert' }, [icon('warning', 18), `${plural(n, 'change')} made in this browser ${n === 1 ? 'is' : 'are'} not on the server yet, so an export would be without ${
      n === 1 ? 'it' : 'them'}. ${waiting ? 'They are sent as soon as it answers.' : `Decide about them ${boxOf(project).now.list.length ? 'below' : 'in the viewer'}.`}`]) : null
  }
  return () => h('div', { class: 'page export' }, [
    h('header', { class: 'page-head' }, [h('h1', 'Export'), h('span', { class: 'muted' }, entry.value?.title ?? '')]), kept(),
    view.error ? problem(view.error, retry) : view.check ? null : loading('Looking through all objects for what would go wrong…'),
    view.check && !view.check.objects ? empty('export', 'No objects to export yet', 'Run the pipeline first; what it finds, and what you draw, is exported.', [h('a', { class: 'button primary', href: here('pipeline') }, 'To the pipeline')]) : null,
    view.formats && view.check?.objects !== 0 ? [choices(), settings()] : null,
    view.check?.objects ? h('section', { class: 'block' }, [
      h('h2', 'What will be in it'),
      h('div', { class: 'figures' }, [h('div', [h('b', count(view.check.objects)), h('span', 'objects')]), h('div', [h('b', count(view.check.images)), h('span', 'images')]), view.check.columns ? h('div', [h('b', count(view.check.columns)), h('span', 'columns')]) : null])
    ]) : null,
    view.check?.objects ? h('section', { class: 'block' }, [
      h('div', { class: 'row between' }, [h('h2', 'Checks'), button(view.checking ? 'Checking…' : 'Check again', check, { kind: 'quiet', iconName: 'retry', disabled: view.checking })]),
      view.check.findings.length ? h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Findings' }, h('table', { class: 'findings' }, [
        h('thead', h('tr', [h('th', { scope: 'col' }, h('span', { class: 'unseen' }, 'Severity')), ...['Row', 'Column', 'Object', 'Finding', 'What to do'].map(t => h('th', { scope: 'col' }, t))])),
        h('tbody', [...errors.value, ...warnings.value].slice(0, 500).map(finding))
      ])) : h('p', { class: 'good' }, [icon('check', 16), entry.value?.format === 'ecotaxa' ? 'Nothing to complain about: EcoTaxa will take every row.' : 'Nothing to complain about.']),
      errors.value.length ? h('p', { class: 'bad' }, entry.value?.format === 'ecotaxa' ? 'EcoTaxa would refuse this archive. Mend the errors first; most are a value in the table of Images.' : 'Mend the errors first.') : null
    ]) : null,
    job.value ? h('section', { class: 'block outcome running' }, [h('div', { class: 'row between' }, [h('strong', 'Making the export'), button('Cancel', cancel, { iconName: 'stop' })]), progress(job.value.done, job.value.total, 'Export'), h('p', { class: 'muted small' }, job.value.message)]) : null,
    lastFailed.value && !job.value ? problem({ message: `The last export failed: ${lastFailed.value.error}` }, possible.value ? run : null) : null,
    view.exports?.length ? h('section', { class: 'block' }, [h('h2', 'Made so far'), h('ul', { class: 'rows' }, view.exports.map(e => h('li', { class: 'list-row', key: e.name }, [
      icon('file', 18), h('span', { class: 'grow' }, [h('span', { class: 'mono' }, e.name), h('span', { class: 'muted small' }, `  ${[e.objects != null ? plural(e.objects, 'object') : null, bytes(e.bytes), ago(e.createdAt)].filter(Boolean).join(' · ')}`)]),
      h('a', { class: 'button download', href: P(`/exports/${encodeURIComponent(e.name)}`), download: e.name }, [icon('export', 16), h('span', 'Download')])
    ])))]) : null
  ])
})

export default { id: 'export', title: 'Export', icon: 'export', tab: true, component }
