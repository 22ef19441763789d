// A login server (oidc-provider), an archive that it guards, and a gateway that sends there: all on the loopback, in a folder of
// its own; every process is ended by its pid.
import { spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { createLocalJWKSet, jwtVerify } from "jose";
import Provider from "oidc-provider";

const build = process.env.FELUCCA_BUILD || "build";
const bin = (name) => path.resolve(build, "bin", name);
const audience = "https://archive.test";

export async function until(what, condition, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`it did not happen within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function listen(handler, port = 0) {
  return new Promise((resolve, reject) => {
    const server = http.createServer(handler);
    server.on("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

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

function close(server) {
  return new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
}

function keyPair(type, options, kid, alg) {
  const { publicKey, privateKey } = crypto.generateKeyPairSync(type, options);
  return { pem: privateKey.export({ type: "pkcs8", format: "pem" }),
    jwk: { ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig" },
    privateJwk: { ...privateKey.export({ format: "jwk" }), kid, alg, use: "sig" } };
}

// What a program says, and its status: not waited for in the way of the provider, who is in this process.
function finish(program, words, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (bytes) => { said.stdout += bytes; });
    child.stderr.on("data", (bytes) => { said.stderr += bytes; });
    child.on("error", reject);
    child.on("close", (status) => resolve({ ...said, status }));
  });
}

// The provider: its tokens are signed with a key that rotate() replaces, and live so many seconds.
export class Login {
  constructor({ life }) {
    this.life = life;
    this.generation = 0;
    this.given = 0;
    this.refused = 0;
    this.clientKey = keyPair("rsa", { modulusLength: 2048 }, "felucca-rsa", "RS384");
    this.clientCurve = keyPair("ec", { namedCurve: "P-384" }, "felucca-ec", "ES384");
  }

  get url() { return `http://127.0.0.1:${this.port}`; }

  async open() {
    this.port = await freePort();
    this.newKey();
    await this.start();
    return this;
  }

  newKey() {
    this.generation++;
    this.key = keyPair("ec", { namedCurve: "P-256" }, `key-${this.generation}`, "ES256");
    this.keys = createLocalJWKSet({ keys: [this.key.jwk] });
  }

  async start() {
    const client = (client_id, method, more) => ({ client_id, token_endpoint_auth_method: method, redirect_uris: [],
      response_types: [], grant_types: ["client_credentials"],
      id_token_signed_response_alg: "ES256", ...more });
    const { warn } = console;
    console.warn = () => {}; // that nothing of it survives a restart, which is meant here
    const provider = new Provider(this.url, {
      jwks: { keys: [this.key.privateJwk] },
      clients: [
        client("basic", "client_secret_basic", { client_secret: "ge:heim & more" }),
        client("form", "client_secret_post", { client_secret: "ge:heim & more" }),
        client("rsa", "private_key_jwt", { jwks: { keys: [this.clientKey.jwk] }, token_endpoint_auth_signing_alg: "RS384" }),
        client("ec", "private_key_jwt", { jwks: { keys: [this.clientCurve.jwk] }, token_endpoint_auth_signing_alg: "ES384" }),
      ],
      enabledJWA: { clientAuthSigningAlgValues: ["RS384", "ES384"] },
      scopes: ["dicom.store"],
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => audience,
          useGrantedResource: () => true,
          getResourceServerInfo: () => ({ scope: "dicom.store", audience, accessTokenTTL: this.life, accessTokenFormat: "jwt",
            jwt: { sign: { alg: "ES256" } } }),
        },
      },
    });
    console.warn = warn;
    provider.on("grant.success", () => { this.given++; });
    provider.on("grant.error", () => { this.refused++; });
    this.server = await listen(provider.callback(), this.port);
  }

  async stop() {
    if (this.server) await close(this.server);
    this.server = null;
  }

  // From now on nothing that was given before is good.
  async rotate() {
    await this.stop();
    this.newKey();
    await this.start();
  }

  async check(token) {
    const { payload } = await jwtVerify(token, this.keys, { audience, clockTolerance: 0 });
    return payload.jti;
  }
}

// A simulated KHEOPS behind a guard who looks at tokens of the login server.
export class Archive {
  constructor(login, house) {
    this.login = login;
    this.house = house;
    this.tokens = new Set();
    this.refused = 0;
  }

  async open() {
    this.house.start("kheops", path.resolve(build, "tests", "kheops-sim"), ["--port-file", this.house.file("ports"), "--discard",
      "--token", "main:read,write:mainWRITE"]);
    await until("the simulated KHEOPS listens", () => fs.existsSync(this.house.file("ports")) &&
      fs.readFileSync(this.house.file("ports"), "utf8").trim());
    [this.kheops] = fs.readFileSync(this.house.file("ports"), "utf8").trim().split(" ").map(Number);
    this.server = await listen((request, response) => this.guard(request, response));
    this.port = this.server.address().port;
    return this;
  }

  async guard(request, response) {
    try {
      this.tokens.add(await this.login.check((request.headers.authorization || "").replace(/^Bearer /, "")));
    } catch {
      this.refused++;
      request.resume();
      request.on("end", () => response.writeHead(401, { "WWW-Authenticate": "Bearer error=\"invalid_token\"" }).end());
      return;
    }
    const headers = { ...request.headers, authorization: "Bearer mainWRITE" };
    const inner = http.request({ host: "127.0.0.1", port: this.kheops, path: request.url, method: request.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
    inner.on("error", () => response.destroy());
    request.pipe(inner);
  }

  async close() { if (this.server) await close(this.server); }
}

// The gateway's processes, and its folder.
export class House {
  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "felucca-login."));
    this.processes = [];
    this.sent = 0;
  }

  file(name) { return path.join(this.folder, name); }

  start(name, program, words) {
    const log = fs.openSync(this.file(`${name}.log`), "a");
    const child = spawn(program, words, { cwd: this.folder, stdio: ["ignore", log, log] });
    this.processes.push(child);
    return child;
  }

  async run(program, words) {
    const done = await finish(program, words, this.folder);
    if (done.status !== 0) throw new Error(`${program} ${words.join(" ")}: ${done.status} ${done.stderr}`);
    return done.stdout;
  }

  felucca(...words) {
    return finish(bin("felucca"), ["--config", this.file("felucca.yaml"), ...words], this.folder);
  }

  async configure(archive, login, auth) {
    this.dicom = await freePort();
    fs.writeFileSync(this.file("secret"), "ge:heim & more\n", { mode: 0o600 });
    fs.writeFileSync(this.file("rsa.pem"), login.clientKey.pem, { mode: 0o600 });
    fs.writeFileSync(this.file("ec.pem"), login.clientCurve.pem, { mode: 0o600 });
    fs.writeFileSync(this.file("felucca.yaml"), `state_dir: state
receiver: { port: ${this.dicom}, bind: 127.0.0.1, min_free_space: 256MiB }
retry: { first: 200ms, ceiling: 1s, attempts: 2 }
metrics: { port: 0 }
nodes:
  - aet: FELUCCA
    destinations:
      - name: archive
        stow_url: http://127.0.0.1:${archive.port}/api/studies
        kheops: false
        auth: { type: oauth2, token_url: '${login.url}/token', scope: dicom.store, ${auth} }
`);
  }

  async up(senders = 1) {
    this.start("felucca", bin("felucca"), ["--config", this.file("felucca.yaml"), "up", "--senders", String(senders)]);
    await until("the router runs", async () => (await this.felucca("status", "--json")).stdout.includes("archive"));
  }

  async send(instances = 3) {
    const folder = this.file(`study-${++this.sent}`);
    await this.run(path.resolve(build, "tests", "make-dicom"), ["--out", folder, "--studies", "1", "--series", "1",
      "--instances", String(instances), "--size", "4K", "--seed", String(this.sent), "--modality", "CT"]);
    await this.run("storescu", ["-aet", "CT_SCANNER_1", "-aec", "FELUCCA", "+sd", "+r", "127.0.0.1", String(this.dicom), folder]);
  }

  async jobs(state) {
    const said = await this.felucca("jobs", "--state", state, "--limit", "10000", "--json");
    return said.stdout.split("\n").filter((line) => line).length;
  }

  async status() {
    const said = await this.felucca("status", "--json");
    return said.stdout.split("\n").filter((line) => line).map((line) => JSON.parse(line))
      .find((line) => line.destination === "archive" && !line.album) || {};
  }

  // Whether a text is in a log or in what the gateway keeps.
  keeps(text) {
    return fs.readdirSync(this.folder, { recursive: true, withFileTypes: true }).some((entry) => {
      const name = path.join(entry.parentPath || entry.path, entry.name);
      return entry.isFile() && (entry.name.endsWith(".log") || name.includes("/state/")) && fs.readFileSync(name).includes(text);
    });
  }

  async close(keep) {
    for (const child of this.processes.reverse()) {
      if (child.exitCode === null && child.pid) {
        child.kill("SIGTERM");
        await until(`process ${child.pid} ends`, () => child.exitCode !== null || child.signalCode !== null, 45);
      }
    }
    if (keep) console.log(`what was there: ${this.folder}`);
    else fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
