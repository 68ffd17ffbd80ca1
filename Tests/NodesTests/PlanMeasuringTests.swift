import Nodes
import Pipeline
import Testing

private func plan(_ nodes: [(String, String)], _ edges: [(String, String)]) throws -> Plan {
    func end(_ text: String) -> Graph.End {
        let parts = text.split(separator: ".")
        return .init(String(parts[0]), String(parts[1]))
    }
    let made = [("images", "import.folder"), ("gray", "convert.gray"), ("threshold", "segment.threshold"), ("objects", "regions.extract")]
    let fed = [("images.image", "gray.image"), ("gray.gray", "threshold.gray"), ("threshold.mask", "objects.mask")]
    return try Plan(
        Graph(nodes: (made + nodes).map { .init(name: $0.0, kind: $0.1) }, edges: (fed + edges).map { .init(from: end($0.0), to: end($0.1)) }), classes: AllNodes.classes)
}

@Test func `of a chain of filters the last is stored, under the name of what made the objects, with what was measured on the way`() throws {
    let plan = try plan(
        [("shape", "measure.shape"), ("large", "regions.filter"), ("levels", "measure.gray"), ("bright", "regions.filter"), ("color", "measure.color")],
        [
            ("objects.regions", "shape.regions"), ("objects.regions", "large.regions"), ("shape.measurements", "large.measurements"), ("large.regions", "levels.regions"),
            ("gray.gray", "levels.gray"), ("large.regions", "bright.regions"), ("levels.measurements", "bright.measurements"), ("shape.measurements", "bright.measurements"),
            ("bright.regions", "color.regions"), ("images.image", "color.image"),
        ])
    #expect(plan.regionEnds == [.init("bright", "regions")])
    #expect(plan.measurementEnds(of: .init("bright", "regions")).map(\.node) == ["shape", "levels", "color"])
    #expect(plan.storedNode(of: .init("bright", "regions")) == "objects")
    #expect(plan.padding(of: .init("bright", "regions")) == 10)
}

@Test func `branches that filter the same objects store their own`() throws {
    let plan = try plan([("large", "regions.filter"), ("small", "regions.filter")], [("objects.regions", "large.regions"), ("objects.regions", "small.regions")])
    #expect(plan.regionEnds == [.init("large", "regions"), .init("small", "regions")])
    #expect(plan.regionEnds.map(plan.storedNode) == ["large", "small"])
}

@Test func `without a filter everything is as it was`() throws {
    let plan = try plan([("shape", "measure.shape")], [("objects.regions", "shape.regions")])
    #expect(plan.regionEnds == [.init("objects", "regions")] && plan.storedNode(of: .init("objects", "regions")) == "objects")
}
