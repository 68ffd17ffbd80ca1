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
  const active = job => ['queued', 'running'].includes(job.state)
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
  shell.status = () => [h('span', plural(state.jobs.filter(active).length, 'job') + ' at work or waiting'), h('span', `${count(state.jobs.length)} in all`)]
  const words = { queued: 'waiting', running: 'running', done: 'done', failed: 'failed', cancelled: 'cancelled' }
  const outcome = job => [job.result?.images != null ? plural(job.result.images, 'image') : null, job.result?.objects != null ? plural(job.result.objects, 'object') : null,
    job.result?.name ?? null, job.result?.failed ? `${count(job.result.failed)} failed` : null].filter(Boolean).join(', ')
  const row = job => h('li', { class: ['job', { open: view.open === job.id }], key: job.id }, [
    h('div', { class: 'job-row' }, [
      badge(job.state, words[job.state]),
      h('button', { type: 'button', class: 'job-title', 'aria-expanded': String(view.open === job.id), onClick: () => toggle(job) },
        [h('strong', jobTitle(job)), h('span', { class: 'muted' }, ` #${job.id}`), icon(view.open === job.id ? 'down' : 'chevron', 14)]),
      h('span', { class: 'grow job-message' }, active(job) ? [progress(job.done, job.total, jobTitle(job)),
        h('span', { class: 'muted' }, job.message || (job.total ? `${count(job.done)} of ${count(job.total)}` : ''))]
        : job.error ? h('span', { class: 'bad' }, job.error) : h('span', { class: 'muted' }, outcome(job) || job.result?.summary || job.message)),
      h('span', { class: 'number muted job-time', title: date(job.createdAt)?.toLocaleString() },
        [took(job), active(job) && job.etaSeconds > 1 ? ` · ${duration(job.etaSeconds)} left` : '']),
      h('span', { class: 'muted job-when' }, ago(job.createdAt, view.now)),
      h('span', { class: 'job-tools' }, active(job) ? iconButton('stop', `Cancel ${jobTitle(job)}`, () => cancel(job), { size: 16 }) : !active(job) && !state.project?.readOnly
        ? iconButton('retry', `Run ${jobTitle(job)} again`, () => retry(job), { size: 16 }) : null)
    ]),
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
