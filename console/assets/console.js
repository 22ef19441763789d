/* What a page can do more with a script: it keeps itself new without moving anything, copies UIDs, knows keys ("?" lists them).
   Every page is whole without it. */
"use strict";
(function () {
  var every = 2000, lost = 3;
  var tag = null, misses = 0, paused = false, contact = new Date();
  var stale = document.querySelector("[data-stale]"), since = document.querySelector("[data-stale-since]");
  var word = document.querySelector("[data-live-word]"), at = document.querySelector("[data-at]");
  var button = document.querySelector("[data-pause]");

  function clock(date) { return date.toLocaleTimeString([], { hour12: false }); }

  function say() {
    var away = misses >= lost;
    document.body.classList.toggle("is-stale", away);
    if (stale) stale.hidden = !away;
    if (since) since.textContent = clock(contact);
    if (word) word.textContent = away ? "No contact since" : paused || choosing() ? "Paused at" : "Live,";
    if (at) at.textContent = clock(contact);
  }

  /* In the reader's own zone: as the server says it, "3 min ago", the clock, or date and clock. */
  function times(root) {
    root.querySelectorAll("time[datetime]:not([data-at])").forEach(function (time) {
      var then = new Date(time.getAttribute("datetime")), ago = Date.now() - then.getTime(), text;
      if (isNaN(then)) return;
      if (time.hasAttribute("data-day"))
        text = then.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short", year: "numeric" });
      else if (ago >= 0 && ago < 60000) text = "just now";
      else if (ago >= 0 && ago < 3600000) text = Math.floor(ago / 60000) + " min ago";
      else if (then.toDateString() === new Date().toDateString()) text = clock(then).slice(0, 5);
      else text = then.toLocaleDateString([], { day: "numeric", month: "short" }) + " " + clock(then).slice(0, 5);
      if (time.textContent !== text) time.textContent = text;
      time.title = then.toString();
    });
    root.querySelectorAll("[data-clock]").forEach(drawn);
  }

  /* The same of a drawing's texts, which say in which form: "seconds", "minutes", "day"; or from when until when. */
  function drawn(node) {
    var then = new Date(node.dataset.clock), until = node.dataset.until ? new Date(node.dataset.until) : null, text;
    if (isNaN(then)) return;
    text = clock(then);
    if (node.dataset.form === "minutes" || node.dataset.form === "day") text = text.slice(0, 5);
    if (node.dataset.form === "day") text = then.toLocaleDateString([], { day: "numeric", month: "short" }) + " " + text;
    if (until) text += " to " + clock(until);
    text += node.dataset.rest || "";
    if (node.textContent !== text) node.textContent = text;
  }

  /* Changes what is other, and leaves every node that is not where it is: focus, selection and scroll stay. */
  function morph(here, there) {
    if (here.nodeType !== there.nodeType || here.nodeName !== there.nodeName) {
      here.replaceWith(there.cloneNode(true));
      return;
    }
    if (here.nodeType === Node.TEXT_NODE) {
      if (here.data !== there.data) here.data = there.data;
      return;
    }
    if (here.nodeType !== Node.ELEMENT_NODE || here.nodeName === "TIME" &&
        here.getAttribute("datetime") === there.getAttribute("datetime")) return;
    Array.from(here.attributes).forEach(function (a) {
      if (!there.hasAttribute(a.name) && a.name !== "open" && a.name !== "hidden") here.removeAttribute(a.name);
    });
    Array.from(there.attributes).forEach(function (a) {
      if (a.name !== "hidden" && a.name !== "open" && here.getAttribute(a.name) !== a.value) here.setAttribute(a.name, a.value);
    });
    if (!here.hasAttribute("data-clock")) children(here, there); /* its text follows from that */
  }

  function key(node) { return node.dataset ? node.dataset.key : undefined; }

  function children(here, there) {
    var known = {}, next = here.firstChild, wanted = Array.from(there.childNodes);
    Array.from(here.childNodes).forEach(function (node) { if (key(node)) known[key(node)] = node; });
    wanted.forEach(function (node) {
      var mine = key(node) ? known[key(node)] : next && !key(next) ? next : null;
      if (!mine) {
        here.insertBefore(node.cloneNode(true), next);
        return;
      }
      if (mine === next) next = next.nextSibling;
      else here.insertBefore(mine, next);
      morph(mine, node);
      delete known[key(node)];
    });
    while (next) {
      var gone = next;
      next = next.nextSibling;
      gone.remove();
    }
  }

  function typing(node) {
    return !!node && /^(INPUT|SELECT|TEXTAREA)$/.test(node.tagName) && node.type !== "checkbox";
  }

  /* While lines are chosen none comes or goes (ticks.js). */
  function choosing() { return document.body.classList.contains("is-choosing"); }

  function busy() {
    var chosen = window.getSelection();
    return paused || choosing() || document.hidden || (chosen && !chosen.isCollapsed) || typing(document.activeElement);
  }

  function take(text) {
    var fresh = new DOMParser().parseFromString(text, "text/html");
    document.querySelectorAll("[data-live]").forEach(function (here) {
      var there = fresh.querySelector('[data-live="' + here.dataset.live + '"]');
      if (there) morph(here, there);
    });
    document.querySelectorAll(".copy[hidden]").forEach(function (copy) { copy.hidden = false; });
  }

  function look() {
    if (busy()) { say(); return later(); }
    var headers = { "X-Felucca-Refresh": "1" }; /* so that a session nobody uses ends */
    if (tag) headers["If-None-Match"] = tag;
    fetch(location.href, { headers: headers, cache: "no-store", credentials: "same-origin" })
      .then(function (answer) {
        if (answer.status === 401) location.reload();
        if (answer.status !== 200 && answer.status !== 304) throw new Error("status");
        misses = 0;
        contact = new Date();
        if (answer.status === 304) return null;
        tag = answer.headers.get("ETag");
        return answer.text();
      })
      .then(function (text) { if (text && !busy()) take(text); })
      .catch(function () { misses++; })
      .then(function () { times(document); say(); later(); });
  }

  function later() { setTimeout(look, every); }

  function pause() {
    paused = !paused;
    if (button) {
      button.setAttribute("aria-pressed", paused);
      button.textContent = paused ? "Go on" : "Pause";
    }
    say();
  }

  document.addEventListener("click", function (event) {
    var copy = event.target.closest("[data-copy]");
    if (copy && navigator.clipboard)
      navigator.clipboard.writeText(copy.dataset.copy).then(function () { copy.classList.add("done"); });
    if (event.target.closest("[data-pause]")) pause();
  });

  /* ---- keys; all but "?" and Escape can be switched off ---- */

  var pages = { n: "/", s: "/studies", t: "/trouble", a: "/albums", o: "/sources", k: "/tokens", j: "/journal" };
  var keys = document.querySelector("[data-keys]"), off = document.querySelector("[data-keys-off]"), going = 0;

  function stored() { try { return localStorage.getItem("felucca-keys"); } catch (e) { return null; } }

  if (off) {
    off.checked = stored() === "off";
    off.addEventListener("change", function () {
      try { localStorage.setItem("felucca-keys", off.checked ? "off" : "on"); } catch (e) { /* for this page alone */ }
    });
  }

  /* To the first link of the next row, or the one before. */
  function step(way) {
    var rows = Array.from(document.querySelectorAll("main tbody tr, main .case, main .album, main .target")).filter(function (row) {
      return row.checkVisibility() && row.querySelector("a, button, summary");
    });
    var at = rows.findIndex(function (row) { return row.contains(document.activeElement); });
    var next = rows[at < 0 ? (way > 0 ? 0 : rows.length - 1) : at + way];
    if (next) next.querySelector("a, button, summary").focus();
  }

  /* True: something was open, and is closed. */
  function close() {
    var open = document.querySelector("details.who[open]");
    if (!open) return false;
    open.open = false;
    open.querySelector("summary").focus();
    return true;
  }

  function press(key) {
    var find = document.querySelector("[data-find]"), went = Date.now() - going < 1500;
    going = 0;
    if (went && pages[key]) location.assign(pages[key]);
    else if (key === "g") going = Date.now();
    else if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
    else if (key === "/" && find) find.focus();
    else if (key === "p" && at) pause();
    else return false;
    return true;
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && close()) event.preventDefault();
    if (typing(event.target) || (keys && keys.open)) return;
    if (event.key === "?" && keys && keys.showModal) {
      event.preventDefault();
      keys.showModal();
    } else if (!(off && off.checked) && press(event.key)) {
      event.preventDefault();
    }
  });

  document.querySelectorAll(".copy[hidden]").forEach(function (copy) { copy.hidden = !navigator.clipboard; });
  if (button) button.hidden = false;
  if (at) { times(document); say(); later(); }
})();
