/* A file that is tried is cut here, before its pixel data: of at most 256 KiB all else stays where it is. What this does not understand
   is sent from its beginning on; the gateway then says what it cannot know. */
"use strict";
(function () {
  var most = 256 * 1024, deepest = 32, unknown = 0xFFFFFFFF;
  var long = /^(OB|OD|OF|OL|OV|OW|SQ|SV|UC|UN|UR|UT|UV)$/;

  function text(view, at, length) {
    var out = "";
    for (var i = 0; i < length; i++) out += String.fromCharCode(view.getUint8(at + i));
    return out;
  }

  /* What stands at that place: { tag, vr, body, length }; throws where it is cut, or is none. */
  function element(view, at, coding) {
    var little = coding.little, tag = view.getUint16(at, little) * 0x10000 + view.getUint16(at + 2, little);
    if (tag >= 0xFFFE0000 || !coding.explicit)
      return { tag: tag, vr: "", body: at + 8, length: view.getUint32(at + 4, little) };
    var vr = text(view, at + 4, 2);
    if (!/^[A-Z]{2}$/.test(vr)) throw new Error("no VR");
    if (long.test(vr)) return { tag: tag, vr: vr, body: at + 12, length: view.getUint32(at + 8, little) };
    return { tag: tag, vr: vr, body: at + 8, length: view.getUint16(at + 6, little) };
  }

  /* Behind the items of a sequence whose length nobody says. */
  function behindItems(view, at, coding, depth) {
    if (depth > deepest) throw new Error("too deep");
    for (;;) {
      var item = element(view, at, coding);
      if (item.tag === 0xFFFEE0DD) return item.body;
      if (item.tag !== 0xFFFEE000) throw new Error("no item");
      at = item.length === unknown ? behindElements(view, item.body, coding, depth + 1) : item.body + item.length;
    }
  }

  function behindElements(view, at, coding, depth) {
    for (;;) {
      var one = element(view, at, coding);
      if (one.tag === 0xFFFEE00D) return one.body;
      at = behind(view, one, coding, depth);
    }
  }

  function behind(view, one, coding, depth) {
    if (one.length !== unknown) return one.body + one.length;
    return behindItems(view, one.body, one.vr === "UN" ? { little: true, explicit: false } : coding, depth);
  }

  /* Where the data set begins, and how it is written. */
  function meta(view) {
    var at = 132, syntax = "", coding = { little: true, explicit: true };
    if (text(view, 128, 4) !== "DICM") throw new Error("no Part 10 file");
    while (view.getUint16(at, true) === 2) {
      var one = element(view, at, coding);
      if (one.tag === 0x00020010) syntax = text(view, one.body, one.length).replace(/[\0 ]+$/, "");
      at = one.body + one.length;
    }
    if (!syntax || syntax === "1.2.840.10008.1.2.1.99" || syntax === "1.2.840.10008.1.2.4.95") throw new Error("deflated");
    return { at: at, little: syntax !== "1.2.840.10008.1.2.2", explicit: syntax !== "1.2.840.10008.1.2" };
  }

  /* The bytes before the pixel data, which are two zeros then, as in headers that Felucca keeps. */
  function cut(buffer) {
    var view = new DataView(buffer), coding, at, one;
    try {
      coding = meta(view);
      for (at = coding.at; ; at = behind(view, one, coding, 0)) {
        if (at >= buffer.byteLength) return [buffer];
        one = element(view, at, coding);
        if (one.tag >= 0x7FE00008 && one.tag <= 0x7FE00010) break;
      }
    } catch (e) { return [buffer]; }
    var head = buffer.slice(at, one.body), length = new DataView(head);
    length.setUint32(head.byteLength - 4, 2, coding.little);
    return [buffer.slice(0, at), head, new Uint8Array(2)];
  }

  function send(form, input) {
    var file = input.files[0];
    if (!file || form.dataset.sent) return;
    form.dataset.sent = "1";
    file.slice(0, most).arrayBuffer().then(function (buffer) {
      var files = new DataTransfer(), parts = cut(buffer);
      var blob = new Blob(parts);
      files.items.add(new File([blob.size > most ? blob.slice(0, most) : blob], "header.dcm"));
      input.files = files.files;
    }).catch(function () { /* it goes as it is */ }).then(function () { form.submit(); });
  }

  document.querySelectorAll("form[data-tryfile]").forEach(function (form) {
    var input = form.querySelector("input[type=file]"), drop = form.querySelector("[data-drop]");
    var word = form.querySelector("[data-drop-word]");
    if (word) word.hidden = false;
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      send(form, input);
    });
    ["dragenter", "dragover"].forEach(function (name) {
      drop.addEventListener(name, function (event) { event.preventDefault(); });
    });
    drop.addEventListener("drop", function (event) {
      event.preventDefault();
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      send(form, input);
    });
    window.addEventListener("pageshow", function () { delete form.dataset.sent; });
  });
})();
