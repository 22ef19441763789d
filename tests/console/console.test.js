// What people do at the console, in a real browser, at a gateway that is empty and one where something has failed.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import { Guest, launch } from "./browser.js";
import { Gateway, until } from "./gateway.js";

const pictures = process.env.FELUCCA_PICTURES;
const pages = ["/", "/?span=day", "/studies", "/studies?state=failed", "/studies?study=7.7.7", "/trouble", "/albums", "/sources",
  "/tokens", "/journal"];

let browser, empty, small, forgetful, failed = false;

before(async () => {
  browser = await launch();
  empty = new Gateway();
  small = new Gateway();
  forgetful = new Gateway(); // keeps neither files nor headers
  await empty.open();
  await small.open();
  await small.fill();
  await forgetful.open({ keys: "retention: 0s\nretention_headers: 0s\n",
    condition: "tagValueIsPresent(#Tag.Modality, \"CT\")" });
});

after(async () => {
  if (browser) await browser.close();
  if (empty) await empty.close(failed);
  if (small) await small.close(failed);
  if (forgetful) await forgetful.close(failed);
});

// One test, with a guest who has signed in (name null: who has not).
function scene(title, name, act, where = () => small) {
  test(title, { timeout: 120000 }, async () => {
    try {
      const guest = await Guest.come(browser, where());
      if (name) await guest.signIn(name);
      await act(guest, guest.page);
      await guest.go();
    } catch (error) {
      failed = true;
      throw error;
    }
  });
}

async function firstStudy(page, state) {
  await page.goto(`/studies${state ? `?state=${state}` : ""}`);
  await page.locator("tbody a[href^='/study/']").first().click();
  await page.getByRole("heading", { level: 1 }).waitFor();
}

if (pictures)
  test("pictures are made", async () => {
    fs.mkdirSync(pictures, { recursive: true });
    for (const [name, address] of [["now", "/"], ["studies", "/studies"], ["trouble", "/trouble"], ["albums", "/albums"],
      ["sources", "/sources"], ["tokens", "/tokens"], ["journal", "/journal"], ["study", null]])
      for (const colorScheme of ["light", "dark"]) {
        const guest = await Guest.come(browser, small, { colorScheme });
        await guest.signIn();
        if (address) await guest.page.goto(address);
        else await firstStudy(guest.page, "failed");
        await guest.page.screenshot({ path: path.join(pictures, `console-${name}${colorScheme === "dark" ? "-dark" : ""}.png`) });
        await guest.go();
      }
    const guest = await Guest.come(browser, small);
    await guest.page.goto("/signin");
    await guest.page.screenshot({ path: path.join(pictures, "console-signin.png") });
    await guest.go();
  });

for (const [name, where] of [["an empty gateway", () => empty], ["a small one", () => small]])
  for (const address of pages)
    scene(`${address} of ${name} is whole`, "ada", async (guest, page) => {
      const answer = await page.goto(address);
      assert.equal(answer.status(), 200);
      assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
      await guest.ckFits(address);
      await guest.ckAccessible(address);
    }, where);

scene("a study is whole", "ada", async (guest, page) => {
  for (const state of ["failed", "done"]) {
    await firstStudy(page, state);
    await guest.ckFits(state);
    await guest.ckAccessible(state);
  }
});

// What is drawn for a width is shown at it alone, and none of its texts lies on another.
scene("the line of time is drawn for each width", "ada", async (guest, page) => {
  await firstStudy(page, "failed");
  for (const [width, size] of [[360, "narrow"], [700, "narrow"], [701, "wide"], [1279, "wide"], [1280, "full"], [1600, "full"]]) {
    await page.setViewportSize({ width, height: 900 });
    const shown = page.locator(".drawing:visible");
    assert.equal(await shown.count(), 1, `at ${width} px`);
    assert.match(await shown.getAttribute("class"), new RegExp(size));
    assert.match(await shown.getAttribute("aria-label"), /received: 6 images.*failed.*listed below/);
    assert.ok(await shown.locator("use").count() > 0);
    const over = await shown.evaluate((svg) => {
      const boxes = Array.from(svg.querySelectorAll("text")).map((text) => text.getBoundingClientRect());
      return boxes.filter((a, i) => boxes.some((b, j) => j > i && a.left < b.right && b.left < a.right && a.top < b.bottom &&
        b.top < a.bottom)).length;
    });
    assert.equal(over, 0, `${over} texts overlap at ${width} px`);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
});

scene("a list is sorted by its heads, which say so", "ada", async (guest, page) => {
  await page.goto("/studies");
  assert.equal(await page.locator("th[aria-sort]").getAttribute("aria-sort"), "descending");
  await page.getByRole("columnheader", { name: "Series / images" }).getByRole("link").click();
  await page.getByText("Sorted by").waitFor();
  assert.match(page.url(), /sort=images&order=desc/);
  assert.equal(await page.getByRole("columnheader", { name: "Series / images" }).getAttribute("aria-sort"), "descending");
  await page.getByRole("columnheader", { name: "Series / images" }).getByRole("link").click();
  await page.waitForURL(/order=asc/);
  await guest.ckFits("sorted");
  await guest.ckAccessible("sorted");
  await page.locator("select[name=state]").selectOption("done");
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/sort=images.*state=done/);
  await page.setViewportSize({ width: 360, height: 900 });
  await page.getByRole("link", { name: "Source", exact: true }).click(); // on a phone, too
  await page.waitForURL(/sort=source/);
  for (const address of ["/sources?sort=images", "/tokens?sort=token&order=desc"]) {
    await page.goto(address);
    await guest.ckFits(address);
  }
});

// Each of two tables by itself, and the other stays as it is.
scene("the lines of Trouble are sorted by their heads", "ada", async (guest, page) => {
  await page.goto("/trouble");
  const jobs = page.locator("#failed"), files = page.locator("#quarantine");
  assert.equal(await jobs.locator("th[aria-sort]").innerText(), "Jobs");
  assert.equal(await files.locator("th[aria-sort]").innerText(), "Files");
  await jobs.getByRole("columnheader", { name: "Since, last" }).getByRole("link").click();
  await page.waitForURL(/\?sort=last&order=desc$/);
  await files.getByRole("columnheader", { name: "Size" }).getByRole("link").click();
  await page.waitForURL(/\?sort=last&order=desc&files_sort=size&files_order=desc$/);
  assert.equal(await jobs.locator("th[aria-sort]").innerText(), "Since, last");
  assert.equal(await files.locator("th[aria-sort]").getAttribute("aria-sort"), "descending");
  await guest.ckFits("sorted trouble");
  await guest.ckAccessible("sorted trouble");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-trouble-sorted.png"), fullPage: true });
  await page.setViewportSize({ width: 360, height: 900 });
  await jobs.getByRole("link", { name: "State", exact: true }).click(); // on a phone, too
  await page.waitForURL(/files_sort=size&files_order=desc&sort=state&order=asc$/);
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-trouble-phone.png"), fullPage: true });
});

scene("albums are sorted, and name their destination then", "ada", async (guest, page) => {
  await page.goto("/albums");
  const sorts = page.getByRole("list", { name: "Sort by" }), names = page.locator("details.target h2");
  assert.deepEqual(await names.allInnerTexts(), ["kheops-main", "kheops-main/\nresearch-ct", "kheops-main/\ntrial-7"]); // for a reader alone
  await sorts.getByRole("link", { name: "yes in the last day" }).click();
  await page.waitForURL(/sort=day&order=desc$/);
  assert.deepEqual(await names.allInnerTexts(), ["kheops-main/research-ct", "kheops-main/trial-7", "kheops-main"]);
  assert.match(await sorts.locator("[aria-current]").innerText(), /^yes in the last day\s+, descending$/);
  await guest.ckFits("sorted albums");
  await guest.ckAccessible("sorted albums");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-albums-sorted.png"), fullPage: true });
  await sorts.getByRole("link", { name: "yes in the last day" }).click();
  await page.waitForURL(/sort=day&order=asc$/);
  assert.deepEqual(await names.allInnerTexts(), ["kheops-main/trial-7", "kheops-main/research-ct", "kheops-main"]);
});

scene("sources are told: who sends, and who is turned away", "ada", async (guest, page) => {
  small.refuse();
  await page.goto("/sources");
  const row = page.getByRole("row", { name: /CT_SCANNER_1/ });
  assert.match(await row.innerText(), /active[\s\S]*127\.0\.0\.1[\s\S]*FELUCCA/);
  const refused = page.locator("#refused");
  await refused.getByText("STRANGER").waitFor({ timeout: 20000 }); // it renews itself
  await guest.ckFits("sources");
  await guest.ckAccessible("sources");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-sources.png"), fullPage: true });
  await page.getByRole("columnheader", { name: "AE title" }).getByRole("link").click();
  await page.waitForURL(/\/sources\?sort=aet&order=asc$/);
  await row.getByRole("link", { name: "CT_SCANNER_1" }).click();
  await page.waitForURL(/\/studies\?source=CT_SCANNER_1$/);
  assert.ok(await page.locator("tbody tr").count() > 0);
});

// One that is closed stays so when the page is renewed.
scene("an album is a line, which opens and stays as it was left", "ada", async (guest, page) => {
  await page.goto("/albums");
  const album = page.locator("details.target", { hasText: "research-ct" });
  await album.getByRole("img", { name: /^In the last 30 days: yes for [1-9]/ }).first().waitFor();
  assert.ok(await album.evaluate((details) => details.open)); // there are few
  await album.locator("summary").press("Enter");
  assert.ok(!await album.evaluate((details) => details.open));
  const before = await album.locator(".said").innerText();
  small.send(40, "CT");
  await until("its line is renewed", async () => (await album.locator(".said").innerText()) !== before, 30);
  assert.ok(!await album.evaluate((details) => details.open));
  await album.locator("summary").click();
  await album.getByRole("button", { name: "Hold…" }).waitFor();
});

scene("one signs in and out", null, async (guest, page) => {
  await page.goto("/trouble");
  assert.match(page.url(), /\/signin\?to=/);
  await guest.ckFits("sign in");
  await guest.ckAccessible("sign in");
  await page.getByLabel("Name").fill("ada");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/trouble$/);
  await page.locator("details.who summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/\/signin$/);
  await page.goto("/studies");
  assert.match(page.url(), /\/signin/);
});

scene("a wrong password is refused, and says no more", null, async (guest, page) => {
  guest.mayFail = true;
  await guest.signIn("ada", "wrong horse battery");
  await page.getByText("Name or password is wrong.").waitFor();
  await guest.ckAccessible("refused");
  assert.equal((await guest.context.cookies()).length, 0);
});

scene("a session that ends sends the page to sign in", "viv", async (guest, page) => {
  guest.mayFail = true;
  await page.goto("/studies");
  await guest.context.clearCookies();
  await page.waitForURL(/\/signin\?to=%2Fstudies/, { timeout: 20000 });
});

scene("scripts see no cookie", "ada", async (guest, page) => {
  assert.equal(await page.evaluate(() => document.cookie), "");
  const [cookie] = await guest.context.cookies();
  assert.ok(cookie.httpOnly && cookie.sameSite === "Strict");
});

scene("a viewer has no buttons, and his forms are refused", "viv", async (guest, page) => {
  guest.mayFail = true;
  await firstStudy(page, "failed");
  await page.getByText("An operator can retry or drop this.").waitFor();
  assert.equal(await page.locator("form[action='/act']").count(), 0);
  const status = await page.evaluate(async () => {
    const token = document.querySelector("input[name=token]").value;
    const study = location.pathname.split("/").pop();
    const answer = await fetch("/act", { method: "POST", body: new URLSearchParams({ token, verb: "drop", study }) });
    return answer.status;
  });
  assert.equal(status, 403);
});

scene("another site's form does nothing", "ada", async (guest, page) => {
  guest.mayFail = true;
  const status = await page.evaluate(async () => {
    const answer = await fetch("/act", { method: "POST", body: new URLSearchParams({ token: "0".repeat(64), verb: "hold",
      destination: "kheops-main" }) });
    return answer.status;
  });
  assert.equal(status, 403);
});

scene("held, and released, by the keyboard alone", "ada", async (guest, page) => {
  await page.goto("/albums");
  await page.getByRole("button", { name: "Hold…" }).first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Hold kheops-main?" }).waitFor();
  await guest.ckAccessible("the plan");
  await guest.ckFits("the plan");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-change.png") });
  await page.getByRole("button", { name: "Hold kheops-main" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Done" }).waitFor({ timeout: 20000 });
  assert.match(small.felucca("status", "--json"), /"state":"held"/);
  await page.goto("/trouble");
  await page.getByRole("button", { name: "Release…" }).first().click();
  await page.getByRole("button", { name: "Release kheops-main" }).click();
  await page.getByRole("heading", { name: "Done" }).waitFor({ timeout: 20000 });
  assert.doesNotMatch(small.felucca("status", "--json"), /"state":"held"/);
  await page.goto("/journal");
  await page.getByText("ada (console)").first().waitFor();
});

scene("lines are chosen by the keyboard, counted, and left", "ada", async (guest, page) => {
  await page.goto("/trouble");
  const bar = page.getByRole("form", { name: "What was chosen" });
  assert.ok(!(await bar.isVisible()));
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await bar.getByText(/^1 of 2 lines chosen, 6 jobs/).waitFor();
  await guest.ckAccessible("chosen");
  await guest.ckFits("chosen");
  await page.getByRole("checkbox", { name: /file/ }).check();
  await bar.getByText(/^2 of 2 lines chosen, 7 jobs/).waitFor();
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-chosen.png"), fullPage: true });
  await page.keyboard.press("Escape");
  assert.ok(!(await bar.isVisible()));
  await page.keyboard.press("x");
  await page.getByRole("checkbox", { name: /failed|to kheops-main/ }).first().check();
  await bar.getByRole("button", { name: "Drop…" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: /^Drop 6 jobs and 1 file\?$/ }).waitFor({ timeout: 20000 });
  await guest.ckAccessible("the plan of several");
  await guest.ckFits("the plan of several");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-several.png") });
  await page.getByRole("link", { name: "Not now" }).click();
  assert.equal(small.jobs("failed").length, 6);
});

scene("studies are chosen, all between with Shift", "ada", async (guest, page) => {
  await page.goto("/studies");
  const boxes = page.locator("input[form=bulk]"), bar = page.getByRole("form", { name: "What was chosen" });
  const count = await boxes.count();
  await boxes.first().click();
  await boxes.last().click({ modifiers: ["Shift"] });
  await bar.getByText(new RegExp(`^${count} of ${count} studies chosen`)).waitFor();
  assert.ok(await bar.getByRole("button", { name: "Retry…" }).isDisabled()); // one has nothing that failed
  await guest.ckAccessible("studies chosen");
  await guest.ckFits("studies chosen");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-studies-chosen.png") });
  await bar.getByLabel("into").selectOption("kheops-main/trial-7");
  await bar.getByRole("button", { name: "Share again…" }).click();
  await page.getByRole("heading", { level: 1, name: "Nothing would change" }).waitFor({ timeout: 20000 });
});

scene("a file in quarantine is taken in again, and comes back; then it is removed", "ada", async (guest, page) => {
  await page.goto("/trouble");
  await page.getByRole("button", { name: "Take in again…" }).click();
  await page.getByRole("button", { name: "Take in 1 file again" }).click();
  await page.getByRole("heading", { name: "Done" }).waitFor({ timeout: 20000 });
  await page.goto("/trouble");
  await page.locator("#quarantine").getByRole("button", { name: "Drop…" }).click();
  await page.getByRole("heading", { name: "Drop 1 file?" }).waitFor();
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-drop-file.png") });
  await page.getByRole("button", { name: "Remove for good instead…" }).click();
  await page.getByRole("heading", { name: "Remove 1 file for good?" }).waitFor();
  await guest.ckAccessible("for good");
  await page.getByRole("link", { name: "Not now" }).click();
});

scene("a study is shared anyway, after a warning", "ada", async (guest, page) => {
  await firstStudy(page, "done");
  await page.getByRole("button", { name: "Share anyway…" }).nth(1).click();
  await page.getByRole("heading", { name: "Share 2 series anyway?" }).waitFor({ timeout: 20000 });
  await page.getByText("would be shared whatever it says").waitFor();
  await guest.ckAccessible("anyway");
  await page.getByRole("link", { name: "Not now" }).click();
});

scene("a condition is asked again", "ada", async (guest, page) => {
  await firstStudy(page, "done");
  await page.getByRole("button", { name: "Share again…" }).first().click();
  await page.getByRole("heading", { name: "Nothing would change" }).waitFor({ timeout: 20000 });
  await page.getByText("are in it or on their way").waitFor();
});

scene("a viewer sees why an album did not get a study", "viv", async (guest, page) => {
  await firstStudy(page, "done");
  await page.getByRole("button", { name: "Why not?" }).first().click();
  await page.getByRole("heading", { level: 1, name: /its condition holds for 0 of/ }).waitFor({ timeout: 20000 });
  assert.match(page.url(), /\/why\/[0-9a-f]{32}$/);
  await page.locator(".tree .saw").first().waitFor();
  await guest.ckFits("why");
  await guest.ckAccessible("why");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-why.png") });
  await page.getByRole("link", { name: "To the study" }).click();
  await page.getByRole("heading", { name: "Albums: why, and why not" }).waitFor();
});

scene("a viewer tries another condition", "viv", async (guest, page) => {
  await page.goto("/albums");
  const album = page.locator("details.target[data-key$='/research-ct']");
  if (!(await album.evaluate((one) => one.open))) await album.locator("summary").click();
  await album.getByRole("button", { name: "Try another condition…" }).click();
  await page.getByRole("heading", { level: 1, name: /Try another condition for/ }).waitFor();
  await guest.ckFits("try");
  await guest.ckAccessible("try");
  const condition = page.getByRole("textbox", { name: /Asked of one image/ });
  assert.match(await condition.inputValue(), /tagValue/);
  await condition.fill('tagValueIsPresent(#Tag.Modality, "CT")\n&& tagValueBeginsWith(#Tag.StudyDescription, "SYNTHETIC")');
  await page.getByRole("button", { name: "Try the condition" }).click();
  await page.getByRole("heading", { level: 1, name: /would match 0 of \d+ series, today \d+/ }).waitFor({ timeout: 20000 });
  await page.getByText("It never held.").first().waitFor();
  await guest.ckFits("tried");
  await guest.ckAccessible("tried");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-tried.png") });
});

for (const syntax of ["explicit", "implicit", "big"])
  scene(`a file is cut before its pixel data, ${syntax}`, "viv", async (guest, page) => {
    const file = small.file_to_try(`try-${syntax}`, "--size", "2M", "--modality", "MR", "--syntax", syntax);
    await page.goto("/try");
    await page.getByLabel("A DICOM file").setInputFiles(file);
    const sent = page.waitForRequest((request) => request.method() === "POST");
    await page.getByRole("button", { name: "Try the file" }).click();
    assert.ok(Number(await (await sent).headerValue("content-length")) < 8192);
    await page.getByRole("heading", { level: 1, name: /The file: \d+ of \d+ destinations? takes? it/ }).waitFor({ timeout: 20000 });
    assert.equal(await page.getByText("The header is incomplete").count(), 0);
    await page.locator(".tries summary").last().click();
    await page.locator(".tries .tree .saw").last().waitFor();
    await guest.ckFits("tried");
    await guest.ckAccessible("tried");
  });

// Its files and headers are gone: nothing here can tell what a condition says of it, and KHEOPS can.
scene("KHEOPS is asked about a study, and what failed of that is retried", "ada", async (guest, page) => {
  forgetful.send(11, "CT");
  await until("the study is shared", () => forgetful.jobs("shared").length >= 2);
  await until("its files are gone", () => !fs.readdirSync(forgetful.file("state/spool"), { recursive: true })
    .some((name) => name.endsWith(".dcm")));
  await forgetful.fault({ kind: "metadata", action: "status", status: 404 });
  await firstStudy(page, "done");
  const study = page.url();
  const album = page.locator("article.album", { hasText: "trial-7" });
  await album.getByRole("button", { name: "Share again…" }).click();
  await page.getByText("and of 2 it cannot be told").waitFor({ timeout: 20000 });
  await guest.ckFits("what cannot be told");
  await guest.ckAccessible("what cannot be told");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-cannot-be-told.png") });
  await page.getByRole("button", { name: "Ask KHEOPS about what cannot be told…" }).click();
  await page.getByRole("heading", { level: 1, name: "Ask KHEOPS about 2 series?" }).waitFor({ timeout: 20000 });
  await guest.ckAccessible("to be asked");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-ask-kheops.png") });
  await page.getByRole("button", { name: "Ask KHEOPS about 2 series" }).click();
  await page.getByRole("heading", { name: "Done" }).waitFor({ timeout: 20000 });
  await page.goto(study);
  const asked = page.locator("#inquiries");
  await page.getByRole("heading", { name: "2 inquiries failed" }).waitFor({ timeout: 60000 });
  assert.equal(await asked.getByRole("rowheader", { name: "kheops-main/trial-7" }).count(), 2);
  await guest.ckFits("asked of KHEOPS");
  await guest.ckAccessible("asked of KHEOPS");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-inquiries.png"), fullPage: true });
  await forgetful.noFaults();
  await page.getByRole("button", { name: "Retry…" }).click();
  await page.getByRole("button", { name: "Retry 2 jobs" }).click();
  await page.getByRole("heading", { name: "Done" }).waitFor({ timeout: 20000 });
  await page.goto(study);
  await page.getByRole("heading", { name: "2 inquiries failed" }).waitFor({ state: "detached", timeout: 20000 });
}, () => forgetful);

scene("an album is counted again for another time", "ada", async (guest, page) => {
  await page.goto("/albums");
  const album = page.locator("details.target[data-key$='/research-ct']");
  await album.getByRole("button", { name: "Share again, of 7 days…" }).click();
  await page.getByLabel("Received in the last").waitFor({ timeout: 20000 });
  assert.equal(await page.getByLabel("Received in the last").inputValue(), "7d");
  await page.getByLabel("Received in the last").selectOption("365d");
  await page.getByRole("button", { name: "Count again…" }).click();
  await page.waitForURL((url) => /\/change\//.test(url));
  await until("it is another plan", async () => await page.getByLabel("Received in the last").inputValue() === "365d", 20);
  await guest.ckFits("counted again");
  await guest.ckAccessible("counted again");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-count-again.png") });
});

scene("a study has its files in quarantine, and a destination is named for them", "ada", async (guest, page) => {
  forgetful.sendUnnamed(12);
  await until("it is in quarantine", () => forgetful.felucca("quarantine", "--json").trim());
  const { study } = JSON.parse(forgetful.felucca("quarantine", "--json").split("\n")[0]);
  await page.goto(`/study/${study}`);
  const files = page.locator("#quarantine");
  await page.getByRole("heading", { level: 1, name: "In quarantine: 1 file" }).waitFor();
  await files.getByRole("button", { name: "Take in again…" }).waitFor();
  await guest.ckFits("a study's quarantine");
  await guest.ckAccessible("a study's quarantine");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-study-quarantine.png"), fullPage: true });
  await files.getByRole("button", { name: "Send as it is…" }).click();
  await page.getByRole("heading", { level: 1, name: "Send 1 file?" }).waitFor();
  await page.getByLabel("Where the condition cannot be decided:").selectOption("kheops-main");
  await guest.ckFits("to be sent");
  await guest.ckAccessible("to be sent");
  if (pictures) await page.screenshot({ path: path.join(pictures, "console-deliver.png") });
  await page.getByRole("button", { name: "Send there all the same…" }).click();
  await page.getByText("and to kheops-main also where its condition cannot be decided").waitFor();
  await page.getByRole("link", { name: "Not now" }).click();
}, () => forgetful);

scene("what failed is retried, from click to effect", "ada", async (guest, page) => {
  await firstStudy(page, "failed");
  const address = page.url();
  await page.getByRole("button", { name: "Retry…" }).first().click();
  await page.getByRole("heading", { name: "Retry 6 jobs?" }).waitFor();
  await page.getByText("Makes 6 failed jobs").waitFor();
  assert.equal(small.jobs("failed").length, 6); // nothing is done yet
  await page.getByRole("button", { name: "Retry 6 jobs" }).click();
  await page.getByRole("heading", { name: "Done" }).waitFor({ timeout: 20000 });
  await until("they are delivered", () => small.jobs("failed").length === 0);
  await page.goto(address);
  await until("the page says so", async () => {
    await page.reload();
    return /all|6 of 6/i.test(await page.locator("main").innerText());
  }, 20);
  await page.goBack();
  await page.goto("/journal");
  await page.getByText("ada (console)").first().waitFor();
});

scene("a page renews itself, and moves nothing", "ada", async (guest, page) => {
  await page.goto("/studies");
  const rows = await page.locator("tbody tr").count();
  await page.locator("tbody a[href^='/study/']").first().focus();
  const focused = await page.evaluate(() => document.activeElement.getAttribute("href"));
  small.send(3, "US");
  await until("the new study is shown", async () => (await page.locator("tbody tr").count()) > rows, 30);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), focused);
});

scene("keys move, and can be switched off", "ada", async (guest, page) => {
  await page.goto("/studies");
  await page.keyboard.press("j");
  const first = await page.evaluate(() => document.activeElement.getAttribute("href"));
  assert.match(first, /^\/study\//);
  await page.keyboard.press("j");
  assert.notEqual(await page.evaluate(() => document.activeElement.getAttribute("href")), first);
  await page.keyboard.press("k");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), first);
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.waitForURL(/\/trouble$/);
  await page.keyboard.press("/");
  assert.ok(await page.evaluate(() => document.activeElement.matches("[data-find]")));
  await page.keyboard.type("gj?"); // a field takes what is typed
  assert.match(page.url(), /\/trouble$/);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Keys" }).waitFor();
  await guest.ckAccessible("the keys");
  await page.getByLabel("Single keys do nothing").check();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.locator("details.who summary").click();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("details.who[open]").count(), 0);
  assert.match(page.url(), /\/trouble$/);
});

scene("a number finds its study, and is in no address", "viv", async (guest, page) => {
  await page.goto("/studies");
  await page.getByLabel("By number").selectOption("accession");
  await page.getByLabel("The number").fill(" a1");
  await page.getByRole("button", { name: "Find by number" }).click();
  await page.getByRole("heading", { level: 1, name: /(has|have) this Accession Number/ }).waitFor({ timeout: 20000 });
  assert.match(page.url(), /\/found\/[0-9a-f]{32}$/);
  assert.ok(await page.locator("tbody tr").count() > 0);
  await guest.ckFits("found");
  await guest.ckAccessible("found");
});

scene("without scripts pages are pages, and one acts", null, async (guest) => {
  const plain = await Guest.come(browser, small, { javaScriptEnabled: false });
  await plain.signIn("ada");
  await plain.page.goto("/studies");
  await plain.page.locator("input[form=bulk]").first().check();
  await plain.page.getByLabel("into").selectOption("kheops-main/research-ct");
  await plain.page.getByRole("button", { name: "Share again…" }).click();
  await plain.page.getByRole("heading", { level: 1 }).waitFor();
  assert.match(plain.page.url(), /\/change\//);
  await plain.page.goto("/albums");
  await plain.page.getByRole("button", { name: "Hold…" }).nth(1).click();
  await plain.page.getByRole("heading", { name: "Hold kheops-main/research-ct?" }).waitFor();
  await plain.page.getByRole("link", { name: "Not now" }).click();
  await plain.go();
});

scene("no contact is told", "ada", async (guest, page) => {
  guest.expected = () => true;
  await page.goto("/");
  await guest.context.setOffline(true);
  await page.getByText("No contact with the gateway since").first().waitFor({ timeout: 20000 });
  await guest.ckAccessible("no contact");
  await guest.context.setOffline(false);
  await until("it is there again", async () => !(await page.locator("[data-stale]").isVisible()), 20);
});
