// What this program is, and what it is made of.
import { defineComponent, h, reactive, onMounted } from '../../vendor/vue.runtime.js'
import { state } from '../../state.js'
import { mark } from '../../icons.js'

const parts = [
  ['Leaflet 1.9', 'map in the browser', 'BSD-2-Clause', '© 2010–2023 Volodymyr Agafonkin, © 2010–2011 CloudMade'],
  ['Vue 3.5', 'screens in the browser', 'MIT', '© 2018–present Yuxi (Evan) You and Vue contributors'],
  ['Swift runtime and Foundation', 'language', 'Apache-2.0 with Runtime Library Exception', '© Apple Inc. and the Swift project authors'],
  ['Hummingbird, SwiftNIO, swift-log, swift-crypto, swift-argument-parser and the Swift packages below them', 'server, log, hashes, command line', 'Apache-2.0',
    '© the Hummingbird authors; © Apple Inc. and the SwiftNIO and Swift project authors'],
  ['GRDB', 'database access', 'MIT', '© Gwendal Roué'],
  ['Yams, libyaml', 'pipeline files in YAML', 'MIT', '© JP Simard; © 2006–2016 Kirill Simonov, © 2017–2020 Ingy döt Net'],
  ['SQLite', 'database', 'Public domain', ''],
  ['libjpeg-turbo', 'JPEG', 'IJG, BSD-3-Clause and zlib', 'This software is based in part on the work of the Independent JPEG Group. © D. R. Commander and others'],
  ['libpng', 'PNG', 'PNG Reference Library License 2', '© the PNG Reference Library Authors'],
  ['libtiff', 'TIFF', 'libtiff licence', '© 1988–1997 Sam Leffler, © 1991–1997 Silicon Graphics, Inc.'],
  ['zlib, minizip', 'compression, ZIP', 'zlib', '© Jean-loup Gailly and Mark Adler; © Gilles Vollant'],
  ['libexif', 'camera data', 'LGPL-2.1', '© Lutz Müller and others'],
  ['libwebp, zstd, liblzma, jbigkit, libdeflate, LERC', 'compressions inside TIFF', 'BSD-3-Clause, BSD-3-Clause, public domain, GPL-2.0, MIT, Apache-2.0',
    '© Google Inc.; © Meta Platforms, Inc.; the Tukaani project; Markus Kuhn; Eric Biggers; Esri']
]

const bsd2 = `Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following disclaimer in the documentation and/or other materials provided with the distribution.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`

const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

const component = defineComponent(() => () => h('div', { class: 'page prose' }, [
  h('header', { class: 'about-head' }, [mark(), h('div', [h('h1', 'ship'), h('p', { class: 'muted' },
    ['The self-learning Helmholtz Imaging Pipeline', state.session?.version ? ` · version ${state.session.version}` : ''])])]),
  h('p', 'Turns folders of microscope, scanner or camera frames into corrected images, segmented and hand-edited objects, measurements and archives. It runs on this machine alone: this page was loaded from it, and nothing is asked of any other.'),
  h('p', h('a', { href: '/reference/measures', target: '_blank', rel: 'noopener' }, 'What every measure means, and which tool it equals')),
  h('p', h('a', { href: '/reference/nodes', target: '_blank', rel: 'noopener' }, 'Every kind of node, with its slots and parameters')),
  h('h2', 'Made with'),
  h('table', { class: 'licences' }, [h('thead', h('tr', ['Part', 'For', 'Licence', 'Notice'].map(t => h('th', { scope: 'col' }, t)))),
    h('tbody', parts.map(p => h('tr', [h('th', { scope: 'row' }, p[0]), ...p.slice(1).map(t => h('td', t))])))]),
  h('details', [h('summary', 'BSD 2-Clause License (Leaflet)'),
    h('pre', 'Copyright (c) 2010–2023, Volodymyr Agafonkin\nCopyright (c) 2010–2011, CloudMade\nAll rights reserved.\n\n' + bsd2)]),
  h('details', [h('summary', 'MIT License (Vue, GRDB, Yams, libyaml)'),
    h('pre', 'Copyright (c) 2018–present, Yuxi (Evan) You and Vue contributors\nCopyright (C) 2015–present Gwendal Roué\n'
      + 'Copyright (c) 2016 JP Simard\nCopyright (c) 2017–2020 Ingy döt Net, Copyright (c) 2006–2016 Kirill Simonov\n\n' + mit)]),
]))

export default { id: 'about', title: 'About', icon: 'info', component }
