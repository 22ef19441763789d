// What Felucca does at a real login server.
import assert from "node:assert/strict";
import test from "node:test";
import { Archive, House, Login, until } from "./house.js";

const ways = {
  "a secret in the header": "client_id: basic, client_secret: '${file:secret}'",
  "a secret in the form": "client_id: form, client_secret: '${file:secret}', secret_in: form",
  "an assertion with RSA": "client_id: rsa, key: '${file:rsa.pem}', key_id: felucca-rsa, algorithm: RS384",
  "an assertion on a curve": "client_id: ec, key: '${file:ec.pem}', key_id: felucca-ec, algorithm: ES384",
};

function scene(title, { life = 3600, way = "a secret in the header" }, act) {
  test(title, { timeout: 180000 }, async () => {
    const house = new House(), login = new Login({ life });
    let archive, failed = true;
    try {
      await login.open();
      archive = await new Archive(login, house).open();
      await house.configure(archive, login, ways[way]);
      await act({ house, login, archive });
      failed = false;
    } finally {
      await house.close(failed);
      if (archive) await archive.close();
      await login.stop();
    }
  });
}

const sent = (house, count) => until(`${count} are sent`, async () => (await house.jobs("sent")) === count);

for (const way of Object.keys(ways)) {
  scene(`${way} is taken`, { way }, async ({ house, login, archive }) => {
    const checked = await house.felucca("check");
    assert.match(checked.stdout, /the login server http:\/\/127.0.0.1:[0-9]+ gives a token/);
    assert.equal(login.given, 1);
    await house.up();
    await house.send();
    await sent(house, 3);
    await house.send();
    await sent(house, 6);
    assert.equal(login.given, 2, "one token for all");
    assert.equal(archive.tokens.size, 1);
    assert.equal(archive.refused, 0);
    assert.ok(!house.keeps("ge:heim"), "the secret is kept");
    assert.ok(!house.keeps("eyJ"), "a token is kept");
  });
}

scene("a wrong secret is refused, and told as the login server's", {}, async ({ house, login, archive }) => {
  await house.configure(archive, login, "client_id: basic, client_secret: other");
  assert.match((await house.felucca("check")).stdout, /gives no token: it answers 401 \(invalid_client\); check client_id and client_secret/);
  await house.up();
  await house.send();
  await until("it is blocked", async () => (await house.status()).state === "blocked");
  assert.match(JSON.stringify(await house.status()), /the login server http:\/\/127.0.0.1:[0-9]+ gives no token/);
});

// Sent all the time for four lives: each sender asks once a life, and nothing is refused.
scene("tokens that live 5 s are fetched ahead", { life: 5 }, async ({ house, login, archive }) => {
  await house.up(2);
  const began = Date.now();
  while (Date.now() - began < 20000) await house.send(2);
  await sent(house, 2 * house.sent);
  const lives = (Date.now() - began) / 5000;
  assert.equal(archive.refused, 0, "a token that had ended was shown");
  assert.ok(archive.tokens.size >= 3, `${archive.tokens.size} tokens`);
  // It is renewed a tenth to a fifth of its life before the end, of which a second counts as lost.
  assert.ok(login.given <= 2 * (lives / 0.64 + 1), `${login.given} tokens in ${lives.toFixed(1)} lives of two senders`);
});

scene("keys that rotate cost one refusal", {}, async ({ house, login, archive }) => {
  await house.up();
  await house.send();
  await sent(house, 3);
  for (let turn = 1; turn <= 3; turn++) {
    await login.rotate();
    await house.send();
    await sent(house, 3 + 3 * turn);
    assert.equal((await house.status()).state, "up");
  }
  assert.equal(login.given, 4);
  assert.equal(await house.jobs("failed"), 0);
});

scene("an outage is told, and ends by itself", { life: 5 }, async ({ house, login, archive }) => {
  await house.up();
  await house.send();
  await sent(house, 3);
  await login.stop();
  await until("the token has ended, and the login server is missed", async () => {
    await house.send(1);
    return (await house.status()).state === "backing off";
  });
  assert.match(JSON.stringify(await house.status()), /the login server http:\/\/127.0.0.1:[0-9]+ gives no token: no connection/);
  await login.start();
  await until("all is sent", async () => (await house.jobs("sent")) === 3 + house.sent - 1);
  assert.equal(await house.jobs("failed"), 0);
  await until("it is up", async () => (await house.status()).state === "up");
  assert.ok(archive.tokens.size >= 2);
});
