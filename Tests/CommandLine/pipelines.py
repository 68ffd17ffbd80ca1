"""Pipeline files that are not what they seem: unknown and repeated members, lists for objects, numbers that are none, YAML that blows up. Used by run.py."""
import copy, json, time


def run(ship, WORK, check):
    folder = WORK / "pipelines"
    (folder / "images").mkdir(parents=True)
    base = json.loads(ship("pipeline").stdout)
    yaml = ship("pipeline", "--yaml").stdout

    def refused(text, what, *words, name="wrong.json"):
        (folder / name).write_text(text)
        start = time.monotonic()
        result = ship("run", folder / name, "--input", folder / "images", "--output", folder / "never")
        seconds = time.monotonic() - start
        check(
            result.returncode == 1 and all(word in result.stderr for word in words) and len(result.stderr.strip().splitlines()) == 1 and not (folder / "never").exists(),
            f"{what} is refused in one sentence", f"{result.returncode} {result.stderr[:400]}")
        return seconds

    def changed(change):
        graph = copy.deepcopy(base)
        change(graph)
        return json.dumps(graph)

    refused(changed(lambda g: g["nodes"][0].update(confg={"level": 3})), "an unknown member of a node", '"nodes[0].confg" is not known; a node has name, kind and config')
    refused(changed(lambda g: g["edges"][1].update(too="a.b")), "an unknown member of an edge", '"edges[1].too" is not known; an edge has from and to')
    refused(changed(lambda g: g.update(node=[], note="x")), "an unknown member of the whole", '"node" is not known; a pipeline has nodes and edges', '"note"')
    refused(yaml.replace("config:", "confg:", 1), "an unknown member of a node in YAML", '"nodes[0].confg" is not known', name="wrong.yaml")
    refused(yaml + "extra: 1\n", "an unknown member of the whole in YAML", '"extra" is not known', name="wrong.yaml")
    refused(changed(lambda g: g.update(provenance=1)), "half a provenance file", '"provenance" is not known')
    refused('{"nodes": [], ' + json.dumps(base)[1:], "JSON that says a member twice", '"nodes" stands there twice')
    twice = '{"nodes": [{"name": "a", "kind": "convert.gray",\n"config": {"x": 1, "x": 2}}], "edges": []}'
    refused(twice, "JSON that says a parameter twice", "line 2", '"nodes[0].config.x" stands there twice')
    refused(changed(lambda g: g["nodes"][2].update(config=[])), "a list of parameters", '"nodes[2].config" must be an object')
    refused(changed(lambda g: g.update(nodes={})), "an object of nodes", '"nodes" must be a list')
    refused("[]", "a list in place of a pipeline", "it must be an object")
    refused(changed(lambda g: g["nodes"][1].pop("name")), "a node without a name", '"nodes[1].name" is missing')
    for number in ("NaN", "-Infinity", ".nan", "-.inf", "1e400"):
        text = changed(lambda g: g["nodes"][0]["config"].update(pixelSizeUm="@")).replace('"@"', number)
        refused(text, f"{number} in JSON", "nodes[0].config.pixelSizeUm must be a finite number")
    for number in (".nan", "-.inf", "+.INF", "1e400"):
        text = f"nodes:\n- name: images\n  kind: import.folder\n  config:\n    pixelSizeUm: {number}\nedges: []\n"
        refused(text, f"{number} in YAML", "line 5", "nodes[0].config.pixelSizeUm must be a finite number", name="wrong.yaml")

    # Nested aliases: of lists, of mappings, as keys, and with names given anew.
    def bomb(first, later, last=""):
        return f"- &a0 {first}\n" + "".join(f"- &a{level} {later(level - 1)}\n" for level in range(1, 10)) + last

    lists = bomb("[" + ",".join("x" * 9) + "]", lambda below: "[" + ",".join([f"*a{below}"] * 9) + "]")
    mappings = bomb("{x: 1, y: 2}", lambda below: "{" + ", ".join(f"k{n}: *a{below}" for n in range(9)) + "}")
    keys = bomb("[x, x, x]", lambda below: "[" + ",".join([f"*a{below}"] * 9) + "]", "- {? *a9 : 1, ? *a8 : 2}\n")
    same = "- &a [x, x]\n" + "- &a [*a, *a, *a, *a]\n" * 14 + "- {? *a : 1}\n"
    long = "- &a [" + ", ".join(["1.5e3"] * 20_000) + "]\n- [" + ", ".join(["*a"] * 12) + "]\n"
    for what, text in (("lists", lists), ("mappings", mappings), ("keys", keys), ("one name", same), ("long lists", long)):
        seconds = refused(text, f"a pile of aliases of {what}", "once its aliases are resolved", name="bomb.yaml")
        check(seconds < 5, f"and at once: {what}", f"{seconds:.1f} s")  # 0.1 s where nothing else runs.
    shared = "nodes:\n- {name: images, kind: import.folder, config: &none {}}\n- {name: gray, kind: convert.gray, config: *none}\nedges:\n- {from: images.image, to: gray.image}\n"
    (folder / "shared.yaml").write_text(shared)
    result = ship("run", folder / "shared.yaml", "--input", folder / "nowhere", "--output", folder / "never")
    check("nowhere is not a folder" in result.stderr, "a pipeline with an honest alias is read", result.stderr)
