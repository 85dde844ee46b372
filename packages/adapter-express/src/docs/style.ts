/** The style sheet of the documentation page: system fonts, nothing loaded, light and dark as the reader's system is. */
export const docsStyle = `:root {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #14171c);
  --raised: light-dark(#f5f7fa, #1c2027);
  --line: light-dark(#dde3ea, #2f3641);
  --text: light-dark(#1d2530, #dfe5ec);
  --soft: light-dark(#566273, #97a3b3);
  --link: light-dark(#0a5cad, #7ab8ff);
  --get: light-dark(#0a5cad, #7ab8ff);
  --post: light-dark(#1a7f37, #6fd08c);
  --put: light-dark(#8a5a00, #e6b450);
  --delete: light-dark(#b42318, #ff9087);
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0;
  display: grid;
  grid-template-columns: 21rem minmax(0, 1fr);
  font: 1rem/1.55 system-ui, sans-serif;
  color: var(--text);
  background: var(--ground);
}
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
code, pre { font: 0.875em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
pre { margin: 0.75rem 0; padding: 0.75rem 1rem; overflow-x: auto; background: var(--raised); border-radius: 0.4rem; }
p { margin: 0.4rem 0; max-width: 48rem; }
nav {
  position: sticky;
  top: 0;
  height: 100vh;
  overflow-y: auto;
  padding: 1.25rem;
  background: var(--raised);
  border-right: 1px solid var(--line);
  font-size: 0.8125rem;
}
nav .home { font-size: 1.125rem; font-weight: 650; color: var(--text); }
nav h2 { margin: 1.1rem 0 0.25rem; font-size: 0.8125rem; }
nav h2 a { color: var(--soft); }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: flex; gap: 0.5rem; align-items: baseline; padding: 0.15rem 0; color: var(--text); }
nav li span { overflow-wrap: anywhere; }
main { padding: 2rem clamp(1rem, 4vw, 4rem) 6rem; max-width: 68rem; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; }
h1 small { font-size: 0.9rem; font-weight: 400; color: var(--soft); }
section { margin-top: 3rem; }
section > h2 { margin: 0; padding-bottom: 0.3rem; border-bottom: 1px solid var(--line); font-size: 1.4rem; }
article { margin: 1.25rem 0; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: 0.6rem; }
article:target { border-color: var(--link); }
h3 { margin: 0 0 0.3rem; font-size: 1.0625rem; overflow-wrap: anywhere; }
h4 { margin: 1.1rem 0 0.3rem; font-size: 0.875rem; color: var(--soft); }
.lead { font-size: 1.0625rem; }
.who, .type, .part, .optional { color: var(--soft); font-size: 0.875rem; }
.part, .optional { font-style: italic; }
.method { display: inline-block; min-width: 3.6em; font: 700 0.75rem/1.5 ui-monospace, Menlo, Consolas, monospace; }
nav .method { flex: none; font-size: 0.6875rem; }
.get { color: var(--get); }
.post { color: var(--post); }
.put, .patch { color: var(--put); }
.delete { color: var(--delete); }
.fields { list-style: none; margin: 0.4rem 0; padding: 0; border-top: 1px solid var(--line); }
.fields li { padding: 0.4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.fields .fields { margin: 0.4rem 0 0 1rem; border-top: 0; border-left: 2px solid var(--line); padding-left: 1rem; }
.fields .fields li:last-child { border-bottom: 0; }
.fields .name { font-weight: 600; }
.fields p { margin: 0.1rem 0 0; font-size: 0.9375rem; }
dl { margin: 0; display: grid; grid-template-columns: 3.5rem minmax(0, 1fr); gap: 0.4rem 0; }
dt { font: 700 0.875rem/1.7 ui-monospace, Menlo, Consolas, monospace; }
dt.good { color: var(--post); }
dt.problem { color: var(--delete); }
dd { margin: 0; font-size: 0.9375rem; }
details { margin: 0.3rem 0; }
summary { cursor: pointer; color: var(--link); font-size: 0.875rem; }
@media (max-width: 56rem) {
  body { grid-template-columns: minmax(0, 1fr); }
  nav { position: static; height: auto; max-height: 40vh; border-right: 0; border-bottom: 1px solid var(--line); }
}
@media print {
  body { display: block; }
  nav { display: none; }
}
`
