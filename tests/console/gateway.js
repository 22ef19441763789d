// A whole gateway for the browser to look at: felucca up, a simulated KHEOPS, studies sent with storescu. All on the loopback, in
// a folder of its own; everything is ended by its pid.
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

export const password = "correct horse battery";

const build = process.env.FELUCCA_BUILD || "build";
const bin = (name) => path.resolve(build, "bin", name);

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export async function until(what, condition, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`it did not happen within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export class Gateway {
  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "felucca-console."));
    this.processes = [];
  }

  freePort() { return freePort(); }

  bin(name) { return bin(name); }

  file(name) { return path.join(this.folder, name); }

  start(name, program, words) {
    const log = fs.openSync(this.file(`${name}.log`), "a");
    const child = spawn(program, words, { cwd: this.folder, stdio: ["ignore", log, log] });
    child.on("error", (error) => { child.trouble = error; });
    this.processes.push(child);
    return child;
  }

  run(program, words, input) {
    const done = spawnSync(program, words, { cwd: this.folder, input, encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${program} ${words.join(" ")}: ${done.status} ${done.stderr}`);
    return done.stdout;
  }

  felucca(...words) {
    const done = spawnSync(bin("felucca"), ["--config", this.file("felucca.yaml"), ...words], { encoding: "utf8" });
    return done.stdout;
  }

  // more: further keys of console; keys: further lines of the configuration, condition: of its destination. Users unless it says
  // otherwise.
  async open({ users = true, more = "", keys = "", condition = "" } = {}) {
    this.port = await freePort();
    this.dicom = await freePort();
    this.start("kheops", path.resolve(build, "tests", "kheops-sim"), ["--port-file", this.file("ports"), "--discard",
      "--token", "main:write:mainWRITE", "--token", "main:read,send:mainSEND", "--token", "ct:write:ctWRITE"]);
    await until("the simulated KHEOPS listens", () => fs.existsSync(this.file("ports")) &&
      fs.readFileSync(this.file("ports"), "utf8").trim());
    [this.kheops, this.admin] = fs.readFileSync(this.file("ports"), "utf8").trim().split(" ").map(Number);
    for (const [name, token] of [["write", "mainWRITE"], ["send", "mainSEND"], ["ct", "ctWRITE"]])
      fs.writeFileSync(this.file(name), `${token}\n`, { mode: 0o600 });
    fs.writeFileSync(this.file("felucca.yaml"), `state_dir: state
receiver: { port: ${this.dicom}, bind: 127.0.0.1, min_free_space: 256MiB }
retry: { first: 200ms, ceiling: 1s, attempts: 2 }
metrics: { port: 0 }
cell: gateway-1
${keys}console: { port: ${this.port}${users ? ", users: users" : ""}${more} }
nodes:
  - aet: FELUCCA
    destinations:
      - name: kheops-main
        stow_url: http://127.0.0.1:${this.kheops}/api/studies
        headers: |
          Authorization: Bearer \${file:write}
${condition && `        condition: ${condition}\n`}        albums:
          - name: research-ct
            api_url: http://127.0.0.1:${this.kheops}/api
            destination_token: \${file:ct}
            source_token: \${file:send}
            condition: |
              tagValueIsPresent(#Tag.Modality, "CT")
          - name: trial-7
            api_url: http://127.0.0.1:${this.kheops}/api
            destination_token: \${file:ct}
            source_token: \${file:send}
            condition: |
              tagValueBeginsWith(#Tag.StudyDescription, "TRIAL-7") && tagValueIsPresent(#Tag.Modality, "CT")
`);
    if (users) {
      this.run(bin("felucca"), ["--config", this.file("felucca.yaml"), "console", "passwd", "ada", "--role", "operator"],
        `${password}\n`);
      this.run(bin("felucca"), ["--config", this.file("felucca.yaml"), "console", "passwd", "viv"], `${password}\n`);
    }
    this.start("felucca", bin("felucca"), ["--config", this.file("felucca.yaml"), "up"]);
    await until("the console answers", async () => {
      try {
        return (await fetch(`${this.url}/console.css`)).ok;
      } catch {
        return false;
      }
    });
    await until("the router runs", () => this.felucca("status", "--json").includes("kheops-main"));
    return this;
  }

  get url() { return `http://127.0.0.1:${this.port}`; }

  send(seed, modality, extra = []) {
    const folder = this.file(`studies-${seed}`);
    this.run(path.resolve(build, "tests", "make-dicom"), ["--out", folder, "--studies", "1", "--series", "2",
      "--instances", "3", "--size", "4K", "--seed", String(seed), "--modality", modality, ...extra]);
    this.run("storescu", ["-aet", "CT_SCANNER_1", "-aec", "FELUCCA", "+sd", "+r", "127.0.0.1", String(this.dicom), folder]);
  }

  // A file that nobody sends.
  file_to_try(name, ...extra) {
    const folder = this.file(name);
    this.run(path.resolve(build, "tests", "make-dicom"), ["--out", folder, ...extra]);
    return path.join(folder, fs.readdirSync(folder, { recursive: true }).find((one) => one.endsWith(".dcm")));
  }

  async fault(fault) {
    const answer = await fetch(`http://127.0.0.1:${this.admin}/sim/faults`, { method: "POST", body: JSON.stringify(fault) });
    if (!answer.ok) throw new Error(`the simulated KHEOPS takes no fault: ${answer.status}`);
  }

  async noFaults() { await fetch(`http://127.0.0.1:${this.admin}/sim/faults`, { method: "DELETE" }); }

  jobs(state) {
    return this.felucca("jobs", "--state", state, "--json").split("\n").filter((line) => line);
  }

  // A file that is no DICOM, as if it had been received: it comes into quarantine when the router looks for such.
  litter() {
    const receipt = Date.now().toString(16).padStart(12, "0") + "0".repeat(20);
    const path = this.file(`state/spool/incoming/${receipt}.dcm`);
    fs.writeFileSync(`${path}.part`, "no DICOM");
    fs.renameSync(`${path}.part`, path);
  }

  // An image whose series has no UID: its study has it in quarantine.
  sendUnnamed(seed) {
    const file = this.file_to_try(`unnamed-${seed}`, "--seed", String(seed), "--modality", "CT", "--size", "4K");
    this.run("dcmodify", ["-nb", "-e", "(0020,000e)", file]);
    this.run("storescu", ["-aet", "CT_SCANNER_1", "-aec", "FELUCCA", "127.0.0.1", String(this.dicom), file]);
  }

  // Somebody whom the gateway does not know.
  refuse() {
    spawnSync("storescu", ["-aet", "STRANGER", "-aec", "NOBODY", "127.0.0.1", String(this.dicom), this.file("felucca.yaml")],
      { cwd: this.folder });
  }

  // Two studies, one delivered and shared, one that failed, and a file in quarantine.
  async fill() {
    this.litter();
    this.send(1, "CT");
    await until("the first study is shared", () => this.jobs("shared").length >= 2);
    await this.fault({ kind: "stow", stage: "instance", action: "refuse", reason: 43264 });
    this.send(2, "MR");
    await until("the second study has failed", () => this.jobs("failed").length >= 6);
    await this.noFaults();
    await until("the file is in quarantine", () => this.felucca("quarantine", "--json").trim());
    return this;
  }

  async close(keep) {
    for (const child of this.processes.reverse()) {
      if (child.exitCode === null && child.pid) {
        child.kill("SIGTERM");
        await new Promise((resolve) => {
          const late = setTimeout(() => child.kill("SIGKILL"), 30000);
          child.on("exit", () => { clearTimeout(late); resolve(); });
          if (child.exitCode !== null || child.signalCode !== null) { clearTimeout(late); resolve(); }
        });
      }
    }
    if (keep) process.stderr.write(`what is left: ${this.folder}\n`);
    else fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
