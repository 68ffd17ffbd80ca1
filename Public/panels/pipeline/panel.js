// The pipeline as a chain of cards; each card's form follows from the declaration of its node.
import { defineComponent, h, reactive, ref, computed, watch, onMounted, onBeforeUnmount } from '../../vendor/vue.runtime.js'
import { get, put, post, remove, at, all } from '../../api.js'
import { state, shell, here, on, notify, complain, takeJob, currentJob, later, memory } from '../../state.js'
import { useCommands } from '../../commands.js'
import { icon } from '../../icons.js'
import { button, iconButton, empty, loading, problem, progress, checkbox } from '../../ui.js'
import { plural, count, duration, ago } from '../../lib/format.js'
import { order, sources, nodeOf, complaint, applies, valueOf } from '../../lib/graph.js'
import { form } from './form.js'
import { preview, ruleText } from './preview.js'

const component = defineComponent(() => {
  const project = state.project
  const view = reactive({ graph: null, types: null, presets: [], error: null, errors: [], open: null, keepEdited: true, top: 255 })
  const P = path => at(project, path)
  const readOnly = () => !!state.project?.readOnly
  const keptAs = `graph.${project.user}/${project.name}`
  let timer, saved = null

  async function load() {
    try {
      const [graph, nodes] = await Promise.all([get(P('/graph')), get('/api/nodes')])
      view.types = Object.fromEntries(nodes.nodes.map(n => [n.kind, n]))
      view.graph = { nodes: graph.nodes, edges: graph.edges }
      saved = JSON.stringify(view.graph)
      // A change that no server has taken yet, unless somebody else was faster.
      const kept = memory.load(keptAs, null)
      memory.drop(keptAs)
      if (kept?.from === saved) { view.graph = kept.graph;
        schedule() } else if (kept) notify('The pipeline was changed elsewhere while your change waited; it is shown as it is now.')
      if (view.open === null) view.open = (order(view.graph).find(n => /segment|threshold/.test(kindOf(n))) ?? null)
      view.error = null
    } catch (error) { view.error = error; if (error.offline) setTimeout(load, 1500); return }
    try { view.presets = (await get('/api/presets')).presets } catch { /* a pipeline without presets is one */ }
  }
  const kindOf = name => view.graph.nodes.find(n => n.name === name)?.kind ?? ''
  onMounted(load)

  const complaints = computed(() => !view.graph || !view.types ? [] : view.graph.nodes.flatMap(n => (view.types[n.kind]?.parameters ?? []).filter(p => applies(n,
    view.types[n.kind], p)).map(p => complaint(p, valueOf(n, p))).filter(Boolean)))
  function set(node, parameter, value) {
    node.config = { ...node.config, [parameter.name]: value }
    schedule()
  }
  function schedule() {
    shell.saved = { kind: 'working' }
    clearTimeout(timer)
    timer = setTimeout(save, 500)
  }
  async function save() {
    clearTimeout(timer)
    timer = null
    const text = JSON.stringify(view.graph)
    if (text === saved) { shell.saved = { kind: 'saved' }; return true }
    if (complaints.value.length) { shell.saved = { kind: 'offline', icon: 'warning', text: 'Not saved: a value is out of range' }; return false }
    try {
      await put(P('/graph'), view.graph)
      saved = text
      memory.drop(keptAs)
      view.errors = []
      shell.saved = { kind: 'saved' }
      return true
    } catch (error) {
      // Without a server, or before it knows this browser again.
      if (error.offline || error.status === 401) {
        memory.save(keptAs, { from: saved, graph: view.graph })
        shell.saved = { kind: 'offline', icon: 'offline', text: 'Offline, 1 change waiting' }
        timer = setTimeout(save, 2000)
        return false
      }
      view.errors = error.errors?.length ? error.errors : [error.message]
      shell.saved = { kind: 'offline', icon: 'warning', text: 'Not saved' }
      return false
    }
  }
  onBeforeUnmount(async () => { if (timer) { await save(); clearTimeout(timer) } })

  // The last run, or the one at work.
  const job = computed(() => state.jobs.find(j => j.type === 'run') ?? null)
  const running = computed(() => job.value && ['running', 'queued'].includes(job.value.state))
  async function run() {
    if (!(await save())) return
    try {
      const images = await get(P('/blobs?limit=1'))
      if (!images.images.length) { notify('There is no image to run on yet.', { action: { label: 'Add images', run: () => { location.hash = here('images') } } }); return }
      takeJob(await post(P('/jobs'), { type: 'run', keepEdited: view.keepEdited }))
    } catch (error) { complain(error) }
  }
  const cancel = async () => { try { await remove(P(`/jobs/${job.value.id}`)) } catch (error) { complain(error) } }
  watch([running, readOnly], () => {
    shell.primary = readOnly() ? null : running.value ? { label: 'Cancel', icon: 'stop', run: cancel } : { label: 'Run', icon: 'play', run, command: 'pipeline.run' }
  }, { immediate: true })
  useCommands([{ id: 'pipeline.run', title: 'Run the pipeline', group: 'Pipeline', key: 'R', run: () => { if (!running.value) run() } }])
  shell.status = () => [h('span', plural(state.project?.images ?? 0, 'image')), h('span', plural(state.project?.objects ?? 0, 'object'))]

  const applyPreset = preset => {
    const before = view.graph
    view.graph = JSON.parse(JSON.stringify({ nodes: preset.graph.nodes, edges: preset.graph.edges }))
    schedule()
    notify(`Pipeline “${preset.title}” is set.`, { action: { label: 'Undo', run: () => { view.graph = before; schedule() } } })
  }
  const reset = node => { const before = node.config; node.config = {}; schedule(); notify(`${view.types[node.kind]?.title ?? node.name} is back to its defaults.`,
    { action: { label: 'Undo', run: () => { node.config = before; schedule() } } }) }

  const short = (node, type) => type.parameters.filter(p => applies(node, type, p) && node.config?.[p.name] !== undefined && node.config[p.name] !== p.default).map(p => {
    const v = valueOf(node, p), text = p.type === 'choice' ? p.choices?.find(c => c.value === v)?.label ?? v : p.type === 'boolean' ? (v ? 'on' : 'off') : v
    return p.type === 'text' ? p.label : `${p.label} ${text}${p.unit ? ' ' + p.unit : ''}`
  }).slice(0, 3).join(', ')

  // While it runs, how far each node is; afterwards, what came out of it.
  const tally = node => (running.value ? job.value.nodes : job.value?.result?.nodes)?.find(n => n.name === node.name)
  const results = t => [
    t.objects != null ? plural(t.objects, 'object') : null, t.rejects && Object.keys(t.rejects).length
      ? `${count(Object.values(t.rejects).reduce((a, b) => a + b, 0))} dropped` : null,
    t.framePixels ? `${+(100 * t.pixels / t.framePixels).toPrecision(3)} % of the pixels` : null, t.columns ? `${count(t.columns)} values an object` : null, t.seconds
      ? duration(t.seconds) : null
  ].filter(Boolean).join(' · ')
  const card = (name, i) => {
    const node = view.graph.nodes.find(n => n.name === name), type = view.types[node.kind]
    const open = view.open === name, from = sources(view.graph, name), run = tally(node)
    const targets = slot => view.graph.edges.filter(e => e.from === `${name}.${slot}`).map(e => titleOf(nodeOf(e.to)))
    return h('li', { class: ['node', { open }], key: name }, [
      h('button', { type: 'button', class: 'node-head', 'aria-expanded': String(open), onClick: () => { view.open = open ? null : name } }, [
        h('span', { class: 'node-number' }, i + 1),
        h('span', { class: 'node-title' }, [h('strong', type?.title ?? node.kind), h('span', { class: 'muted' }, open ? node.kind
          : (type && short(node, type)) || type?.help || '')]),
        run ? h('span', { class: 'muted number small' }, running.value ? `${count(run.done)} of ${count(job.value.total)}` : results(run)) : null,
        icon(open ? 'down' : 'chevron', 16)
      ]),
      run && running.value ? progress(run.done, job.value.total, type?.title ?? name) : null,
      open ? h('div', { class: 'node-body' }, type ? [
        h('p', { class: 'help' }, type.help),
        type.parameters.length ? form(node, type, (p, v) => set(node, p, v), readOnly(), view.top) : h('p', { class: 'muted' }, 'Nothing to set here.'),
        h('div', { class: 'slots' }, [
          type.inputs.length ? h('div', type.inputs.map(s => h('span', { class: 'slot', title: s.help },
            [h('i', { class: 'in' }), s.name, h('span', { class: 'muted' }, from[s.name] ? ` from ${titleOf(nodeOf(from[s.name]))}` : s.optional ? ' not needed'
            : ' not joined')]))) : null,
          type.outputs.length ? h('div', type.outputs.map(s => h('span', { class: 'slot', title: s.help },
            [h('i', { class: 'out' }), s.name, h('span', { class: 'muted' }, targets(s.name).length ? ` to ${targets(s.name).join(', ')}` : '')]))) : null
        ]),
        Object.keys(node.config ?? {}).length && !readOnly() ? button('Back to defaults', () => reset(node), { kind: 'quiet' }) : null
      ] : h('p', { class: 'bad' }, `This version of ship does not know nodes of kind ${node.kind}.`)) : null
    ])
  }
  const titleOf = name => view.types[kindOf(name)]?.title ?? name

  const outcome = () => {
    const j = job.value
    if (!j) return null
    const rejects = Object.entries(j.result?.rejects ?? {}).filter(([, n]) => n), images = j.result?.images ?? j.total
    return h('section', { class: ['outcome', j.state], 'aria-label': 'Last run' }, running.value ? [
      h('div', { class: 'row between' }, [h('strong', j.state === 'queued' ? 'Waiting to run' : `Running, ${j.total ? Math.round(100 * j.done / j.total) : 0} %`),
        h('span', { class: 'muted number' }, [`${count(j.done)} of ${plural(j.total, 'image')}`, j.etaSeconds > 1 ? `, ${duration(j.etaSeconds)} left` : ''])]),
      progress(j.done, j.total, 'Run'), j.message ? h('p', { class: 'muted small' }, j.message) : null
    ] : [
      h('div', { class: 'row between' }, [h('strong', j.state === 'done' ? 'Last run' : j.state === 'cancelled' ? 'Last run was cancelled' : 'Last run failed'),
        h('span', { class: 'muted' }, ago(j.finishedAt))]),
      j.state === 'failed' ? h('p', { class: 'bad' }, j.error) : null,
      j.result ? h('div', { class: 'figures' }, [
        h('div', [h('b', count(j.result.objects ?? 0)), h('span', 'objects')]), h('div', [h('b', count(images ?? 0)), h('span', 'images')]),
        ...rejects.map(([rule, n]) => h('div', { class: 'reject' }, [h('b', count(n)), h('span', ruleText(rule))])), j.result.failed
          ? h('div', { class: 'bad' }, [h('b', count(j.result.failed)), h('span', 'failed')]) : null
      ]) : null,
      j.result?.keptEdited ? h('p', { class: 'muted small' }, `${plural(j.result.keptEdited, 'edited object')} kept as they were.`) : null
    ])
  }

  return () => h('div', { class: 'pipeline' }, [
    h('div', { class: 'page chain' }, [
      h('header', { class: 'page-head' }, [h('h1', 'Pipeline'), h('div', { class: 'spring' }), view.presets.length && !readOnly()
        ? h('select', { 'aria-label': 'Take a preset', onChange: e => { const p = view.presets[e.target.selectedIndex - 1]; e.target.selectedIndex = 0; if (p) applyPreset(p) } },
        [h('option', 'Presets…'), ...view.presets.map(p => h('option', { title: p.help }, p.title))]) : null]),
      view.error ? problem(view.error, load) : view.graph ? null : loading('Reading the pipeline…'),
      outcome(),
      view.errors.length ? problem({ message: 'The pipeline was not saved:', errors: view.errors }, save) : null,
      view.graph && view.types ? (view.graph.nodes.length ? h('ol', { class: 'nodes' }, order(view.graph).map(card))
        : empty('pipeline', 'No steps yet', 'Take a preset to begin.')) : null,
      readOnly() ? null : h('div', { class: 'run-options' }, [checkbox('Keep objects that were edited by hand', view.keepEdited, v => { view.keepEdited = v }), view.keepEdited
        ? null : h('p', { class: 'bad small' }, 'The next run replaces edited objects. Undo can still bring them back.')])
    ]),
    view.graph && view.types ? h(preview, { project, graph: view.graph, valid: !complaints.value.length, onImage: i => { view.top = 2 ** i.bits - 1 } }) : null
  ])
})

export default { id: 'pipeline', title: 'Pipeline', icon: 'pipeline', tab: true, component }
