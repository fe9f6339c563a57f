// Shows the rules or failures that have every word that was typed, in their listing or on their page.
"use strict";

const field = document.querySelector("#search");
const found = document.querySelector("#found");
const sections = [...document.querySelectorAll(".category")].map((section) => ({
  section,
  rules: [...section.querySelectorAll("[data-rule]")].map((item) => ({
    item,
    text: `${item.textContent} ${self.spacelintWords[item.dataset.rule] ?? ""}`.toLowerCase(),
  })),
}));

function narrow() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { section, rules } of sections) {
    let left = 0;
    for (const { item, text } of rules) {
      item.hidden = !words.every((word) => text.includes(word));
      left += item.hidden ? 0 : 1;
    }
    section.hidden = left === 0;
    count += left;
  }
  found.textContent =
    words.length === 0 ? "" : count === 0 ? "Nothing has all of these words." : `${count} found`;
}

function remember() {
  const query = field.value ? `?q=${encodeURIComponent(field.value)}` : location.pathname;
  history.replaceState(null, "", query);
}

field.value = new URLSearchParams(location.search).get("q") ?? "";
if (field.value) {
  field.scrollIntoView();
}
narrow();
field.addEventListener("input", () => {
  narrow();
  remember();
});
field.form.addEventListener("submit", (event) => {
  event.preventDefault();
  const first = document.querySelector("[data-rule]:not([hidden]) a");
  if (field.value && first) {
    first.click();
  }
});
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement;
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
  }
});
