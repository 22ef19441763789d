/* Lines are chosen, for the bar that does something with all of them: it comes with the first one. "x" chooses the row where the
   focus is, a click with Shift all between, Escape gives the choice up. Without it the bar is there, and the ticks are a form's. */
"use strict";
(function () {
  var bar = document.getElementById("bulk"), last = null;
  if (!bar) return;
  var says = bar.querySelector("[data-bulk-count]"), none = bar.querySelector("[data-bulk-none]");
  var files = bar.elements.of.value === "trouble";

  function boxes() { return Array.from(document.querySelectorAll("input[type=checkbox][form=bulk]")); }

  function number(count) { return count.toLocaleString("en"); }

  function say() {
    var all = boxes(), on = all.filter(function (box) { return box.checked; });
    var sum = on.reduce(function (most, box) { return most + Number(box.dataset.count); }, 0);
    document.body.classList.toggle("is-choosing", on.length > 0);
    bar.hidden = on.length === 0;
    all.forEach(function (box) { box.closest("tr").classList.toggle("on", box.checked); });
    says.textContent = number(on.length) + " of " + number(all.length) + (files ? " lines" : " studies") + " chosen, " +
      (files ? number(sum) + " jobs and files." : number(sum) + " failed.");
    bar.querySelectorAll("button[name=verb]").forEach(function (button) {
      button.disabled = !on.every(function (box) { return box.dataset.can.split(" ").indexOf(button.value) >= 0; });
    });
  }

  function choose(box, is) {
    if (box.checked !== is) box.checked = is;
  }

  function between(from, to, is) {
    var all = boxes(), a = all.indexOf(from), b = all.indexOf(to);
    for (var i = Math.min(a, b); a >= 0 && i <= Math.max(a, b); i++) choose(all[i], is);
  }

  function give_up() {
    boxes().forEach(function (box) { choose(box, false); });
    last = null;
    say();
  }

  document.addEventListener("click", function (event) {
    var box = event.target.closest("input[type=checkbox][form=bulk]");
    if (!box) return;
    if (event.shiftKey && last) between(last, box, box.checked);
    last = box;
    say();
  });

  none.hidden = false;
  none.addEventListener("click", give_up);

  document.addEventListener("keydown", function (event) {
    var off = document.querySelector("[data-keys-off]"), keys = document.querySelector("[data-keys]");
    var row = document.activeElement && document.activeElement.closest("tr");
    var box = row && row.querySelector("input[type=checkbox][form=bulk]");
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || (keys && keys.open)) return;
    if (event.key === "Escape" && document.body.classList.contains("is-choosing")) give_up();
    else if (event.key === "x" && box && !(off && off.checked) && !/^(SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      choose(box, !box.checked);
      last = box;
      say();
    } else return;
    event.preventDefault();
  });

  window.addEventListener("pageshow", say); /* a browser that goes back has ticks again */
  say();
})();
