"""How the evidence page looks: on a screen, in the dark, on paper, and to who cannot see colours."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { --ink: #1c2733; --soft: #56636f; --line: #d9dfe5; --tint: #f4f7f9; --paper: #fff; --mark: #1f5fa8;
  --good: #14683c; --bad: #a3211a; color-scheme: light }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1080px; margin: 2rem auto;
  padding: 0 1.5rem }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .7rem; border-bottom: 2px solid var(--ink) }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem }
p { max-width: 75ch; margin: .4rem 0 } .note, small, caption { color: var(--soft); font-size: .88rem }
.warn { border-left: 4px solid var(--bad); background: var(--tint); padding: .5rem .9rem; margin: .8rem 0; max-width: none }
.verdict { display: flex; gap: .8rem; align-items: center; border: 2px solid; border-radius: .6rem; padding: .7rem 1rem;
  max-width: none; margin: 1rem 0; font-size: 1.1rem; font-weight: 600 }
.passed { color: var(--good) } .refused { color: var(--bad) } .unjudged { color: var(--soft) }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .8rem; margin: 1rem 0 }
.figures div { background: var(--tint); border-radius: .5rem; padding: .6rem .9rem; font-size: .84rem; color: var(--soft) }
.figures b { display: block; font-size: 1.45rem; line-height: 1.25; color: var(--ink) }
nav ol { columns: 2; margin: .4rem 0; padding-left: 1.3rem; font-size: .92rem } a { color: inherit }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-size: .86rem; margin: .5rem 0 1rem }
caption { text-align: left; padding-bottom: .2rem }
th, td { text-align: left; vertical-align: middle; padding: .28rem .55rem; border-bottom: 1px solid var(--line) }
thead th { background: var(--tint) } tbody th { font-weight: 600 }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }
svg { max-width: 100%; height: auto } svg.bar { display: block; min-width: 130px }
.bar line { stroke: var(--mark); stroke-width: 2 } .bar circle { fill: var(--mark) }
.bar .limit { stroke: var(--bad); stroke-width: 1 }
.bar .axis { stroke: var(--line); stroke-width: 1 }
.cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 1rem }
figure { margin: 0; break-inside: avoid } figure img { max-width: 100%; border-radius: .3rem; background: #000 }
figcaption { font-size: .84rem } details { margin: .5rem 0 } summary { cursor: pointer; font-weight: 600 }
dl { display: grid; grid-template-columns: 12rem 1fr; gap: .15rem .8rem; font-size: .9rem }
dt { color: var(--soft) } dd { margin: 0 }
@media print {
  @page { size: A4; margin: 13mm }
  body { font-size: 10.5px; margin: 0; padding: 0; max-width: none } nav { display: none }
  thead { display: table-header-group } tr, h2, h3, dl, .figures div { break-inside: avoid } h2, h3 { break-after: avoid }
  .wide { overflow: visible } details::details-content { content-visibility: visible; display: block; height: auto }
}
"""
