// What this program is, and what it is made of.
import { defineComponent, h } from '../../vendor/vue.runtime.js'
import { state } from '../../state.js'
import { mark } from '../../icons.js'

const component = defineComponent(() => () => h('div', { class: 'page prose' }, [
  h('header', { class: 'about-head' }, [mark(), h('div', [h('h1', 'ship'), h('p', { class: 'muted' },
    ['The self-learning Helmholtz Imaging Pipeline', state.session?.version ? ` · version ${state.session.version}` : ''])])]),
  h('p', 'Turns folders of microscope, scanner or camera frames into corrected images, segmented and hand-edited objects, measurements and archives. All of it on this machine.'),
  h('p', h('a', { href: '/reference/measures', target: '_blank', rel: 'noopener' }, 'What every measure means, and which tool it equals')),
  h('p', h('a', { href: '/reference/nodes', target: '_blank', rel: 'noopener' }, 'Every kind of node')),
  h('p', ['Made with Leaflet, Vue, SQLite and others: ',
    h('a', { href: 'licences.html', target: '_blank', rel: 'noopener' }, 'their licences and notices'), '.'])
]))

export default { id: 'about', title: 'About', icon: 'info', component }
