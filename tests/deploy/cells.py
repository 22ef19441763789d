#!/usr/bin/python3
"""cells - the files for several cells (deploy/swarm, deploy/kubernetes) name what is there: programs, ports, paths, secrets,
variables; their configurations pass `felucca check`; nothing that holds sockets is a volume that hosts share.

Usage: cells.py FELUCCA

Where they are installed, Docker's client (`docker stack config`) and kubernetes-validate read them, too.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FELUCCA = os.path.abspath(sys.argv[1])
PROGRAMS = os.path.dirname(FELUCCA)
WORKERS = {"sender": "sender", "sharer": "sharer"}  # which sees which tokens
STATE, SPOOL, SOCKETS = "/var/lib/felucca", "/var/lib/felucca/spool", "/run/felucca"
wrong = []


def expect(true, sentence):
    if not true:
        wrong.append(sentence)


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def processes():
    """The metrics port of each process and the sockets that it uses, from the table of processes."""
    rows = {}
    table = text_of("common/config/processes.h")
    for name, port, roles in re.findall(r'X\([A-Z]+, "([a-z]+)", [A-Z]+, (\d+), [A-Z]+,([^"]*)"', table):
        used = [role for role in ("hints", "work", "control") if f"PROCESS_{role.upper()}" in roles]
        rows[name] = (9400 + int(port), used)
    return rows


def check_configuration(what, config, secrets, environment):
    """secrets: paths that the containers see. The tokens of the configuration must be among them."""
    named = set(re.findall(r"\$\{file:([^}]*)\}", config))
    expect(named == set(secrets), f"{what}: the configuration names {sorted(named)}, there are {sorted(secrets)}")
    for variable in re.findall(r"\$\{env:([^}]*)\}", config):
        expect(variable in environment, f"{what}: no container has {variable}")
    with tempfile.TemporaryDirectory() as folder:
        for path in named:
            copy = folder + path
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            with open(copy, "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o400)) as file:
                file.write("exampleToken\n")
        state = os.path.join(folder, "state")
        os.mkdir(state)
        with open(os.path.join(folder, "felucca.yaml"), "w", encoding="utf-8") as file:
            file.write(f"state_dir: {state}\n" + config.replace("${file:/", "${file:" + folder + "/"))
        done = subprocess.run([FELUCCA, "check", "--offline", "--config", file.name], capture_output=True, text=True,
                              env={**os.environ, **{name: "n1" for name in environment}}, check=False)
        expect(done.returncode == 0, f"{what}: felucca check: {done.stdout}{done.stderr}")


def check_program(what, words):
    expect(os.access(os.path.join(PROGRAMS, words[0]), os.X_OK), f"{what}: there is no program {words[0]}")


# ---- Swarm ----


def swarm_mounts(service):
    """target: (source, read only); source None: memory of the container's own."""
    mounts = {}
    for volume in service["volumes"]:
        if isinstance(volume, str):
            source, target, *mode = volume.split(":")
            mounts[target] = (source, mode == ["ro"])
        else:
            mounts[volume["target"]] = (volume.get("source"), volume.get("read_only", False))
    return mounts


def check_service(what, service, rows):
    expect("tmpfs" not in service, f"{what}: Swarm ignores tmpfs: without a word")
    expect("mem_limit" not in service and "depends_on" not in service, f"{what}: Swarm refuses such a key")
    expect(service["read_only"] and service["cap_drop"] == ["ALL"], f"{what}: has more rights than it needs")
    expect(service["deploy"]["endpoint_mode"] == "dnsrr", f"{what}: has a virtual address")
    for port in service.get("ports", []):
        expect(port["mode"] == "host" and port["published"] == 11112, f"{what}: publishes {port}")
    words = service["healthcheck"]["test"][1:]
    expect(words[:2] == ["felucca", "health"] and set(words[2:]) <= set(rows), f"{what}: asks {words}")
    check_program(what, service["command"])


def check_roles(what, name, mounts, used):
    for role in ("hints", "work", "control"):
        target = f"{SOCKETS}/{role}"
        expect((target in mounts) == (role in used), f"{what}: the socket {role} of the {name}")
        if target in mounts:
            expect(mounts[target] == (role, name != "router"), f"{what}: {target} is {mounts[target]}")


def swarm_secrets(stack, name):
    return ["/run/secrets/" + secret["target"] for secret in stack["services"][name].get("secrets", [])]


def check_swarm_names(what, stack):
    for kind in ("configs", "secrets"):
        for name, entry in stack[kind].items():
            expect("CONFIG_VERSION" in entry["name"], f"{what}: {kind}: {name} cannot be replaced")
            used = [use for service in stack["services"].values() for use in service.get(kind, [])]
            expect(any(use["source"] == name for use in used), f"{what}: {kind}: nobody uses {name}")


def check_swarm_cell(rows):
    what = "deploy/swarm/cell.yml"
    stack = yaml.safe_load(text_of(what))
    secrets = []
    for name, service in stack["services"].items():
        mounts = swarm_mounts(service)
        check_service(f"{what}: {name}", service, rows)
        check_roles(what, name, mounts, rows[name][1])
        expect(service["command"] == [f"felucca-{name}"], f"{what}: {name} starts {service['command']}")
        expect(service["deploy"]["placement"]["constraints"] == ["node.labels.felucca_cell == ${CELL}"],
               f"{what}: {name} is not pinned")
        expect((STATE in mounts) == (name == "router"), f"{what}: {name} and the job database")
        for path in swarm_secrets(stack, name):
            expect(path.startswith(f"/run/secrets/{WORKERS.get(name)}/"), f"{what}: {name} sees {path}")
            secrets.append(path)
    expect(all(not volume for volume in stack["volumes"].values()), f"{what}: a volume is not a plain local one")
    check_swarm_names(what, stack)
    check_configuration(what, text_of("deploy/swarm/felucca.yaml"), secrets, stack["x-process"]["environment"])


def check_swarm_shared(rows):
    what = "deploy/swarm/shared.yml"
    stack = yaml.safe_load(text_of(what))
    cell = stack["services"]["cell"]
    expect(text_of(what).startswith("# WARNING"), f"{what}: does not begin with its warning")
    check_service(what, cell, rows)
    mounts = swarm_mounts(cell)
    sockets = cell["environment"]["FELUCCA_RUN_DIR"]
    memory = [target for target, (source, _) in mounts.items() if source is None and sockets.startswith(target + "/")]
    expect(mounts[STATE][0] == "state" and memory, f"{what}: sockets are on the volume: {sockets}, {mounts}")
    expect(not sockets.startswith(SOCKETS), f"{what}: memory at {SOCKETS} is root's alone")
    expect(cell["deploy"]["placement"]["max_replicas_per_node"] == 1, f"{what}: two cells may meet on a port")
    expect("{{.Task.Slot}}" in stack["volumes"]["state"]["name"], f"{what}: cells share a volume")
    check_swarm_names(what, stack)
    check_configuration(what, text_of("deploy/swarm/felucca.yaml"), swarm_secrets(stack, "cell"), cell["environment"])


def ask_docker():
    client = shutil.which("docker")
    if not client or "Usage:  docker stack config" not in subprocess.run(
            [client, "stack", "config", "--help"], capture_output=True, text=True, check=False).stdout:
        return "no client with `docker stack config`"
    for name in ("cell.yml", "shared.yml"):
        done = subprocess.run([client, "stack", "config", "-c", os.path.join(ROOT, "deploy/swarm", name)],
                              capture_output=True, text=True, env={**os.environ, "CELL": "n1"}, check=False)
        expect(done.returncode == 0 and not done.stderr, f"deploy/swarm/{name}: docker: {done.stderr}")
    return "read them"


# ---- Kubernetes ----

KUBERNETES = "deploy/kubernetes/cells.yaml"


def check_container(container, rows):
    name = container["name"]
    what = f"{KUBERNETES}: {name}"
    port, _ = rows[name]
    check_program(what, container["command"])
    expect(container["command"] == [f"felucca-{name}"], f"{what} starts {container['command']}")
    for probe, paths in (("readinessProbe", ("/readyz", "/readyz/cell")), ("livenessProbe", ("/healthz",))):
        if probe in container:
            got = container[probe]["httpGet"]
            expect(got["port"] == port and got["path"] in paths, f"{what}: {probe}: {got}")
    expect("livenessProbe" in container, f"{what}: is never started again")
    ports = {entry["containerPort"] for entry in container["ports"]}
    expect(ports == {port} | ({11112} if name == "receiver" else set()), f"{what}: ports {ports}")
    locked = container["securityContext"]
    expect(locked == {"readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False,
                      "capabilities": {"drop": ["ALL"]}}, f"{what}: has more rights than it needs")
    return {mount["mountPath"]: mount for mount in container["volumeMounts"]}


def check_pod_mounts(name, mounts):
    what = f"{KUBERNETES}: {name}"
    expect(mounts[SOCKETS]["name"] == "run", f"{what}: the sockets are not in memory")
    expect((STATE in mounts) == (name == "router"), f"{what}: the job database")
    expect(mounts.get(SPOOL, {}).get("readOnly", False) == (name == "sender"), f"{what}: the spool")
    tokens = [path for path in mounts if path.startswith("/run/secrets")]
    expect(tokens == ([f"/run/secrets/{WORKERS[name]}"] if name in WORKERS else []), f"{what}: sees {tokens}")


def kubernetes_secrets():
    """What the commands in the first lines of the file make: Secret felucca-sender is mounted at /run/secrets/sender."""
    made = re.findall(r"create secret generic felucca-(\w+)((?: --from-file=\w+)+)", text_of(KUBERNETES))
    return [f"/run/secrets/{folder}/{key}" for folder, keys in made for key in re.findall(r"=(\w+)", keys)]


def check_kubernetes(rows):
    parts = {part["kind"]: part for part in yaml.safe_load_all(text_of(KUBERNETES))}
    expect(set(parts) == {"ConfigMap", "Service", "PodDisruptionBudget", "StatefulSet"}, f"{KUBERNETES}: {set(parts)}")
    cells = parts["StatefulSet"]["spec"]
    pod = cells["template"]["spec"]
    expect(cells["minReadySeconds"] >= 10, f"{KUBERNETES}: no time for a front door between two pods")
    labels = cells["template"]["metadata"]["labels"]
    for selector in (cells["selector"]["matchLabels"], parts["Service"]["spec"]["selector"],
                     parts["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]):
        expect(selector.items() <= labels.items(), f"{KUBERNETES}: {selector} selects no cell")
    expect(parts["Service"]["metadata"]["name"] == cells["serviceName"], f"{KUBERNETES}: serviceName")
    volumes = {volume["name"] for volume in pod["volumes"]} | {
        claim["metadata"]["name"] for claim in cells["volumeClaimTemplates"]}
    for container in pod["containers"]:
        mounts = check_container(container, rows)
        check_pod_mounts(container["name"], mounts)
        expect({mount["name"] for mount in mounts.values()} <= volumes, f"{KUBERNETES}: a volume that is not there")
        expect([one["name"] for one in container["env"]] == ["FELUCCA_CELL"], f"{KUBERNETES}: {container['env']}")
    receiver = pod["containers"][0]
    expect(receiver["readinessProbe"]["httpGet"]["path"] == "/readyz/cell",
           f"{KUBERNETES}: a cell that cannot deliver looks ready")
    for volume in pod["volumes"]:
        expect(volume["name"] != "run" or volume["emptyDir"]["medium"] == "Memory", f"{KUBERNETES}: {volume}")
        name = volume.get("secret", {}).get("secretName", f"felucca-{volume['name']}")
        expect(name == f"felucca-{volume['name']}", f"{KUBERNETES}: {volume}")
    check_configuration(KUBERNETES, parts["ConfigMap"]["data"]["felucca.yaml"], kubernetes_secrets(), ["FELUCCA_CELL"])


def ask_kubernetes():
    validate = shutil.which("kubernetes-validate")
    if not validate:
        return "no kubernetes-validate"
    done = subprocess.run([validate, "--strict", "-k", "1.32", os.path.join(ROOT, KUBERNETES)], capture_output=True,
                          text=True, check=False)
    expect(done.returncode == 0, f"{KUBERNETES}: {done.stdout}{done.stderr}")
    return "read it"


def main():
    rows = processes()
    expect(rows.get("receiver") == (9400, ["hints"]) and rows.get("sharer") == (9403, ["work"]),
           f"the table of processes was not understood: {rows}")
    check_swarm_cell(rows)
    check_swarm_shared(rows)
    check_kubernetes(rows)
    print(f"Docker: {ask_docker()}; Kubernetes: {ask_kubernetes()}")
    for sentence in wrong:
        print(sentence)
    return 1 if wrong else 0


sys.exit(main())
