// Debian's Chromium, and what is watched in every page of it: errors, and requests to other hosts.
import fs from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { password } from "./gateway.js";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function launch() {
  return chromium.launch({ executablePath: process.env.FELUCCA_CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
}

// A person with a browser of his own.
export class Guest {
  static async come(browser, gateway, options = {}) {
    const guest = new Guest();
    guest.gateway = gateway;
    guest.context = await browser.newContext({ viewport: { width: 1280, height: 900 }, baseURL: gateway.url, ...options });
    guest.page = await guest.context.newPage();
    guest.errors = [];
    guest.page.on("console", (message) => {
      if (message.type() === "error" && !guest.expected(message.text())) guest.errors.push(message.text());
    });
    guest.page.on("pageerror", (error) => guest.errors.push(String(error)));
    guest.page.on("request", (request) => {
      if (new URL(request.url()).origin !== gateway.url) guest.errors.push(`a request to ${request.url()}`);
    });
    return guest;
  }

  // Chromium calls each answer that is no success an error.
  expected(text) { return this.mayFail && /status of (401|403|404|409|429)/.test(text); }

  async signIn(name = "ada", secret = password) {
    await this.page.goto("/signin");
    await this.page.getByLabel("Name").fill(name);
    await this.page.getByLabel("Password").fill(secret);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  // WCAG 2.1 A and AA, in light and dark.
  async ckAccessible(where) {
    for (const colorScheme of ["light", "dark"]) {
      await this.page.emulateMedia({ colorScheme });
      await this.page.evaluate(axe);
      const found = await this.page.evaluate(() => window.axe.run(document, {
        runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] } }));
      assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")}`), [],
        `${where} in ${colorScheme}`);
    }
    await this.page.emulateMedia({ colorScheme: "light" });
  }

  async ckFits(where) {
    for (const width of [360, 1280, 1600]) {
      await this.page.setViewportSize({ width, height: 900 });
      const over = await this.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(over <= 0, `${where} is ${over} px too wide at ${width} px`);
    }
    await this.page.setViewportSize({ width: 1280, height: 900 });
  }

  async go() {
    assert.deepEqual(this.errors, []);
    await this.context.close();
  }
}
