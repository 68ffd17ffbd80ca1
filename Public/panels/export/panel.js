// Archives for elsewhere: what will be in one, what would be wrong with it, and those made so far.
import { defineComponent, h, reactive, computed, watch, onMounted, onBeforeUnmount } from '../../vendor/vue.runtime.js'
import { get, post, remove, at } from '../../api.js'
import { state, shell, here, on, complain, takeJob } from '../../state.js'
import { useCommands } from '../../commands.js'
import { icon } from '../../icons.js'
import { button, empty, loading, problem, progress } from '../../ui.js'
import { plural, bytes, ago, count } from '../../lib/format.js'

const component = defineComponent(() => {
  const project = state.project
  const view = reactive({ check: null, error: null, exports: null, checking: false })
  const P = path => at(project, path)
  async function check() {
    view.checking = true
    try { view.check = await post(P('/exports/check'), { format: 'ecotaxa' }); view.error = null } catch (error) { view.error = error } finally { view.checking = false }
  }
  async function list() { try { view.exports = (await get(P('/exports'))).exports } catch (error) { if (!error.offline) complain(error) } }
  onMounted(() => { check(); list() })
  const ends = [on('jobEnded', job => { if (job.type === 'export') list(); else check() }), on('online', () => { check(); list() })]
  onBeforeUnmount(() => ends.forEach(end => end()))

  const job = computed(() => state.jobs.find(j => j.type === 'export' && ['running', 'queued'].includes(j.state)))
  const lastFailed = computed(() => { const j = state.jobs.find(j => j.type === 'export'); return j?.state === 'failed' ? j : null })
  const errors = computed(() => view.check?.findings.filter(f => f.severity === 'error') ?? [])
  const warnings = computed(() => view.check?.findings.filter(f => f.severity !== 'error') ?? [])
  const possible = computed(() => view.check && !errors.value.length && view.check.objects > 0 && !job.value && !state.project?.readOnly)
  async function run() {
    if (!possible.value) return
    try { takeJob(await post(P('/jobs'), { type: 'export', format: 'ecotaxa' })) } catch (error) { complain(error) }
  }
  const cancel = async () => { try { await remove(P(`/jobs/${job.value.id}`)) } catch (error) { complain(error) } }
  useCommands([{ id: 'export.run', title: 'Make the archive', group: 'Export', key: 'E', run }])
  watch([possible, job], () => { shell.primary = { label: 'Make archive', icon: 'export', run, disabled: !possible.value, command: 'export.run' } }, { immediate: true })
  shell.status = () => view.check ? [h('span', plural(errors.value.length, 'error')), h('span', plural(warnings.value.length, 'warning'))] : null

  const finding = f => h('tr', { class: f.severity }, [
    h('td', [icon(f.severity === 'error' ? 'error' : 'warning', 16), h('span', { class: 'unseen' }, f.severity)]),
    h('td', { class: 'number' }, f.row ?? ''), h('td', { class: 'mono' }, f.column ?? ''), h('td', f.object ?? ''), h('td', f.message), h('td', { class: 'muted' }, f.remedy)
  ])
  return () => h('div', { class: 'page export' }, [
    h('header', { class: 'page-head' }, [h('h1', 'Export'), h('span', { class: 'muted' }, 'EcoTaxa archive')]),
    view.error ? problem(view.error, check) : view.check ? null : loading('Looking through all objects for what EcoTaxa would refuse…'),
    view.check && !view.check.objects ? empty('export', 'No objects to export yet', 'Run the pipeline first; what it finds, and what you draw, goes into the archive.',
      [h('a', { class: 'button primary', href: here('pipeline') }, 'To the pipeline')]) : null,
    view.check?.objects ? h('section', { class: 'block' }, [
      h('h2', 'What will be in it'),
      h('div', { class: 'figures' }, [h('div', [h('b', count(view.check.objects)), h('span', 'objects with picture')]),
        h('div', [h('b', count(view.check.images)), h('span', 'images')]), view.check.columns ? h('div', [h('b', count(view.check.columns)), h('span', 'columns')]) : null]),
      h('p', { class: 'muted' }, 'One ZIP with a table of all objects, their measurements and what is known about samples and acquisitions, and one cropped picture an object. EcoTaxa imports it as it is.')
    ]) : null,
    view.check?.objects ? h('section', { class: 'block' }, [
      h('div', { class: 'row between' }, [h('h2', 'Checks'), button(view.checking ? 'Checking…' : 'Check again', check,
        { kind: 'quiet', iconName: 'retry', disabled: view.checking })]),
      view.check.findings.length ? h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Findings' }, h('table', { class: 'findings' }, [
        h('thead', h('tr', [h('th', { scope: 'col' }, h('span', { class: 'unseen' }, 'Severity')),
          ...['Row', 'Column', 'Object', 'Finding', 'What to do'].map(t => h('th', { scope: 'col' }, t))])),
        h('tbody', [...errors.value, ...warnings.value].slice(0, 500).map(finding))
      ])) : h('p', { class: 'good' }, [icon('check', 16), 'Nothing to complain about: EcoTaxa will take every row.']),
      errors.value.length ? h('p', { class: 'bad' }, 'EcoTaxa would refuse this archive. Mend the errors first; most are a value in the table of Images.') : null
    ]) : null,
    job.value ? h('section', { class: 'block outcome running' }, [h('div', { class: 'row between' },
      [h('strong', 'Making the archive'), button('Cancel', cancel, { iconName: 'stop' })]), progress(job.value.done, job.value.total, 'Export'),
      h('p', { class: 'muted small' }, job.value.message)]) : null,
    lastFailed.value && !job.value ? problem({ message: `The last export failed: ${lastFailed.value.error}` }, possible.value ? run : null) : null,
    view.exports?.length ? h('section', { class: 'block' }, [h('h2', 'Archives'), h('ul', { class: 'rows' }, view.exports.map(e => h('li', { class: 'list-row', key: e.name }, [
      icon('file', 18), h('span', { class: 'grow' }, [h('span', { class: 'mono' }, e.name),
        h('span', { class: 'muted small' }, `  ${[e.objects != null ? plural(e.objects, 'object') : null, bytes(e.bytes), ago(e.createdAt)].filter(Boolean).join(' · ')}`)]),
      h('a', { class: 'button download', href: P(`/exports/${encodeURIComponent(e.name)}`), download: e.name }, [icon('export', 16), h('span', 'Download')])
    ])))]) : null
  ])
})

export default { id: 'export', title: 'Export', icon: 'export', tab: true, component }
