import Pipeline
import Raster
import Testing

private struct Source: Node {
    static let kind = "test.source"
    static let title = "Source"
    static let help = ""
    static let arity = Arity.source
    static let image = Slot<AnyImage>("image", help: "")
    static let inputs: [SlotSchema] = []
    static let outputs = [image.schema]
    static let parameters: [Parameter<Self>] = []
    func run(_ values: inout SlotValues, context: NodeContext) throws {}
}

private struct ToGray: Node {
    static let kind = "test.gray"
    static let title = "Gray"
    static let help = ""
    static let image = Slot<AnyImage>("image", help: "")
    static let gray = Slot<GrayImage>("gray", help: "")
    static let inputs = [image.schema]
    static let outputs = [gray.schema]
    static let parameters: [Parameter<Self>] = []
    func run(_ values: inout SlotValues, context: NodeContext) throws {
        guard case .gray8(let image) = values[Self.image] else { throw RunCancelled() }
        values[Self.gray] = .bits8(image)
    }
}

/// Keeps gray gray and colour colour.
private struct Same: Node {
    static let kind = "test.same"
    static let title = "Same"
    static let help = ""
    static let image = Slot<AnyImage>("image", help: "")
    static let result = Slot<AnyImage>("result", sameAs: "image", help: "")
    static let inputs = [image.schema]
    static let outputs = [result.schema]
    static let parameters: [Parameter<Self>] = [.integer(\.amount, "amount", label: "Amount", range: 0...9, help: "")]
    var amount = 1
    func run(_ values: inout SlotValues, context: NodeContext) throws { values["result"] = values["image"] }
}

private struct Needs: Node {
    static let kind = "test.needsGray"
    static let title = "Needs gray"
    static let help = ""
    static let gray = Slot<GrayImage>("gray", help: "")
    static let table = Slot<MeasurementTable>("table", help: "")
    static let inputs = [gray.schema]
    static let outputs = [table.schema]
    static let parameters: [Parameter<Self>] = []
    func run(_ values: inout SlotValues, context: NodeContext) throws {
        values[Self.table] = MeasurementTable(
            columns: [MeasurementColumn(name: "width", unit: "px", title: "", definition: "", source: "")],
            rows: [[Double(values[Self.gray].width)]])
    }
}

private let classes = [NodeClass(Source.self), NodeClass(ToGray.self), NodeClass(Same.self), NodeClass(Needs.self)]
private func edge(_ from: (String, String), _ to: (String, String)) -> Graph.Edge {
    Graph.Edge(from: .init(from.0, from.1), to: .init(to.0, to.1))
}

private func chain() -> Graph {
    Graph(
        nodes: [
            .init(name: "end", kind: "test.needsGray"), .init(name: "same", kind: "test.same"), .init(name: "gray", kind: "test.gray"),
            .init(name: "in", kind: "test.source"),
        ],
        edges: [
            edge(("in", "image"), ("gray", "image")), edge(("gray", "gray"), ("same", "image")), edge(("same", "result"), ("end", "gray")),
        ])
}

private func problems(_ change: (inout Graph) -> Void) -> [String] {
    var graph = chain()
    change(&graph)
    do throws(GraphError) {
        _ = try Plan(graph, classes: classes)
        return []
    } catch { return error.problems }
}

@Test func `steps follow what they depend on, whatever the order of the file`() throws {
    #expect(try Plan(chain(), classes: classes).steps.map(\.name) == ["in", "gray", "same", "end"])
}

@Test func `a value flows from the source to the end, and a gray image stays gray on its way through an image slot`() throws {
    let plan = try Plan(chain(), classes: classes)
    let image = AnyImage.gray8(Image(width: 7, height: 3, repeating: 9))
    let values = try plan.run(context: NodeContext(source: .init(uid: "u", name: "n")), given: [.init("in", "image"): image])
    #expect((values[.init("end", "table")] as? MeasurementTable)?.rows == [[7]])
}

@Test func `only what a wanted value depends on is computed`() throws {
    let plan = try Plan(chain(), classes: classes)
    var ran: [String] = []
    let image = AnyImage.gray8(Image(width: 7, height: 3, repeating: 9))
    _ = try plan.run(
        context: NodeContext(source: .init(uid: "u", name: "n")), given: [.init("in", "image"): image], wanted: [.init("gray", "gray")],
        progress: { name, _ in ran.append(name) })
    #expect(ran == ["gray"])
    ran = []
    _ = try plan.run(
        context: NodeContext(source: .init(uid: "u", name: "n")),
        given: [.init("same", "result"): GrayImage.bits8(Image(width: 2, height: 2, repeating: 0))], wanted: [.init("end", "table")],
        progress: { name, _ in ran.append(name) })
    #expect(ran == ["end"])
}

@Test func `a cancelled run stops before the next step`() throws {
    let plan = try Plan(chain(), classes: classes)
    let image = AnyImage.gray8(Image(width: 7, height: 3, repeating: 9))
    #expect(throws: RunCancelled.self) {
        try plan.run(context: NodeContext(source: .init(uid: "u", name: "n"), isCancelled: { true }), given: [.init("in", "image"): image])
    }
}

@Test func `an edge between types that do not fit names both ends`() {
    #expect(
        problems { $0.edges[1] = edge(("in", "image"), ("same", "image")) }
            == ["edge same.result → end.gray: image comes out, gray must go in"])
}

@Test func `a circle is refused with the nodes in it`() {
    let found = problems { graph in
        graph.nodes.append(.init(name: "more", kind: "test.same"))
        graph.edges[1] = edge(("more", "result"), ("same", "image"))
        graph.edges.append(edge(("same", "result"), ("more", "image")))
    }
    #expect(found.count == 1 && found[0].contains("circle") && found[0].contains("more"))
}

@Test func `unknown kinds, slots, nodes and parameters are named with what is known`() {
    #expect(problems { $0.nodes[1].kind = "nonsense" }.first?.contains("unknown kind \"nonsense\"") == true)
    #expect(problems { $0.nodes[1].config["strength"] = 3 } == ["node \"same\": strength is not a parameter of test.same; it knows amount"])
    #expect(problems { $0.nodes[1].config["amount"] = 10 } == ["node \"same\": amount is 10 but must be a whole number from 0 to 9"])
    #expect(problems { $0.nodes[1].config["amount"] = "x" }.first?.contains("amount is \"x\"") == true)
    #expect(problems { $0.edges[0].from.slot = "nothing" }.first?.contains("has no output \"nothing\", only image") == true)
    #expect(problems { $0.edges[0].from.node = "ghost" }.first?.contains("there is no node \"ghost\"") == true)
    #expect(problems { $0.nodes[1].name = "../x" }.first?.contains("must be 1 to 60 of") == true)
    #expect(problems { $0.nodes.append($0.nodes[1]) }.first?.contains("two nodes are named") == true)
}

@Test func `an input without an edge and an input with two are refused`() {
    #expect(problems { $0.edges.removeLast() } == ["input end.gray (gray) of test.needsGray is not connected"])
    #expect(problems { $0.edges.append(edge(("gray", "gray"), ("end", "gray"))) }.first?.contains("fed twice") == true)
}
