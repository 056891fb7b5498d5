"use strict";
// A classic script in the head: the first paint already has the chosen colours.
(() => {
  const saved = localStorage.getItem("finewire.theme");
  if (saved === "dark" || saved === "light") document.documentElement.dataset.theme = saved;
})();
