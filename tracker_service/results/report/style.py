"""The looks of a page. All rules are below one class, so that a notebook keeps its own."""

PAGE_STYLE = "body{margin:0}@media(prefers-color-scheme:dark){body{background:#14181e}}"
"""Of the page around it."""
STYLE = """
.phalp-triton{--ink:#1c2430;--soft:#5c6675;--paper:#fff;--line:#dde2e9;--ground:#f1f3f6;
--seen:#1f9d78;--second-look:#2f7fe0;--doubtful:#e8a33a;--predicted:#8d7bd0;--lost:#b9c0c9;--unusable:#c8493f;
color:var(--ink);background:var(--paper);font:15px/1.45 system-ui,sans-serif;max-width:1000px;margin:0 auto;
padding:16px}
@media(prefers-color-scheme:dark){.phalp-triton{--ink:#e6eaf0;--soft:#9aa5b4;--paper:#14181e;--line:#2c3440;
--ground:#222932;--lost:#5b6572}}
.phalp-triton h1{font-size:1.35em;margin:.2em 0;overflow-wrap:anywhere}
.phalp-triton h2{font-size:1.05em;margin:1.6em 0 .5em}
.phalp-triton p{margin:.4em 0}
.phalp-triton .note,.phalp-triton small,.phalp-triton .legend{color:var(--soft);font-size:.87em}
.phalp-triton .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:14px 0}
.phalp-triton .tiles div{border:1px solid var(--line);border-radius:8px;padding:10px 12px}
.phalp-triton .tiles b{display:block;font-size:1.6em;font-weight:600}
.phalp-triton .tiles span,.phalp-triton .tiles small{display:block}
.phalp-triton .warning,.phalp-triton .advice{border-left:4px solid var(--doubtful);background:var(--ground);
padding:8px 12px;overflow-wrap:anywhere}
.phalp-triton .advice{border-color:var(--second-look)}
.phalp-triton .legend span{margin-right:16px;white-space:nowrap;display:inline-block}
.phalp-triton .legend svg{width:12px;height:12px;margin-right:5px;vertical-align:-1px}
.phalp-triton .timeline{width:100%;min-width:600px;height:auto;display:block;font-size:12px}
.phalp-triton .timeline text{fill:var(--ink)}
.phalp-triton .timeline .time{fill:var(--soft);font-size:11px}
.phalp-triton .ground{fill:var(--ground)}
.phalp-triton .seen,.phalp-triton .usable{fill:var(--seen);background:var(--seen)}
.phalp-triton .second-look{fill:var(--second-look)}
.phalp-triton .doubtful{fill:var(--doubtful);background:var(--doubtful)}
.phalp-triton .unusable{fill:var(--unusable);background:var(--unusable)}
.phalp-triton .predicted{fill:url(#hatch)}
.phalp-triton .hatch-ground{fill:var(--paper)}
.phalp-triton .hatch-line{fill:var(--predicted)}
.phalp-triton .lost{fill:var(--lost)}
.phalp-triton .shot{stroke:var(--soft);stroke-dasharray:2 3;fill:none}
.phalp-triton .tick{stroke:var(--soft);fill:none}
.phalp-triton .whole{display:flex;height:16px;border-radius:4px;overflow:hidden;background:var(--ground)}
.phalp-triton .whole i{display:block}
.phalp-triton .wide{overflow-x:auto}
.phalp-triton table{border-collapse:collapse;font-size:.9em;width:100%}
.phalp-triton th,.phalp-triton td{text-align:left;padding:4px 10px 4px 0;border-bottom:1px solid var(--line);
vertical-align:top;overflow-wrap:break-word;font-variant-numeric:tabular-nums;background:none}
.phalp-triton th{font-weight:600}
.phalp-triton .bars th{width:9em;font-weight:400}
.phalp-triton .bars td:last-child{width:15em}
.phalp-triton .bar i{display:block;height:12px;margin-top:4px;border-radius:3px;background:var(--second-look);
min-width:1px}
.phalp-triton summary{cursor:pointer;margin:10px 0}
@media(max-width:600px){.phalp-triton .bars td:last-child{width:9em}.phalp-triton .bars th{width:6em}}
"""
