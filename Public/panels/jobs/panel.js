// What runs, what ran, how long it took and what it said.
import { defineComponent, h, reactive, onMounted, onBeforeUnmount } from '../../vendor/vue.runtime.js'
import { get, post, remove, at } from '../../api.js'
import { state, shell, complain, reloadJobs, takeJob, jobTitle, here, on, later } from '../../state.js'
import { icon } from '../../icons.js'
import { iconButton, empty, loading, problem, progress, badge } from '../../ui.js'
import { duration, ago, date, plural, count } from '../../lib/format.js'

const component = defineComponent(() => {
  const project = state.project
  const view = reactive({ open: null, logs: {}, now: Date.now() })
  const timer = setInterval(() => { view.now = Date.now() }, 1000)
  onBeforeUnmount(() => clearInterval(timer))
  onMounted(reloadJobs)
  // An open log goes on while its job does.
  onBeforeUnmount(on('job', job => { if (job.id === view.open) later('log', () => log(job), 300) }))
  const active = job => ['queued', 'running', 'paused'].includes(job.state)
  const took = job => {
    const start = date(job.startedAt), end = date(job.finishedAt)
    return start ? duration(((end ?? view.now) - start) / 1000) : ''
  }
  async function toggle(job) {
    view.open = view.open === job.id ? null : job.id
    if (view.open) await log(job)
  }
  async function log(job) { try { view.logs[job.id] = (await get(at(project, `/jobs/${job.id}`))).log ?? [] } catch (error) { complain(error) } }
  const cancel = async job => { try { await remove(at(project, `/jobs/${job.id}`)); job.message = 'Stopping…' } catch (error) { complain(error) } }
  const retry = async job => { try { const next = await post(at(project, `/jobs/${job.id}/retry`), {}); takeJob(next); view.open = next.id;
    await log(next) } catch (error) { complain(error) } }
  const hold = async (job, what) => { try { takeJob(await post(at(project, `/jobs/${job.id}/${what}`), {})) } catch (error) { complain(error) } }
  const retryFailed = async job => { try { const next = await post(at(project, `/jobs/${job.id}/retry?failed=true`), {}); takeJob(next); view.open = next.id; await log(next) } catch (error) { complain(error) } }
  const writes = () => !state.project?.readOnly
  const tools = job => active(job) ? [
    !writes() ? null : job.state === 'paused' ? iconButton('play', `Go on with ${jobTitle(job)}`, () => hold(job, 'resume'), { size: 16 })
      : iconButton('pause', `Pause ${jobTitle(job)}`, () => hold(job, 'pause'), { size: 16, disabled: job.pausing }),
    iconButton('stop', `Cancel ${jobTitle(job)}`, () => cancel(job), { size: 16 })
  ] : writes() ? [
    job.result?.failures?.some(f => f.image != null) ? iconButton('retryFailed', `Run only the ${plural(job.result.failures.length, 'image')} of ${jobTitle(job)} that failed`, () => retryFailed(job), { size: 16 }) : null,
    iconButton('retry', `Run ${jobTitle(job)} again`, () => retry(job), { size: 16 })
  ] : null
  shell.status = () => [h('span', plural(state.jobs.filter(active).length, 'job') + ' at work or waiting'), h('span', `${count(state.jobs.length)} in all`)]
  const words = { queued: 'waiting', running: 'running', paused: 'paused', done: 'done', failed: 'failed', cancelled: 'cancelled' }
  const row = job => h('li', { class: ['job', { open: view.open === job.id }], key: job.id }, [
    h('div', { class: 'job-row' }, [
      badge(job.state, job.pausing ? 'pausing' : words[job.state]),
      h('button', { type: 'button', class: 'job-title', 'aria-expanded': String(view.open === job.id), onClick: () => toggle(job) },
        [h('strong', jobTitle(job)), h('span', { class: 'muted' }, ` #${job.id}`), icon(view.open === job.id ? 'down' : 'chevron', 14)]),
      h('span', { class: 'grow job-message' }, active(job) ? [progress(job.done, job.total, jobTitle(job)),
        h('span', { class: 'muted' }, job.message || (job.total ? `${count(job.done)} of ${count(job.total)}` : ''))]
        : job.error ? h('span', { class: 'bad' }, job.error) : h('span', { class: 'muted' }, job.result ? [job.result.summary, job.result.warnings?.[0]].filter(Boolean).join(' · ') : job.message)),
      h('span', { class: 'number muted job-time', title: date(job.createdAt)?.toLocaleString() },
        [took(job), active(job) && job.etaSeconds > 1 ? ` · ${duration(job.etaSeconds)} left` : '']),
      h('span', { class: 'muted job-when' }, ago(job.createdAt, view.now)),
      h('span', { class: 'job-tools' }, tools(job))
    ]),
    view.open === job.id && job.nodes?.length ? h('table', { class: 'job-nodes' }, [
      h('thead', h('tr', ['Step', 'Images', 'Time', 'Left'].map(t => h('th', { scope: 'col' }, t)))),
      h('tbody', job.nodes.map(n => h('tr', { key: n.name }, [
        h('th', { scope: 'row' }, n.name), h('td', count(n.done)), h('td', duration(n.seconds)), h('td', n.etaSeconds != null ? duration(n.etaSeconds) : '')
      ])))
    ]) : null,
    view.open === job.id ? h('pre', { class: 'log', tabindex: 0, 'aria-label': 'Log' }, (view.logs[job.id] ?? job.log ?? []).join('\n') || 'The log is empty.') : null
  ])
  return () => h('div', { class: 'page' }, [
    h('header', { class: 'page-head' }, h('h1', 'Jobs')),
    state.jobsError && !state.jobsError.offline ? problem(state.jobsError, reloadJobs) : null,
    state.jobs.length ? h('ul', { class: 'job-list' }, state.jobs.map(row)) : state.jobsError ? null : !state.jobsKnown ? loading('Reading the jobs…')
      : empty('jobs', 'Nothing has run yet', 'Runs, imports and exports appear here with their progress and their log. They go on when this page is closed.',
      [h('a', { class: 'button', href: here('pipeline') }, 'To the pipeline')])
  ])
})

export default { id: 'jobs', title: 'Jobs', icon: 'jobs', tab: true, component }
